package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/contestant"
	"github.com/twinws/ws/bench/internal/load"
)

// runner runs the modes and collects the results.
type runner struct {
	options
	names   []string // contestants
	builds  *builds
	results Results
	begun   time.Time
	load    float64 // before the run
}

func run(ctx context.Context, o options) error {
	files, err := child.RaiseFiles(child.Files)
	if err != nil {
		return err
	}
	r := &runner{options: o, begun: time.Now(), load: busy()}
	if r.names, err = choose(o.only); err != nil {
		return err
	}
	if r.builds, err = newBuilds(); err != nil {
		return err
	}
	defer r.builds.remove()
	cells, err := plan(o)
	if err != nil {
		return err
	}
	for i, c := range cells {
		// The last third of the time is for idle.
		if err := r.interleave(ctx, c, float64(i+1)/float64(len(cells))*2/3); err != nil {
			return err
		}
	}
	modes := list(o.modes)
	if len(modes) == 0 || slices.Contains(modes, modeIdle) {
		if err := r.idle(ctx, int(files)); err != nil {
			return err
		}
	}
	if slices.Contains(modes, modeMillion) {
		if err := r.hold(ctx); err != nil {
			return err
		}
	}
	return r.finish()
}

// choose returns the contestants that a flag names.
func choose(only string) (names []string, err error) {
	for _, name := range list(only) {
		if contestant.Find(name) == nil {
			return nil, fmt.Errorf("no contestant is called %q", name)
		}
		names = append(names, name)
	}
	if names == nil {
		for _, c := range contestant.All {
			names = append(names, c.Name)
		}
	}
	return names, nil
}

// turn is a contestant in a cell.
type turn struct {
	*Result
	p *child.Process
	s load.Session
}

func (t *turn) fail(err error) {
	if t.Err == "" {
		t.Err = err.Error()
	}
}

func (t *turn) stop() {
	if t.s != nil {
		t.s.Close()
	}
	if t.p != nil {
		t.p.Stop()
	}
}

// leastRounds are run however late it is.
const leastRounds = 3

// late reports whether a part of the time for the whole run is over.
func (r *runner) late(part float64) bool {
	return r.within > 0 && time.Since(r.begun) > time.Duration(part*float64(r.within))
}

// interleave runs a cell, with fewer rounds once a part of the time is over. A
// contestant that fails leaves it.
func (r *runner) interleave(ctx context.Context, c cell, part float64) error {
	var turns []*turn
	defer func() {
		for _, t := range turns {
			t.stop()
		}
	}()
	for _, name := range r.names {
		if !c.fits(contestant.Find(name)) {
			continue
		}
		t := &turn{Result: &Result{Mode: c.mode, Case: c.name, X: c.x, Contestant: name}}
		turns = append(turns, t)
		r.results = append(r.results, t.Result)
		if err := r.begin(ctx, c, t); err != nil {
			t.fail(err)
		}
	}
	for round := range r.rounds {
		if round >= leastRounds && r.late(part) {
			break
		}
		for i := range turns {
			t := turns[(i+round)%len(turns)]
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if t.Err == "" {
				r.slice(t)
			}
		}
	}
	for _, t := range turns {
		if c.held != nil && t.Err == "" {
			var err error
			if t.Held, err = c.held(t.p); err != nil {
				t.fail(err)
			}
		}
	}
	r.tell(c.mode, c.name)
	return nil
}

// begin starts a contestant and warms it up.
func (r *runner) begin(ctx context.Context, c cell, t *turn) (err error) {
	if t.p, err = r.builds.start(ctx, t.Contestant, c.setup); err != nil {
		return err
	}
	defer t.p.Guard()()
	if t.s, err = c.open(t.p); err != nil {
		t.s = nil
		return err
	}
	_, err = t.s.Slice(warmUp(r.options.slice))
	return err
}

// slice measures a contestant once.
func (r *runner) slice(t *turn) {
	spent, err := load.Measure(t.p, t.s, r.options.slice)
	if err != nil {
		t.fail(err)
		return
	}
	t.CPU = append(t.CPU, spent.PerOp())
	t.Mallocs = append(t.Mallocs, float64(spent.Mallocs)/float64(spent.Ops))
	if spent.Wire > 0 {
		t.Wire = append(t.Wire, float64(spent.Wire)/float64(spent.Ops))
	}
}

// errFailed ends a run in which a contestant failed.
var errFailed = errors.New("not every contestant came through")

// failed returns an error when a contestant failed.
func (rs Results) failed() error {
	if slices.ContainsFunc(rs, func(r *Result) bool { return r.Err != "" }) {
		return errFailed
	}
	return nil
}
