package deadline

import (
	"io"
	"net"
	"os"
)

// outward is the direction of Write.
type outward struct {
	by     alarm
	turn   bool // a Write is in progress
	busy   bool // a Write of the connection below is in progress
	cutOff bool // it was in progress when its deadline passed

	n   int // its result
	err error
}

// Write writes p. The connection below is given a copy, since it may use it for
// longer than Write does.
func (c *Conn) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.wait(&c.out.turn); err != nil {
		return 0, err
	}
	c.out.turn = true
	defer func() {
		c.out.turn = false
		c.wake.Broadcast()
	}()
	for n < len(p) && err == nil {
		var k int
		k, err = c.push(p[n:min(len(p), n+room)])
		n += k
	}
	return n, err
}

// wait waits until busy is false. The caller holds mu.
func (c *Conn) wait(busy *bool) error {
	for {
		switch {
		case c.closed:
			return net.ErrClosed
		case c.out.cutOff:
			return errCutOff
		case c.out.by.over():
			return os.ErrDeadlineExceeded
		case !*busy:
			return nil
		}
		c.wake.Wait()
	}
}

// push makes one Write of the connection below. The caller holds mu.
func (c *Conn) push(p []byte) (int, error) {
	out := &c.out
	if err := c.wait(&out.busy); err != nil {
		return 0, err
	}
	buf := buffers.Get().(*[room]byte)
	out.busy = true
	go c.send(buf, copy(buf[:], p))
	for out.busy && !c.closed && !out.by.over() {
		c.wake.Wait()
	}
	if !out.busy { // also if the deadline has passed since
		return out.n, out.err
	}
	out.cutOff = true
	if c.closed {
		return 0, net.ErrClosed
	}
	return 0, os.ErrDeadlineExceeded
}

// send writes the first n bytes of buf to the connection below.
func (c *Conn) send(buf *[room]byte, n int) {
	k, err := c.nc.Write(buf[:n])
	if k = max(0, min(k, n)); k < n && err == nil {
		err = io.ErrShortWrite
	}
	buffers.Put(buf)
	c.change(func() { c.out.busy, c.out.n, c.out.err = false, k, err })
}
