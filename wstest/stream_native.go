//go:build !js

package wstest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// defaultBuffer is how many bytes are on their way in one direction before a
// Write waits.
const defaultBuffer = 64 << 10

// end is one end of a byte stream in memory. Unlike net.Pipe it buffers, as a
// kernel does, so that two sides that both write first do not wait for each
// other forever.
type end struct {
	name             addr
	in, out          *lane
	reading, writing deadline
	turn             chan struct{} // holds a token while a Write runs
	closing          sync.Mutex
	closed           chan struct{}
}

// newStream returns the two ends of a stream. Bytes arrive delay after they
// were written.
func newStream(delay time.Duration, size int) (client, server *end) {
	if size <= 0 {
		size = defaultBuffer
	}
	up, down := newLane(delay, size), newLane(delay, size)
	return newEnd("client", down, up), newEnd("server", up, down)
}

func newEnd(name addr, in, out *lane) *end {
	return &end{name: name, in: in, out: out, turn: make(chan struct{}, 1), closed: make(chan struct{}),
		reading: newDeadline(), writing: newDeadline()}
}

// lane is one direction of a stream.
type lane struct {
	delay time.Duration // constant
	size  int           // constant

	mu      sync.Mutex
	changed chan struct{} // closed, and another one made, with every change
	pieces  []piece
	held    int   // bytes of pieces
	over    error // what a Read returns behind the pieces: io.EOF, or a reset
	overAt  time.Time
	deaf    error // what a Write returns: nobody reads any more
}

// piece are bytes that were written together.
type piece struct {
	data []byte
	at   time.Time // when they arrive
}

func newLane(delay time.Duration, size int) *lane {
	return &lane{delay: delay, size: size, changed: make(chan struct{})}
}

// change reports a change to those who wait for one. mu is held.
func (l *lane) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// finish ends the lane behind what was written.
func (l *lane) finish(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over == nil {
		l.over, l.overAt = err, time.Now().Add(l.delay)
		l.change()
	}
}

// deafen makes writes fail, and forgets what was not read.
func (l *lane) deafen(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf == nil {
		l.deaf, l.pieces, l.held = err, nil, 0
		l.change()
	}
}

// take reads what has arrived. Without anything it returns when to look again:
// at a change, and, unless wait is 0, after wait.
func (l *lane) take(p []byte) (n int, changed chan struct{}, wait time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for n < len(p) && len(l.pieces) > 0 && !l.pieces[0].at.After(now) {
		first := &l.pieces[0]
		m := copy(p[n:], first.data)
		n += m
		if first.data = first.data[m:]; len(first.data) == 0 {
			l.pieces = l.pieces[1:]
		}
	}
	switch {
	case n > 0:
		l.held -= n
		l.change()
	case len(l.pieces) > 0:
		wait = l.pieces[0].at.Sub(now)
	case l.over != nil && !l.overAt.After(now):
		return 0, nil, 0, l.over
	case l.over != nil:
		wait = l.overAt.Sub(now)
	}
	return n, l.changed, wait, nil
}

// put writes as much of p as there is room for.
func (l *lane) put(p []byte) (n int, changed chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf != nil {
		return 0, nil, l.deaf
	}
	if n = min(len(p), l.size-l.held); n > 0 {
		l.pieces = append(l.pieces, piece{append([]byte(nil), p[:n]...), time.Now().Add(l.delay)})
		l.held += n
		l.change()
	}
	return n, l.changed, nil
}

// Read reads what has arrived.
func (e *end) Read(p []byte) (int, error) {
	for {
		if err := e.usable(&e.reading); err != nil {
			return 0, e.wrap("read", err)
		}
		n, changed, wait, err := e.in.take(p)
		if err == io.EOF {
			return 0, err
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, e.wrap("read", err)
		}
		e.wait(&e.reading, changed, wait)
	}
}

// Write writes p, and waits while there is no room.
func (e *end) Write(p []byte) (int, error) {
	e.turn <- struct{}{} // not a mutex, on which the time of a bubble would stop
	defer func() { <-e.turn }()
	for done := 0; ; {
		if err := e.usable(&e.writing); err != nil {
			return done, e.wrap("write", err)
		}
		n, changed, err := e.out.put(p[done:])
		if done += n; done == len(p) || err != nil {
			return done, e.wrap("write", err)
		}
		if n == 0 {
			e.wait(&e.writing, changed, 0)
		}
	}
}

// usable returns why no more can be read or written.
func (e *end) usable(d *deadline) error {
	select {
	case <-e.closed:
		return net.ErrClosed
	case <-d.passed():
		return os.ErrDeadlineExceeded
	default:
		return nil
	}
}

// wait returns at a change, at the deadline, when e is closed, and, unless wait
// is 0, after that.
func (e *end) wait(d *deadline, changed chan struct{}, wait time.Duration) {
	var arrives <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		arrives = t.C
	}
	select {
	case <-changed:
	case <-arrives:
	case <-d.passed():
	case <-e.closed:
	}
}

// Close ends the stream: the other side reads what was written, and then
// io.EOF; what it writes fails.
func (e *end) Close() error { return e.shut(io.EOF, syscall.EPIPE) }

// reset ends the stream as a TCP reset does: what is on its way is lost.
func (e *end) reset() error {
	err := e.shut(syscall.ECONNRESET, syscall.ECONNRESET)
	e.out.deafen(net.ErrClosed)
	return err
}

func (e *end) shut(over, deaf error) error {
	e.closing.Lock()
	defer e.closing.Unlock()
	select {
	case <-e.closed:
		return e.wrap("close", net.ErrClosed)
	default:
	}
	close(e.closed)
	e.reading.set(time.Time{})
	e.writing.set(time.Time{})
	e.out.finish(over)
	e.in.deafen(deaf)
	return nil
}

// CloseWrite ends the stream in one direction.
func (e *end) CloseWrite() error {
	e.out.finish(io.EOF)
	e.out.deafenWrites()
	return nil
}

// deafenWrites makes writes fail, and keeps what was written.
func (l *lane) deafenWrites() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf == nil {
		l.deaf = syscall.EPIPE
		l.change()
	}
}

func (e *end) wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &net.OpError{Op: op, Net: e.name.Network(), Source: e.name, Err: err}
}

// LocalAddr returns this end's name.
func (e *end) LocalAddr() net.Addr { return e.name }

// RemoteAddr returns the other end's name.
func (e *end) RemoteAddr() net.Addr {
	if e.name == "client" {
		return addr("server")
	}
	return addr("client")
}

// SetDeadline sets both deadlines.
func (e *end) SetDeadline(t time.Time) error {
	e.reading.set(t)
	e.writing.set(t)
	return nil
}

// SetReadDeadline applies to a Read that waits too.
func (e *end) SetReadDeadline(t time.Time) error {
	e.reading.set(t)
	return nil
}

// SetWriteDeadline applies to a Write that waits too.
func (e *end) SetWriteDeadline(t time.Time) error {
	e.writing.set(t)
	return nil
}

// addr is the address of an end: client or server.
type addr string

func (addr) Network() string  { return "memory" }
func (a addr) String() string { return string(a) }

// deadline is a time and a channel that is closed when it has passed.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	gone  chan struct{}
}

func newDeadline() deadline { return deadline{gone: make(chan struct{})} }

func (d *deadline) passed() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gone
}

// set moves the deadline; the zero Time is none. One that has passed can be
// moved too, and calls that waited under the old one end or not, but not those
// that follow.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.gone // its function runs, or has run
	}
	d.timer = nil
	passed := false
	select {
	case <-d.gone:
		passed = true
	default:
	}
	gone := d.gone
	if passed {
		gone = make(chan struct{})
		d.gone = gone
	}
	if t.IsZero() {
		return
	}
	if wait := time.Until(t); wait > 0 {
		d.timer = time.AfterFunc(wait, func() { close(gone) })
		return
	}
	close(gone)
}
