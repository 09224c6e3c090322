package deadline

import (
	"errors"
	"net"
	"sync"
	"time"
)

// closeWait bounds the wait for the Close and the CloseWrite of what is below.
const closeWait = time.Second

var (
	errCutOff = errors.New("an earlier write was given up at its deadline, and cannot be taken back")
	errStuck  = errors.New("the connection below did not close within 1 s")
)

// Conn is a network connection that has deadlines over one that has none. What
// it waits for is done on a goroutine, one for each direction at most:
//
//   - A Read whose deadline passes loses nothing: what comes later is for the
//     next.
//   - A Write whose deadline passes in the middle cannot be taken back. It is
//     the last: later ones return an error, as with TLS.
//
// After Close neither waits any more, whatever the connection below does. Its
// calls that are still at work then end with it.
type Conn struct {
	nc net.Conn // constant

	mu     sync.Mutex
	wake   sync.Cond // L is mu; at every change
	closed bool      // protected by mu
	stuck  bool      // protected by mu: a CloseWrite of what is below is still at work
	in     inward    // protected by mu
	out    outward   // protected by mu
}

// Give returns a *Conn over nc, which is then its alone, or a *HalfConn if nc
// has halves.
func Give(nc net.Conn) net.Conn {
	c := &Conn{nc: nc}
	c.wake.L = &c.mu
	if h, ok := nc.(halved); ok {
		return &HalfConn{c, h}
	}
	return c
}

// halved is a connection whose sending half can be ended.
type halved interface{ CloseWrite() error }

// HalfConn is a Conn over one whose sending half can be ended.
type HalfConn struct {
	*Conn
	half halved // constant
}

// change changes c and wakes all who wait.
func (c *Conn) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.wake.Broadcast()
}

// ring wakes all who wait: a deadline has passed.
func (c *Conn) ring() { c.change(func() {}) }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error { return c.set(t, &c.in.by, &c.out.by) }

// SetReadDeadline sets the deadline of Read, also of one at work.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.set(t, &c.in.by) }

// SetWriteDeadline sets the deadline of Write, also of one at work.
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

// LocalAddr returns that of the connection below.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns that of the connection below.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Close closes the connection, with TLS's farewell where that is below, and
// waits for this for 1 s at most.
func (c *Conn) Close() error {
	if !c.shut() {
		return net.ErrClosed
	}
	below := bottom(c.nc)
	if c.isStuck() { // TLS has one farewell
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

// Abort closes the connection without a farewell, and waits for nothing.
func (c *Conn) Abort() error {
	if !c.shut() {
		return net.ErrClosed
	}
	go bottom(c.nc).Close()
	return nil
}

// CloseWrite ends the sending half of the connection below, and waits for this
// for 1 s at most.
func (c *HalfConn) CloseWrite() error {
	err := within(c.half.CloseWrite)
	if err == errStuck {
		c.change(func() { c.stuck = true })
	}
	return err
}

// shut ends all that waits. It reports false when that has been done.
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

// within returns what f returns, or errStuck when that takes too long.
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

// bottom returns what is below TLS.
func bottom(nc net.Conn) net.Conn {
	for t, ok := nc.(interface{ NetConn() net.Conn }); ok; t, ok = nc.(interface{ NetConn() net.Conn }) {
		nc = t.NetConn()
	}
	return nc
}
