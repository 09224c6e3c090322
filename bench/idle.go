package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/contestant"
	"github.com/twinws/ws/bench/internal/load"
	"github.com/twinws/ws/bench/internal/million"
)

const (
	idleSize = 128 // bytes of the message that each connection exchanges
	// idleWarm connections come and go before the empty server is measured.
	idleWarm = 64
	// idlePasses is how often the CPU time of a message is measured.
	idlePasses = 3
	// ownFiles is how many files other than connections a process has open.
	ownFiles = 64
)

// idle measures what connections hold while they wait, and what a message costs
// among them.
func (r *runner) idle(ctx context.Context, files int) error {
	levels, err := numbers(r.levels)
	if err != nil {
		return err
	}
	for _, n := range levels {
		if n+ownFiles > files {
			return fmt.Errorf("%d connections need as many open files; the limit is %d (ulimit -n, or -levels)", n, files)
		}
	}
	for _, name := range r.names {
		if !distinct(contestant.Find(name)) {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.idleOf(ctx, name, levels); err != nil {
			r.results = append(r.results, &Result{Mode: modeIdle, Case: connsName(levels[len(levels)-1]), Contestant: name, Err: err.Error()})
		}
	}
	for _, n := range levels {
		r.tell(modeIdle, connsName(n))
	}
	return nil
}

func (r *runner) idleOf(ctx context.Context, name string, levels []int) error {
	p, err := r.builds.start(ctx, name, contestant.Setup{Idle: true})
	if err != nil {
		return err
	}
	defer p.Stop()
	warm := load.NewCrowd(p.Addr, idleSize)
	err = warm.Grow(idleWarm)
	if err == nil {
		_, err = warm.Talk()
	}
	warm.Close()
	if err != nil {
		return err
	}
	empty, err := rest(p)
	if err != nil {
		return err
	}
	crowd := load.NewCrowd(p.Addr, idleSize)
	defer crowd.Close()
	for _, n := range levels {
		done := p.Guard()
		if err := crowd.Grow(n); err != nil {
			return err
		}
		done()
		res := &Result{Mode: modeIdle, Case: connsName(n), X: n, Contestant: name}
		for pass := range idlePasses {
			if pass > 0 && r.late(1) {
				break
			}
			if err := res.pass(p, crowd, r.options.slice); err != nil {
				return err
			}
		}
		full, err := rest(p)
		if err != nil {
			return err
		}
		res.Held = float64(full.RSS-empty.RSS) / float64(n)
		r.results = append(r.results, res)
	}
	return nil
}

// rest lets the server settle until what it holds changes no more: connections
// that ended may not be gone yet, and pools give up their content in steps.
func rest(p *child.Process) (u child.Usage, err error) {
	const most, same = 8, 16 << 10
	defer p.Guard()()
	for range most {
		last := u.Live
		if u, err = p.Usage("settle"); err != nil {
			return u, err
		}
		if d := u.Live - last; -same < d && d < same {
			break
		}
	}
	return u, nil
}

// pass lets every connection of a crowd talk, at least once and for about d.
func (res *Result) pass(p *child.Process, crowd *load.Crowd, d time.Duration) error {
	spent, err := load.Measure(p, crowd, d)
	if err != nil {
		return err
	}
	res.CPU = append(res.CPU, spent.PerOp())
	res.Mallocs = append(res.Mallocs, float64(spent.Mallocs)/float64(spent.Ops))
	return nil
}

// connsName writes a number with commas.
func connsName(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// hold runs the mode million: the engine of this tree or of those that are
// named, and for comparison nothing but its streams.
func (r *runner) hold(ctx context.Context) error {
	for _, name := range append(slices.Clone(r.names), million.Bare) {
		kind, dir, _ := strings.Cut(name, "@")
		switch kind {
		case "ours":
			kind = million.Engine
		case million.Bare:
		default:
			continue
		}
		program, err := r.builds.program(ctx, name)
		if err != nil {
			return err
		}
		c := exec.CommandContext(ctx, program, "-hold", kind, "-n", strconv.Itoa(r.million))
		out, err := c.Output()
		if err != nil {
			return fmt.Errorf("%v: %w", c.Args, err)
		}
		var m million.Report
		if err := json.Unmarshal(out, &m); err != nil {
			return err
		}
		if dir != "" {
			kind += "@" + dir
		}
		r.results = append(r.results, &Result{Mode: modeMillion, Case: connsName(m.Conns), X: m.Conns, Contestant: kind,
			Held: m.PerConn, CPU: []float64{m.Seconds * 1e6 / float64(m.Conns)}})
		r.tell(modeMillion, connsName(m.Conns))
	}
	return nil
}
