package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// end is one end of a stream in memory, whose other end is an end too. Like a
// TCP connection it looks at its deadline before its bytes. Its first fields
// say how it misbehaves; they are set before use.
type end struct {
	mostRead  int   // bytes that one Read gives at most, 0 for any number
	mostWrite int   // bytes that one Write takes at most, silently; 0 for all
	lazy      bool  // every second Read returns 0, nil
	eager     bool  // the last bytes come together with the end, told once
	deaf      bool  // Close does not end a Read or Write that waits
	fault     error // what Write returns

	l       *link
	in, out *flow
	rd, wd  alarm // protected by l.mu
	closed  bool  // protected by l.mu
	reads   int   // protected by l.mu
	told    bool  // protected by l.mu: the end came with the last bytes
}

var errTold = errors.New("the stream was read after it had told its end")

// link is what two ends share.
type link struct {
	mu   sync.Mutex
	wake sync.Cond
}

// flow is one direction of a link.
type flow struct {
	held []byte
	off  int   // the bytes of held that were read
	room int   // how many bytes may wait, less than 0 for any number
	last error // what the reader gets when nothing waits
	gone error // what the writer gets
}

// alarm is a deadline.
type alarm struct {
	at    time.Time
	timer *time.Timer
}

// over reports whether the deadline has passed. One within a millisecond has: a
// bubble's clock stands still where a real one does not.
func (a *alarm) over() bool {
	return !a.at.IsZero() && !time.Now().Add(time.Millisecond).Before(a.at)
}

// newLink returns two ends that hold any number of bytes on their way.
func newLink() (a, b *end) {
	l := &link{}
	l.wake.L = &l.mu
	x, y := &flow{room: -1}, &flow{room: -1}
	return &end{l: l, in: x, out: y}, &end{l: l, in: y, out: x}
}

// lock locks the link; the function it returns unlocks and wakes everybody.
func (e *end) lock() (unlock func()) {
	e.l.mu.Lock()
	return func() {
		e.l.wake.Broadcast()
		e.l.mu.Unlock()
	}
}

func (e *end) Read(p []byte) (int, error) {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	if e.reads++; e.lazy && e.reads%2 == 1 {
		return 0, nil
	}
	for {
		switch f := e.in; {
		case e.told:
			return 0, errTold
		case e.closed && !e.deaf:
			return 0, net.ErrClosed
		case e.rd.over():
			return 0, os.ErrDeadlineExceeded
		case f.off < len(f.held):
			return e.take(p)
		case f.last != nil:
			return 0, f.last
		}
		e.l.wake.Wait()
	}
}

// take gives p what waits.
func (e *end) take(p []byte) (n int, err error) {
	f := e.in
	if e.mostRead > 0 {
		p = p[:min(len(p), e.mostRead)]
	}
	n = copy(p, f.held[f.off:])
	if f.off += n; f.off == len(f.held) {
		f.held, f.off = f.held[:0], 0
		if e.eager {
			err, e.told = f.last, f.last != nil
		}
	}
	e.l.wake.Broadcast()
	return n, err
}

func (e *end) Write(p []byte) (n int, err error) {
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	for {
		f := e.out
		switch {
		case e.fault != nil:
			return n, e.fault
		case e.closed && !e.deaf:
			return n, net.ErrClosed
		case f.gone != nil:
			return n, f.gone
		case n == len(p):
			return n, nil
		case e.wd.over():
			return n, os.ErrDeadlineExceeded
		}
		k := len(p) - n
		if f.room >= 0 {
			k = min(k, f.room-(len(f.held)-f.off))
		}
		if e.mostWrite > 0 {
			k = min(k, e.mostWrite)
		}
		if k > 0 {
			f.held = append(f.held, p[n:n+k]...)
			n += k
			e.l.wake.Broadcast()
			if e.mostWrite > 0 {
				return n, nil
			}
			continue
		}
		e.l.wake.Wait()
	}
}

// Close ends both directions: the other end reads what waits and then io.EOF.
func (e *end) Close() error {
	defer e.lock()()
	e.closed = true
	e.endOut(io.EOF)
	if e.in.gone == nil {
		e.in.gone = syscall.EPIPE
	}
	return nil
}

func (e *end) endOut(err error) {
	if e.out.last == nil {
		e.out.last = err
	}
}

// finish ends the outgoing direction alone.
func (e *end) finish() {
	defer e.lock()()
	e.endOut(io.EOF)
}

// reset breaks the stream: the other end reads what waits and then err.
func (e *end) reset(err error) {
	defer e.lock()()
	e.out.last, e.in.gone = err, err
}

// limit lets only so many bytes wait for the other end.
func (e *end) limit(room int) {
	defer e.lock()()
	e.out.room = room
}

// waiting returns how many bytes wait for this end.
func (e *end) waiting() int {
	defer e.lock()()
	return len(e.in.held) - e.in.off
}

// discard reads n bytes, as they come.
func (e *end) discard(n int64) { io.CopyN(io.Discard, e, n) }

// over reports whether this end was closed.
func (e *end) over() bool {
	defer e.lock()()
	return e.closed
}

func (e *end) SetReadDeadline(t time.Time) error  { return e.set(&e.rd, t) }
func (e *end) SetWriteDeadline(t time.Time) error { return e.set(&e.wd, t) }

func (e *end) set(a *alarm, t time.Time) error {
	defer e.lock()()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if a.at = t; !t.IsZero() {
		a.timer = time.AfterFunc(time.Until(t), func() { e.lock()() })
	}
	return nil
}

// halfEnd is an end that can close its sending half.
type halfEnd struct{ *end }

func (e halfEnd) CloseWrite() error {
	e.finish()
	return nil
}
