package deadline

import (
	"net"
	"os"
	"sync"
)

// room is how much is read or written at once, in bytes.
const room = 16 << 10

var buffers = sync.Pool{New: func() any { return new([room]byte) }}

// inward is the direction of Read.
type inward struct {
	by   alarm
	busy bool // a Read of the connection below is in progress
	come bool // it has returned, and its result has not been taken

	held []byte
	buf  *[room]byte // the memory of held
	err  error       // after held
}

// forget discards the result.
func (in *inward) forget() {
	if in.buf != nil {
		buffers.Put(in.buf)
	}
	in.come, in.held, in.buf, in.err = false, nil, nil, nil
}

// Read returns what has been read, or waits for it. Like a socket it checks its
// deadline before its data.
func (c *Conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if err := c.await(); err != nil {
		return 0, err
	}
	return c.in.take(p)
}

// AwaitRead waits until Read would not block, so that its caller needs no
// buffer meanwhile.
func (c *Conn) AwaitRead() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.await()
}

// await is AwaitRead for the holder of mu.
func (c *Conn) await() error {
	for {
		switch in := &c.in; {
		case c.closed:
			return net.ErrClosed
		case in.by.over():
			return os.ErrDeadlineExceeded
		case in.come:
			return nil
		case !in.busy:
			in.busy = true
			go c.fetch()
		}
		c.wake.Wait()
	}
}

// take copies data to p.
func (in *inward) take(p []byte) (n int, err error) {
	n = copy(p, in.held)
	if in.held = in.held[n:]; len(in.held) == 0 {
		err = in.err
		in.forget()
	}
	return n, err
}

// fetch makes one Read of the connection below.
func (c *Conn) fetch() {
	var n int
	var err error
	if a, ok := c.nc.(interface{ AwaitRead() error }); ok {
		err = a.AwaitRead()
	}
	buf := buffers.Get().(*[room]byte)
	if err == nil {
		n, err = c.nc.Read(buf[:])
	}
	c.change(func() {
		in := &c.in
		in.busy, in.come = false, true
		in.buf, in.held, in.err = buf, buf[:max(0, min(n, room))], err
		if c.closed {
			in.forget()
		}
	})
}
