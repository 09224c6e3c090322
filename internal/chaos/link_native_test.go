//go:build !js

package chaos

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

var (
	errReset  = errors.New("the chaos stream was reset")
	errBroken = errors.New("the chaos stream is broken: nobody will read this")
)

// link is a byte stream in memory, in both directions, and its weather. It
// keeps bytes and their order, as TCP does.
type link struct {
	complain func(format string, args ...any) // constant
	begun    time.Time                        // constant

	mu    sync.Mutex
	ways  [2]way // protected by mu; by the side that writes
	trace trace  // protected by mu
}

// way is one direction.
type way struct {
	weather
	random  *rand.Rand
	pieces  []piece
	size    int       // bytes in pieces
	taken   int64     // bytes accepted so far
	arrival time.Time // of the newest piece
	over    bool      // after the pieces comes the end
	broken  error     // after the pieces comes this
	deaf    bool      // nobody will read what is written
	silent  bool      // nothing arrives any more
	change  chan struct{}
}

// piece is bytes on their way.
type piece struct {
	p       []byte
	arrival time.Time
}

// newLink returns both ends of a stream: by side, what each writes has the
// weather of its side.
func newLink(w [2]weather, seed uint64, complain func(string, ...any)) (l *link, ends [2]*end) {
	l = &link{complain: complain, begun: time.Now()}
	for side := range l.ways {
		l.ways[side] = way{weather: w[side], random: rand.New(rand.NewPCG(seed, uint64(side))), change: make(chan struct{})}
		ends[side] = &end{l: l, side: side}
	}
	return l, ends
}

// tell wakes whoever waits for the direction. The caller holds mu.
func (w *way) tell() {
	close(w.change)
	w.change = make(chan struct{})
}

// note records a fault. The caller holds mu.
func (l *link) note(side int, what fault, n int, wait time.Duration) {
	l.trace.add(event{time.Since(l.begun), side, l.ways[side].taken, what, n, wait})
}

// accept takes some of p, as much as there is room for at most, and lets fate
// strike where it was to. The caller holds mu.
func (l *link) accept(side int, p []byte) int {
	w := &l.ways[side]
	n := min(w.room-w.size, len(p))
	if w.random.Float64() < w.chop {
		n = 1 + w.random.IntN(n)
	}
	if w.at > w.taken {
		n = int(min(int64(n), w.at-w.taken))
	}
	w.taken += int64(n)
	if !w.deaf {
		w.size += n
		w.pieces = append(w.pieces, piece{bytes.Clone(p[:n]), l.schedule(side, n)})
	}
	if w.taken == w.at {
		l.strike(side)
	}
	w.tell()
	return n
}

// schedule says when n bytes arrive: never before those that were sent earlier.
func (l *link) schedule(side, n int) time.Time {
	w, now := &l.ways[side], time.Now()
	at := now
	if w.latency > 0 {
		if wait := time.Duration(w.random.Int64N(int64(w.latency) + 1)); wait > 0 {
			l.note(side, delayed, n, wait)
			at = now.Add(wait)
		}
	}
	if w.random.Float64() < w.stall {
		wait := time.Duration(w.random.Int64N(int64(w.stalls)) + 1)
		l.note(side, stalled, n, wait)
		at = now.Add(wait)
	}
	if at.After(w.arrival) {
		w.arrival = at
	}
	return w.arrival
}

// strike is the end that a weather holds ready.
func (l *link) strike(side int) {
	w, back := &l.ways[side], &l.ways[1-side]
	l.note(side, w.doom, w.size, 0)
	switch w.doom {
	case halved:
		w.over, w.deaf = true, true
	case cut:
		w.over, w.deaf = true, true
		back.over, back.deaf = true, true
	case reset:
		w.destroy()
		back.destroy()
	case silenced:
		w.silent = true
		back.silent = back.silent || w.random.IntN(2) == 0
	}
	back.tell()
}

func (w *way) destroy() {
	w.pieces, w.size, w.deaf, w.broken = nil, 0, true, errReset
}

// deliver moves bytes that have arrived into p. The caller holds mu.
func (l *link) deliver(side int, p []byte) (n int) {
	w, now := &l.ways[side], time.Now()
	var used int
	for n < len(p) && len(w.pieces) > 0 && !w.silent && !w.pieces[0].arrival.After(now) {
		most := len(p) - n
		if w.random.Float64() < w.chop {
			most = 1 + w.random.IntN(most)
		}
		k := copy(p[n:n+most], w.pieces[0].p)
		n += k
		used++
		if k < len(w.pieces[0].p) {
			w.pieces[0].p = w.pieces[0].p[k:]
			l.note(side, chopped, k, 0)
			break
		}
		w.pieces[0] = piece{}
		w.pieces = w.pieces[1:]
	}
	if used > 1 {
		l.note(side, joined, n, 0)
	}
	w.size -= n
	return n
}
