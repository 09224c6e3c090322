package main

import (
	"fmt"
	"math"

	"github.com/twinws/ws/bench/report"
)

// target is one line of the table of targets.
type target struct {
	mode, what string
	most       string  // the target
	got        string  // what was measured
	peer       string  // the best peer's
	value      float64 // in units of limit; NaN when it was not measured
	limit      float64
}

const notMeasured = "not measured"

func (t target) verdict() string {
	switch {
	case math.IsNaN(t.value):
		return notMeasured
	case t.value <= t.limit:
		return "met"
	}
	return "missed"
}

// slack is how far above a limit of zero a mean of counts may be: what the
// runtime allocates for itself now and then, in the bare loops too. It shows
// where a slice has few messages.
const slack = 0.05

const (
	who       = "ours"
	whoAccept = "ours-accept"
	bare      = "raw"
	gathering = "raw-gather"
)

// targets judges the results.
func (rs Results) targets() (all []target) {
	for _, n := range echoSizes[:5] {
		all = append(all, rs.against(modePingpong, sizeName(n), bare, 1.08))
	}
	all = append(all, rs.againstBest(modePingpong, sizeName(1<<20), 1.00))
	for _, n := range echoSizes[:3] {
		all = append(all, rs.against(modeInflight, sizeName(n), gathering, 2.5))
	}
	all = append(all, rs.against(modeInflight, sizeName(4<<10), gathering, 1.5))
	all = append(all, rs.idleTargets()...)
	all = append(all,
		rs.againstPeer(modeHandshake, who, "gobwas-low"),
		rs.againstPeer(modeHandshake, whoAccept, "gorilla"))
	for _, n := range deflateSizes {
		all = append(all, rs.againstBest(modeDeflate, sizeName(n), 1.00), rs.wire(modeDeflate, sizeName(n)))
	}
	all = append(all, rs.takeoverTargets(sizeName(512))...)
	all = append(all, rs.againstBest(modeBroadcast, sizeName(512), 1.05))
	for _, n := range clientSizes {
		all = append(all, rs.againstBest(modeClient, sizeName(n), 1.05))
	}
	for _, mode := range []string{modePingpong, modeInflight} {
		all = append(all, rs.mallocs(mode))
	}
	return all
}

// against compares with a bare loop.
func (rs Results) against(mode, name, loop string, limit float64) target {
	base := rs.find(mode, name, loop)
	x := ratio(rs.find(mode, name, who), base)
	best := rs.best(mode, name)
	return target{mode: mode, what: name, most: fmt.Sprintf("%.2f x %s", limit, loop),
		got: times(x), peer: named(best, times(ratio(best, base))), value: hundredths(x), limit: limit}
}

// againstBest compares with the best peer.
func (rs Results) againstBest(mode, name string, limit float64) target {
	r, best := rs.find(mode, name, who), rs.best(mode, name)
	x := ratio(r, best)
	return target{mode: mode, what: name, most: fmt.Sprintf("%.2f x the best peer", limit),
		got: times(x) + " (" + micros(r) + ")", peer: named(best, micros(best)), value: hundredths(x), limit: limit}
}

// againstPeer compares handshakes with one peer's.
func (rs Results) againstPeer(mode, ours, peer string) target {
	name := rs.first(mode)
	r, p := rs.find(mode, name, ours), rs.find(mode, name, peer)
	x := ratio(r, p)
	return target{mode: mode, what: ours, most: "1.00 x " + peer,
		got: times(x) + " (" + micros(r) + ")", peer: named(p, micros(p)), value: hundredths(x), limit: 1}
}

func (rs Results) first(mode string) string {
	if names := rs.cases(mode); len(names) > 0 {
		return names[0]
	}
	return ""
}

// idleTargets judge the memory of a connection that waits.
func (rs Results) idleTargets() (all []target) {
	const most, few = 19_000, 1000
	best := rs.leastHeld(modeIdle, connsName(most))
	for _, w := range []struct {
		who   string
		limit float64
	}{{who, 3800}, {"ours-handler", 4000}} {
		r := rs.find(modeIdle, connsName(most), w.who)
		all = append(all, target{mode: modeIdle, what: w.who + ", " + connsName(most) + " connections",
			most: fmt.Sprintf("%.0f B", w.limit), got: held(r), peer: named(best, held(best)), value: heldValue(r), limit: w.limit})
	}
	many, few1 := rs.find(modeIdle, connsName(most), who), rs.find(modeIdle, connsName(few), who)
	x := heldValue(many) / heldValue(few1)
	return append(all, target{mode: modeIdle, what: connsName(few) + " to " + connsName(most), most: "1.05 x, flat",
		got: times(x), value: hundredths(x), limit: 1.05})
}

// leastHeld returns the peer that holds least.
func (rs Results) leastHeld(mode, name string) (best *Result) {
	for _, r := range rs.cell(mode, name) {
		if isPeer(r.Contestant) && r.Err == "" && (best == nil || r.Held < best.Held) {
			best = r
		}
	}
	return best
}

// wire compares the bytes of a reply with the best peer's.
func (rs Results) wire(mode, name string) target {
	r, best := rs.find(mode, name, who), rs.best(mode, name)
	x := wireValue(r) / wireValue(best)
	return target{mode: mode, what: name + ", bytes", most: "1.00 x the best peer",
		got: times(x) + " (" + wireOf(r) + ")", peer: named(best, wireOf(best)), value: hundredths(x), limit: 1}
}

func (rs Results) takeoverTargets(name string) []target {
	r, best := rs.find(modeTakeover, name, who), rs.best(modeTakeover, name)
	cpu, limit := math.NaN(), 27.0
	if r != nil {
		cpu = report.Median(r.CPU)
	}
	const bytes, memory = 165, 32 << 10
	return []target{
		{mode: modeTakeover, what: name, most: "27 us", got: micros(r) + ", " + times(ratio(r, best)) + " the best peer", peer: named(best, micros(best)), value: cpu, limit: limit},
		{mode: modeTakeover, what: name + ", bytes", most: "165 B", got: wireOf(r), peer: named(best, wireOf(best)), value: wireValue(r), limit: bytes},
		{mode: modeTakeover, what: name + ", held", most: "32 KiB", got: held(r), peer: named(best, held(best)), value: heldValue(r), limit: memory},
	}
}

// mallocs looks for the size with the most allocations.
func (rs Results) mallocs(mode string) target {
	t := target{mode: mode, what: "allocations of a message", most: "0", value: math.NaN(), limit: slack}
	for _, name := range rs.cases(mode) {
		if r := rs.find(mode, name, who); r != nil {
			if v := report.Median(r.Mallocs); !(v <= t.value) {
				t.value = v
				t.got = fmt.Sprintf("%.2f (%s)", v, name)
			}
		}
	}
	return t
}

// hundredths is v as precise as it is shown, so that a table does not deny
// itself.
func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
