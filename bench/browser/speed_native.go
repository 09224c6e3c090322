//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/twinws/ws/bench/report"
)

// settling is how long a contestant runs before its first round in a case.
const settling = 40 * time.Millisecond

// bench is what measurements need.
type bench struct {
	home    home
	names   []contestant
	server  *server
	browser browser
	clocks  []string // what the clocks were that have been used, by place
}

func newBench(ctx context.Context, h home, names []contestant) (*bench, error) {
	s, err := newServer(ctx, names)
	if err != nil {
		return nil, err
	}
	b, err := h.start(ctx, s)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return &bench{home: h, names: names, server: s, browser: b}, nil
}

// close ends the browser and the server. What it cannot clean up it says.
func (b *bench) close() {
	if err := errors.Join(b.browser.close(), b.server.close()); err != nil {
		fmt.Fprintln(os.Stderr, "browser: cleaning up:", err)
	}
}

// cost is what one contestant needed in one round.
type cost struct {
	cpu  float64 // microseconds of CPU time per message
	rate float64 // messages per second
}

// row is one case as measured: the costs of each contestant, by rounds.
type row struct {
	traffic
	costs map[string][]cost
}

// column returns one figure of a contestant for all rounds.
func (r row) column(name string, figure func(cost) float64) (values []float64) {
	for _, c := range r.costs[name] {
		values = append(values, figure(c))
	}
	return values
}

func cpuOf(c cost) float64  { return c.cpu }
func rateOf(c cost) float64 { return c.rate }

// cpu is the median of a contestant's microseconds per message.
func (r row) cpu(name string) float64 { return report.Median(r.column(name, cpuOf)) }

// rate is the median of a contestant's messages per second.
func (r row) rate(name string) float64 { return report.Median(r.column(name, rateOf)) }

// ratio is the median of a contestant's CPU time over JavaScript's in the same
// round.
func (r row) ratio(name string) float64 {
	return report.MedianRatio(r.column(name, cpuOf), r.column(javaScript, cpuOf))
}

// slower is the median of how many times as long a contestant takes for a
// message as JavaScript in the same round: JavaScript's messages per second
// over its own.
func (r row) slower(name string) float64 {
	return report.MedianRatio(r.column(javaScript, rateOf), r.column(name, rateOf))
}

// speed measures the cases.
func (b *bench) speed(cases []traffic, o options) (rows []row, err error) {
	var tabs []*tab // of the place of the case, in the order of the contestants
	defer func() { closeAll(tabs) }()
	for i, c := range cases {
		if i == 0 || c.place != cases[i-1].place {
			closeAll(tabs)
			if tabs, err = b.openAll(c.place, o.warmUp); err != nil {
				return nil, err
			}
		}
		r, err := b.measure(tabs, c, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c, err)
		}
		b.progress(r)
		rows = append(rows, r)
	}
	return rows, nil
}

// openAll opens a tab for each contestant and lets it run for a while.
func (b *bench) openAll(p place, warmUp time.Duration) (tabs []*tab, err error) {
	for _, name := range b.names {
		t, err := b.browser.open(name.name, p)
		if err != nil {
			closeAll(tabs)
			return nil, fmt.Errorf("%s: %w", name.name, err)
		}
		tabs = append(tabs, t)
		for _, text := range []bool{false, true} {
			w := traffic{p, text, 16, 64}
			if err := errors.Join(b.connect(t, "/echo", w), t.exchange(warmUp/2, nil), t.call(nil, "close")); err != nil {
				closeAll(tabs)
				return nil, fmt.Errorf("%s: %w", name.name, err)
			}
		}
	}
	b.clocks = append(b.clocks, fmt.Sprintf("CPU time in a %s: %s", p, tabs[0].clock.what()))
	return tabs, nil
}

func closeAll(tabs []*tab) {
	for _, t := range tabs {
		t.close()
	}
}

// connect opens the contestant's connection.
func (b *bench) connect(t *tab, path string, c traffic) error {
	return t.call(nil, "open", "ws"+b.server.URL[len("http"):]+path,
		map[string]any{"text": c.text, "size": c.size, "flight": c.flight})
}

// measure runs the rounds of one case. The contestants take turns; who begins
// changes from round to round.
func (b *bench) measure(tabs []*tab, c traffic, o options) (row, error) {
	r := row{c, map[string][]cost{}}
	for _, t := range tabs {
		if err := errors.Join(b.connect(t, "/echo", c), t.exchange(settling, nil)); err != nil {
			return r, err
		}
	}
	for round := range o.rounds {
		for i := range tabs {
			i = (i + round) % len(tabs)
			var got cost
			if err := tabs[i].exchange(o.duration, &got); err != nil {
				return r, fmt.Errorf("%s: %w", b.names[i].name, err)
			}
			name := b.names[i].name
			r.costs[name] = append(r.costs[name], got)
		}
	}
	for _, t := range tabs {
		if err := t.call(nil, "close"); err != nil {
			return r, err
		}
	}
	return r, nil
}

// exchange has messages exchanged for a while, and puts what they cost into c
// unless that is nil.
func (t *tab) exchange(d time.Duration, c *cost) error {
	var done struct {
		Messages int     `json:"messages"`
		MS       float64 `json:"ms"`
	}
	begin, err := t.clock.read()
	if err != nil {
		return err
	}
	if err := t.call(&done, "run", d.Milliseconds()); err != nil {
		return err
	}
	end, err := t.clock.read()
	if err != nil {
		return err
	}
	if done.Messages == 0 {
		return errors.New("no message came back")
	}
	if c != nil {
		c.cpu = float64(end-begin) / float64(time.Microsecond) / float64(done.Messages)
		c.rate = float64(done.Messages) / done.MS * 1000
	}
	return nil
}

// progress prints a case as soon as it is measured.
func (b *bench) progress(r row) {
	fmt.Fprintf(os.Stderr, "%-22s", r.traffic)
	for _, c := range b.names {
		if b.home.devTools {
			fmt.Fprintf(os.Stderr, "  %s %s us", c.name, report.Number(r.cpu(c.name)))
		} else {
			fmt.Fprintf(os.Stderr, "  %s %.0f/s", c.name, r.rate(c.name))
		}
		if c.name != javaScript {
			fmt.Fprintf(os.Stderr, " (%s)", report.Factor(b.home.factor(r, c.name)))
		}
	}
	fmt.Fprintln(os.Stderr)
}

// about says what was measured with what.
func (b *bench) about(o options) []string {
	lines := []string{fmt.Sprintf("%s, %s, %s/%s, %d cores",
		b.browser.about(), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())}
	if b.clocks != nil {
		lines = append(lines, fmt.Sprintf("%d rounds of %v, in which the contestants take turns; medians", o.rounds, o.duration))
	}
	return append(lines, b.clocks...)
}
