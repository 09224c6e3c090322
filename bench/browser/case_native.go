//go:build !js

package main

import (
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// contestant is one of the programs that are compared.
type contestant struct{ name, title string }

// The contestants' names. The first is what the others are compared with.
const (
	javaScript = "javascript"
	naive      = "naive"
	coder      = "coder"
	ours       = "ws"
)

var contestants = []contestant{
	{javaScript, "JavaScript"},
	{naive, "syscall/js"},
	{coder, "coder/websocket"},
	{ours, "this library"},
}

// selectContestants returns the contestants that are named, and JavaScript.
func selectContestants(names string) ([]contestant, error) {
	if names == "" {
		return contestants, nil
	}
	chosen := contestants[:1:1]
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(contestants, func(c contestant) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no contestant %q: there are %v", name, contestants)
		}
		if i > 0 {
			chosen = append(chosen, contestants[i])
		}
	}
	return chosen, nil
}

// place is where a contestant runs.
type place string

const (
	inWindow place = "window"
	inWorker place = "worker"
)

// traffic is what is exchanged.
type traffic struct {
	place  place
	text   bool
	size   int // bytes of a message
	flight int // messages on their way at once: 1 is ping-pong
}

// data says what the messages are.
func (t traffic) data() string {
	if t.text {
		return "text"
	}
	return "binary"
}

func (t traffic) String() string {
	return fmt.Sprintf("%s/%s/%d/%d", t.place, t.data(), t.size, t.flight)
}

// mode names the number of messages in flight.
func (t traffic) mode() string {
	if t.flight == 1 {
		return "ping-pong"
	}
	return strconv.Itoa(t.flight) + " in flight"
}

// target returns how many times JavaScript's CPU time a message of this library
// may cost, NaN when it only has to be ahead of coder/websocket.
func (t traffic) target() float64 {
	switch {
	case t.flight == 1:
		return 2.3
	case t.size <= 1<<10:
		return 1.7
	case t.size == 64<<10:
		return 1.6
	}
	return math.NaN()
}

// allCases returns the cases in the order of the tables.
func allCases() (cases []traffic) {
	for _, p := range []place{inWindow, inWorker} {
		for _, text := range []bool{false, true} {
			for _, size := range []int{16, 1 << 10, 64 << 10, 1 << 20} {
				for _, flight := range []int{1, 64} {
					cases = append(cases, traffic{p, text, size, flight})
				}
			}
		}
	}
	return cases
}

// selectCases returns the cases that match one of the patterns, all for "".
func selectCases(patterns string) (chosen []traffic, err error) {
	for _, c := range allCases() {
		matched := patterns == ""
		for pattern := range strings.SplitSeq(patterns, ",") {
			ok, err := path.Match(pattern, c.String())
			if err != nil {
				return nil, fmt.Errorf("%q: %w", pattern, err)
			}
			matched = matched || ok
		}
		if matched {
			chosen = append(chosen, c)
		}
	}
	if chosen == nil {
		return nil, fmt.Errorf("no case matches %q: they look like %s", patterns, allCases()[0])
	}
	return chosen, nil
}
