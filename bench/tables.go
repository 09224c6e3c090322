package main

import (
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/twinws/ws/bench/internal/contestant"
	"github.com/twinws/ws/bench/report"
)

func isPeer(name string) bool {
	c := contestant.Find(name)
	return c != nil && c.Peer
}

// How figures are written. What was not measured is a dash.
const dash = "-"

func times(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return dash
	}
	return fmt.Sprintf("%.2f x", x)
}

func micros(r *Result) string {
	if r == nil || len(r.CPU) == 0 {
		return dash
	}
	switch v := report.Median(r.CPU); {
	case v < 1:
		return fmt.Sprintf("%.3f us", v)
	case v < 100:
		return fmt.Sprintf("%.2f us", v)
	default:
		return fmt.Sprintf("%.0f us", v)
	}
}

// least is a round without a neighbour: what disturbs only ever adds.
func least(r *Result) string {
	if len(r.CPU) == 0 {
		return dash
	}
	return micros(&Result{CPU: []float64{slices.Min(r.CPU)}})
}

func wireValue(r *Result) float64 {
	if r == nil || len(r.Wire) == 0 {
		return math.NaN()
	}
	return report.Median(r.Wire)
}

func wireOf(r *Result) string {
	if v := wireValue(r); !math.IsNaN(v) {
		return fmt.Sprintf("%.0f B", v)
	}
	return dash
}

func heldValue(r *Result) float64 {
	if r == nil || r.Held == 0 {
		return math.NaN()
	}
	return r.Held
}

func held(r *Result) string {
	if v := heldValue(r); !math.IsNaN(v) {
		return fmt.Sprintf("%.0f B", v)
	}
	return dash
}

func mallocs(r *Result) string {
	if len(r.Mallocs) == 0 {
		return dash
	}
	return fmt.Sprintf("%.2f", report.Median(r.Mallocs))
}

// named puts a peer's name behind its figure.
func named(r *Result, s string) string {
	if r == nil || s == dash {
		return dash
	}
	return s + " (" + r.Contestant + ")"
}

// caseTable shows one case: all that was measured of each contestant.
func (rs Results) caseTable(mode, name string) *report.Table {
	t := &report.Table{Title: mode + ", " + name,
		Columns: []string{"contestant", "CPU", "least", "x raw", "x raw-gather", "x best peer", "allocations", "bytes of a reply", "held"}}
	loop, gather, best := rs.find(mode, name, bare), rs.find(mode, name, gathering), rs.best(mode, name)
	for _, r := range rs.cell(mode, name) {
		if r.Err != "" {
			t.Add(r.Contestant, "failed: "+r.Err)
			continue
		}
		t.Add(r.Contestant, micros(r), least(r), times(ratio(r, loop)), times(ratio(r, gather)), times(ratio(r, best)), mallocs(r), wireOf(r), held(r))
	}
	dropEmpty(t)
	return t
}

// dropEmpty removes the columns that say nothing.
func dropEmpty(t *report.Table) {
	for i := len(t.Columns) - 1; i > 0; i-- {
		if slices.ContainsFunc(t.Rows, func(row []string) bool { return i < len(row) && row[i] != dash }) {
			continue
		}
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for k, row := range t.Rows {
			if i < len(row) {
				t.Rows[k] = slices.Delete(row, i, i+1)
			}
		}
	}
}

// tell prints a case as soon as it is done.
func (r *runner) tell(mode, name string) {
	fmt.Fprintln(os.Stdout, r.results.caseTable(mode, name))
}

// targetTable is the table of targets, without those of modes that were not run
// unless all are wanted.
func (rs Results) targetTable(all bool) *report.Table {
	t := &report.Table{Columns: []string{"mode", "case", "at most", "measured", "", "best peer"}}
	for _, g := range rs.targets() {
		if g.verdict() == notMeasured && !all {
			continue
		}
		t.Add(g.mode, g.what, g.most, g.got, g.verdict(), g.peer)
	}
	return t
}
