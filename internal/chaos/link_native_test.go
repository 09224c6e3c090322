//go:build !js

package chaos

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
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

// end is one end of a link: a net.Conn.
type end struct {
	l    *link
	side int

	closed          bool      // protected by l.mu
	readBy, writeBy time.Time // protected by l.mu
}

// expired reports whether a deadline is over.
func expired(t time.Time) bool { return !t.IsZero() && !t.After(time.Now()) }

// Read is net.Conn's. While it waits it makes sure that p is not used elsewhere.
func (e *end) Read(p []byte) (int, error) {
	for waited := false; ; waited = true {
		n, wait, err := e.tryRead(p)
		if wait == nil {
			return n, err
		}
		if !waited {
			spoil(p)
		}
		wait()
		if !isSpoiled(p) {
			e.l.complain("the %s's buffer was written to while the stream was reading into it", sideNames[e.side])
		}
	}
}

func (e *end) tryRead(p []byte) (n int, wait func(), err error) {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	w := &e.l.ways[1-e.side]
	switch {
	case e.closed:
		return 0, nil, net.ErrClosed
	case expired(e.readBy):
		return 0, nil, os.ErrDeadlineExceeded
	case len(p) == 0:
		return 0, nil, nil
	}
	if n = e.l.deliver(1-e.side, p); n > 0 {
		w.tell()
		return n, nil, nil
	}
	until := e.readBy
	switch {
	case w.silent:
	case len(w.pieces) > 0:
		if at := w.pieces[0].arrival; until.IsZero() || at.Before(until) {
			until = at
		}
	case w.broken != nil:
		return 0, nil, w.broken
	case w.over:
		return 0, nil, io.EOF
	}
	return 0, waiter(w.change, until), nil
}

// Write is net.Conn's. While it waits it makes sure that p does not change.
func (e *end) Write(p []byte) (n int, err error) {
	var before []byte // what is left of p, as it was when the first wait began
	for n < len(p) {
		k, wait, err := e.tryWrite(p[n:], before == nil)
		if n += k; err != nil {
			return n, err
		}
		if wait == nil {
			continue
		}
		if before == nil {
			before = bytes.Clone(p[n:])
		}
		wait()
		if left := p[n:]; !bytes.Equal(left, before[len(before)-len(left):]) {
			e.l.complain("the %s's buffer was written to while the stream was writing from it", sideNames[e.side])
		}
	}
	return n, nil
}

func (e *end) tryWrite(p []byte, first bool) (n int, wait func(), err error) {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	w := &e.l.ways[e.side]
	switch {
	case e.closed:
		return 0, nil, net.ErrClosed
	case expired(e.writeBy):
		return 0, nil, os.ErrDeadlineExceeded
	case w.deaf:
		return 0, nil, errBroken
	case w.size < w.room:
		return e.l.accept(e.side, p), nil, nil
	}
	if first {
		e.l.note(e.side, filled, len(p), 0)
	}
	return 0, waiter(w.change, e.writeBy), nil
}

// waiter returns a wait for change, until a time if that is not zero.
func waiter(change <-chan struct{}, until time.Time) func() {
	return func() {
		if until.IsZero() {
			<-change
			return
		}
		t := time.NewTimer(time.Until(until))
		defer t.Stop()
		select {
		case <-change:
		case <-t.C:
		}
	}
}

// Close ends both directions. What the peer has not been sent yet still
// arrives, unless something that it sent is unread.
func (e *end) Close() error {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	e.closed = true
	out, in := &e.l.ways[e.side], &e.l.ways[1-e.side]
	out.over, in.deaf = true, true
	if in.size > 0 {
		e.l.note(1-e.side, unread, in.size, 0)
		out.broken = errReset
		if out.random.IntN(2) == 0 {
			out.pieces, out.size = nil, 0
		}
	}
	out.tell()
	in.tell()
	return nil
}

// halfEnd is an end that can end its sending half alone.
type halfEnd struct{ *end }

func (e halfEnd) CloseWrite() error {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	w := &e.l.ways[e.side]
	w.over, w.deaf = true, true
	w.tell()
	return nil
}

func (e *end) SetDeadline(t time.Time) error      { return e.setDeadlines(t, &e.readBy, &e.writeBy) }
func (e *end) SetReadDeadline(t time.Time) error  { return e.setDeadlines(t, &e.readBy) }
func (e *end) SetWriteDeadline(t time.Time) error { return e.setDeadlines(t, &e.writeBy) }

func (e *end) setDeadlines(t time.Time, which ...*time.Time) error {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	for _, d := range which {
		*d = t
	}
	e.l.ways[0].tell()
	e.l.ways[1].tell()
	return nil
}

func (e *end) LocalAddr() net.Addr  { return addr(e.side) }
func (e *end) RemoteAddr() net.Addr { return addr(1 - e.side) }

// addr is the address of a side.
type addr int

func (addr) Network() string  { return "chaos" }
func (a addr) String() string { return sideNames[a] }
