package deadline

import (
	"errors"
	"net"
	"sync"
	"time"
)

// closeWait bounds the wait for Close and CloseWrite of the connection below.
const closeWait = time.Second

var (
	errCutOff = errors.New("an earlier write timed out, and cannot be withdrawn")
	errStuck  = errors.New("the connection below did not close within 1 s")
)

// Conn adds deadlines to a network connection without. Its blocking calls run
// on goroutines, at most one for each direction:
//
//   - A Read whose deadline passes loses nothing: the next Read returns what
//     arrives later.
//   - A Write whose deadline passes while it is in progress cannot be
//     withdrawn. It is the last: later ones return an error, as with TLS.
//
// After Close neither blocks any more, whatever the connection below does. Its
// calls in progress then end when it does.
type Conn struct {
	nc net.Conn // constant

	mu     sync.Mutex
	wake   sync.Cond // L is mu; at every change
	closed bool      // protected by mu
	stuck  bool      // protected by mu: a CloseWrite of the connection below is still in progress
	in     inward    // protected by mu
	out    outward   // protected by mu
}

// Give returns a *Conn over nc, which must not be used otherwise any more, or a
// *HalfConn if nc can be half-closed.
func Give(nc net.Conn) net.Conn {
	c := &Conn{nc: nc}
	c.wake.L = &c.mu
	if h, ok := nc.(halved); ok {
		return &HalfConn{c, h}
	}
	return c
}

// halved is a connection whose sending half can be closed.
type halved interface{ CloseWrite() error }

// HalfConn is a Conn over a connection whose sending half can be closed.
type HalfConn struct {
	*Conn
	half halved // constant
}

// change changes c and wakes all waiters.
func (c *Conn) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.wake.Broadcast()
}

// ring wakes all waiters: a deadline has passed.
func (c *Conn) ring() { c.change(func() {}) }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error { return c.set(t, &c.in.by, &c.out.by) }

// SetReadDeadline sets the deadline of Read, also of a blocked one.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.set(t, &c.in.by) }

// SetWriteDeadline sets the deadline of Write, also of a blocked one.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.set(t, &c.out.by) }

func (c *Conn) set(t time.Time, alarms ...*alarm) (err error) {
	c.change(func() {
		if c.closed {
			err = net.ErrClosed
			return
		}
		for _, a := range alarms {
			a.set(t, c.ring)
		}
	})
	return err
}

// LocalAddr returns the address of the connection below.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the address of the connection below.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Close closes the connection, with TLS's close_notify if TLS is below, and
// waits for that for at most 1 s.
func (c *Conn) Close() error {
	if !c.shut() {
		return net.ErrClosed
	}
	below := bottom(c.nc)
	if c.isStuck() { // TLS sends one close_notify
		return within(below.Close)
	}
	err := within(c.nc.Close)
	if err == errStuck && below != c.nc {
		go below.Close()
	}
	return err
}

func (c *Conn) isStuck() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stuck
}

// Abort closes the connection without close_notify, and does not wait.
func (c *Conn) Abort() error {
	if !c.shut() {
		return net.ErrClosed
	}
	go bottom(c.nc).Close()
	return nil
}

// CloseWrite closes the sending half of the connection below, and waits for
// that for at most 1 s.
func (c *HalfConn) CloseWrite() error {
	err := within(c.half.CloseWrite)
	if err == errStuck {
		c.change(func() { c.stuck = true })
	}
	return err
}

// shut ends all waits. It reports false if that has been done before.
func (c *Conn) shut() (first bool) {
	c.change(func() {
		first = !c.closed
		c.closed = true
		c.in.by.set(time.Time{}, nil)
		c.out.by.set(time.Time{}, nil)
		c.in.forget()
	})
	return first
}

// within returns what f returns, or errStuck if that takes too long.
func within(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	limit := time.NewTimer(closeWait)
	defer limit.Stop()
	select {
	case err := <-done:
		return err
	case <-limit.C:
		return errStuck
	}
}

// bottom returns the connection below TLS.
func bottom(nc net.Conn) net.Conn {
	for t, ok := nc.(interface{ NetConn() net.Conn }); ok; t, ok = nc.(interface{ NetConn() net.Conn }) {
		nc = t.NetConn()
	}
	return nc
}
