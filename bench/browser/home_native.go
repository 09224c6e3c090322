//go:build !js

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// home is a browser that can be measured, and how it is.
type home struct {
	name, title string
	own         string // whose processes the contestants have: one browser's, or each another's
	start       func(context.Context, *server) (browser, error)
	// devTools says that the browser is driven over the DevTools protocol,
	// which shows the CPU time of the page's thread, and the heap. Elsewhere
	// this library is judged by messages per second.
	devTools bool

	// What is measured unless the flags name something else.
	contestants string // separated by commas, "" for all
	largest     int    // bytes of a message
	rounds      int
	duration    time.Duration // traffic of one contestant in one round
}

// rateTarget is how many times as long as JavaScript this library may take for
// a message, where messages per second are what can be measured.
const rateTarget = 1.3

// Where the page's clock, performance.now, ticks once a millisecond, a round
// takes longer.
var homes = []home{
	{name: "chromium", title: "Chromium", start: startChrome, devTools: true, own: "one headless Chrome",
		largest: 1 << 20, rounds: 5, duration: 100 * time.Millisecond},
	{name: "firefox", title: "Firefox", start: visiting("firefox"), own: "a headless Firefox of its own",
		contestants: ours, largest: 64 << 10, rounds: 9, duration: 250 * time.Millisecond},
	{name: "webkit", title: "WebKitGTK", start: visiting("webkit"), own: "a MiniBrowser of its own",
		contestants: ours, largest: 64 << 10, rounds: 9, duration: 250 * time.Millisecond},
}

// selectHomes returns the homes that are named, in their own order.
func selectHomes(names string) (chosen []home, err error) {
	list := strings.Split(names, ",")
	for _, name := range list {
		if !slices.ContainsFunc(homes, func(h home) bool { return h.name == name }) {
			return nil, fmt.Errorf("no browser %q: there are chromium, firefox and webkit", name)
		}
	}
	for _, h := range homes {
		if slices.Contains(list, h.name) {
			chosen = append(chosen, h)
		}
	}
	return chosen, nil
}

// factor is what a contestant's message costs there, as a multiple of
// JavaScript's.
func (h home) factor(r row, name string) float64 {
	if h.devTools {
		return r.ratio(name)
	}
	return r.slower(name)
}

// target returns the most that factor may be for this library, NaN where
// nothing is asked for.
func (h home) target(t traffic) float64 {
	if h.devTools {
		return t.target()
	}
	return rateTarget
}

// visiting returns what starts a visited browser: nothing, until a tab is
// opened.
func visiting(name string) func(context.Context, *server) (browser, error) {
	return func(ctx context.Context, s *server) (browser, error) {
		path, err := s.launcher(ctx)
		return &visited{ctx: ctx, launcher: path, name: name, server: s}, err
	}
}

// defaults returns o with what the home has where o has nothing.
func (h home) defaults(o options) options {
	if o.rounds == 0 {
		o.rounds = h.rounds
	}
	if o.duration == 0 {
		o.duration = h.duration
	}
	if o.who == "" {
		o.who = h.contestants
	}
	return o
}

// cases returns those of the cases that are measured here unless they were
// asked for by name.
func (h home) cases(all []traffic) []traffic {
	return slices.DeleteFunc(slices.Clone(all), func(t traffic) bool { return t.size > h.largest })
}
