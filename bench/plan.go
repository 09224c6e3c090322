package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/contestant"
	"github.com/twinws/ws/bench/internal/load"
)

// The modes, in the order in which they run.
const (
	modePingpong  = "pingpong"
	modeInflight  = "inflight"
	modeHandshake = "handshake"
	modeDeflate   = "deflate"
	modeTakeover  = "takeover"
	modeBroadcast = "broadcast"
	modeClient    = "client"
	modeIdle      = "idle"
	modeMillion   = "million"
)

func modeNames() []string {
	return []string{modePingpong, modeInflight, modeHandshake, modeDeflate, modeTakeover, modeBroadcast, modeClient, modeIdle}
}

const (
	inFlight = 64
	// heldBytes is how much a connection has said before its memory is
	// measured.
	heldBytes = 40 << 10
)

var (
	echoSizes    = []int{16, 125, 512, 4 << 10, 64 << 10, 1 << 20}
	clientSizes  = []int{125, 64 << 10}
	deflateSizes = []int{512, 8 << 10}
)

// cell is one case of a mode, in which contestants take turns.
type cell struct {
	mode, name string
	x          int
	setup      contestant.Setup
	fits       func(*contestant.Contestant) bool
	open       func(*child.Process) (load.Session, error)
	// held measures the memory of a connection, nil for not.
	held func(*child.Process) (float64, error)
}

// plan returns the cells of all modes but idle.
func plan(o options) ([]cell, error) {
	sizes, err := numbers(o.sizes)
	if err != nil {
		return nil, err
	}
	modes := list(o.modes)
	var all []cell
	add := func(c cell) {
		if (len(modes) == 0 || slices.Contains(modes, c.mode)) && (len(sizes) == 0 || c.x == 0 || slices.Contains(sizes, c.x)) {
			all = append(all, c)
		}
	}
	for _, n := range echoSizes {
		add(echoCell(modePingpong, n, 1, o))
	}
	for _, n := range echoSizes {
		add(echoCell(modeInflight, n, inFlight, o))
	}
	add(cell{mode: modeHandshake, name: "open and end", fits: distinct, open: func(p *child.Process) (load.Session, error) {
		return load.Handshakes{Conns: 8}.Open(p.Addr)
	}})
	for _, n := range deflateSizes {
		add(deflateCell(modeDeflate, n, contestant.Fresh, o.held))
		add(deflateCell(modeTakeover, n, contestant.Takeover, o.held))
	}
	add(cell{mode: modeBroadcast, name: "512 B", x: 512, fits: distinct, setup: contestant.Setup{Room: true},
		open: func(p *child.Process) (load.Session, error) {
			return load.Audience{Size: 512, Conns: o.listeners}.Open(p)
		}})
	for _, n := range clientSizes {
		add(cell{mode: modeClient, name: sizeName(n), x: n,
			fits: func(c *contestant.Contestant) bool { return c.Dial != nil },
			open: func(p *child.Process) (load.Session, error) { return load.Clients{Size: n, Conns: 8}.Open(p) }})
	}
	return all, nil
}

func anyone(*contestant.Contestant) bool { return true }

func distinct(c *contestant.Contestant) bool { return !c.EchoOnly }

func echoCell(mode string, size, flying int, o options) cell {
	e := load.Echo{Size: size, Conns: 64, InFlight: flying, Binary: o.binary}
	if flying > 1 {
		e.Conns = 8
	}
	if size >= 64<<10 {
		e.Conns = 4
	}
	if size*flying >= 64<<20 {
		e.Conns = 1 // which alone fills a slice
	}
	if o.conns > 0 {
		e.Conns = o.conns
	}
	return cell{mode: mode, name: sizeName(size), x: size, fits: anyone,
		open: func(p *child.Process) (load.Session, error) { return e.Open(p.Addr) }}
}

func deflateCell(mode string, size int, d contestant.Deflate, conns int) cell {
	l := load.Deflated{Size: size, Conns: 8, Takeover: d == contestant.Takeover}
	return cell{mode: mode, name: sizeName(size), x: size, setup: contestant.Setup{Deflate: d},
		fits: func(c *contestant.Contestant) bool { return slices.Contains(c.Deflates, d) && distinct(c) },
		open: func(p *child.Process) (load.Session, error) { return l.Open(p.Addr) },
		held: func(p *child.Process) (float64, error) { return heldBy(p, l, conns) },
	}
}

// heldBy measures what the process holds for each of many connections that have
// compressed: objects and stacks, when all garbage is gone.
func heldBy(p *child.Process, l load.Deflated, conns int) (float64, error) {
	defer p.Guard()()
	before, err := p.Usage("settle")
	if err != nil {
		return 0, err
	}
	l.Conns = conns
	s, err := l.Open(p.Addr)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if _, err := s.Talk(heldBytes / l.Size); err != nil {
		return 0, err
	}
	after, err := p.Usage("settle")
	return float64(after.Live-before.Live) / float64(conns), err
}

func sizeName(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// warmUp is the length of the first slice, which is not counted.
func warmUp(slice time.Duration) time.Duration { return slice / 3 }
