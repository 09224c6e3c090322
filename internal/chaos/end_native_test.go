//go:build !js

package chaos

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// end is one end of a link: a net.Conn.
type end struct {
	l    *link
	side int

	closed          bool      // protected by l.mu
	readBy, writeBy time.Time // protected by l.mu
}

// expired reports whether a deadline is over.
func expired(t time.Time) bool { return !t.IsZero() && !t.After(time.Now()) }

// Read is net.Conn's. While it waits it makes sure that p is not used
// elsewhere.
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

// spoiled is what a waiting Read leaves in its buffer: whoever else has the
// buffer reads nonsense, and whoever writes into it is seen.
var spoiled = bytes.Repeat([]byte{0xFE}, 4<<10)

func spoil(p []byte) {
	for len(p) > 0 {
		p = p[copy(p, spoiled):]
	}
}

func isSpoiled(p []byte) bool {
	for len(p) > len(spoiled) {
		if !bytes.Equal(p[:len(spoiled)], spoiled) {
			return false
		}
		p = p[len(spoiled):]
	}
	return bytes.Equal(p, spoiled[:len(p)])
}

// tunnel is an end without deadlines, as that of an SSH tunnel.
type tunnel struct{ net.Conn }

func (tunnel) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (tunnel) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (tunnel) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

// halfTunnel is one that can end its sending half.
type halfTunnel struct {
	tunnel
	half halfEnd
}

func (h halfTunnel) CloseWrite() error { return h.half.CloseWrite() }
