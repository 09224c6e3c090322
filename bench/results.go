package main

import (
	"maps"
	"math"
	"slices"

	"github.com/twinws/ws/bench/internal/contestant"
	"github.com/twinws/ws/bench/report"
)

// Result is what was measured of a contestant in one case of a mode. Slices
// have a value for each round.
type Result struct {
	Mode       string
	Case       string
	X          int // message size in bytes, or connections
	Contestant string
	CPU        []float64 `json:",omitempty"` // microseconds of an operation
	Mallocs    []float64 `json:",omitempty"` // objects allocated by an operation
	Wire       []float64 `json:",omitempty"` // bytes of a reply, header included
	Held       float64   `json:",omitempty"` // bytes of a connection
	Load       float64   // the load average before the run: what else the machine did
	Err        string    `json:",omitempty"`
}

// Results are all of a run.
type Results []*Result

// find returns a contestant's result, nil without one.
func (rs Results) find(mode, name, who string) *Result {
	for _, r := range rs {
		if r.Mode == mode && r.Case == name && r.Contestant == who && r.Err == "" {
			return r
		}
	}
	return nil
}

// cell returns the results of one case.
func (rs Results) cell(mode, name string) (c Results) {
	for _, r := range rs {
		if r.Mode == mode && r.Case == name {
			c = append(c, r)
		}
	}
	return c
}

// cases returns the names of a mode's cases, the smallest first.
func (rs Results) cases(mode string) (names []string) {
	x := map[string]int{}
	for _, r := range rs {
		if r.Mode == mode {
			x[r.Case] = r.X
		}
	}
	return slices.SortedFunc(maps.Keys(x), func(a, b string) int { return x[a] - x[b] })
}

// contestants returns who took part, in their order.
func (rs Results) contestants() (names []string) {
	seen := map[string]bool{}
	for _, r := range rs {
		if !seen[r.Contestant] {
			seen[r.Contestant] = true
			names = append(names, r.Contestant)
		}
	}
	return names
}

// best returns the peer with the least CPU time in a case, nil without one.
func (rs Results) best(mode, name string) (best *Result) {
	for _, r := range rs.cell(mode, name) {
		c := contestant.Find(r.Contestant)
		if c == nil || !c.Peer || r.Err != "" || len(r.CPU) == 0 {
			continue
		}
		if best == nil || report.Median(r.CPU) < report.Median(best.CPU) {
			best = r
		}
	}
	return best
}

// ratio returns how many times b's CPU time r takes, NaN when one is missing.
func ratio(r, b *Result) float64 {
	if r == nil || b == nil {
		return math.NaN()
	}
	return report.MedianRatio(r.CPU, b.CPU)
}
