package engine

import (
	"context"
	"sync"
)

// incoming is the state of reading from the first byte of a message to its
// last. A connection that waits for a message has none.
type incoming struct {
	in  input   // protected by reading
	cur current // protected by reading
	msg message // protected by reading
	// turn is closed when a message that pings wait for has been read.
	turn chan struct{} // protected by reading
	// The buffer of the read in progress on the socket, nil while it waits;
	// that buffer if it is not the input's; and its result.
	into, direct []byte // protected by reading
	got          int    // protected by reading
	fault        error  // protected by reading
}

// resting is set by tests to inspect what is returned to the pool.
var resting func(*incoming)

// incomings are unused ones, which are as good as new.
var incomings sync.Pool

// lockReading acquires reading, and incoming: until doneReading it is nil only
// while waiting for the socket.
func (c *Conn) lockReading(ctx context.Context) error {
	err := c.reading.Lock(ctx)
	if err == nil {
		c.wake()
	}
	return err
}

// park releases the memory for a read, until there is something to read.
func (c *Conn) park() {
	c.into = nil
	c.in.release()
	c.rest()
}

// rest releases incoming if it is empty: no bytes, no frame, and no counts of
// an interrupted message.
func (c *Conn) rest() {
	if c.in.block == nil && c.in.len() == 0 && !c.cur.have && !c.msg.begun && c.msg.fragments == 0 && c.turn == nil && c.direct == nil {
		c.pace = c.in.pace
		if resting != nil {
			resting(c.incoming)
		}
		incomings.Put(c.incoming)
		c.incoming = nil
	}
}

// wake undoes rest.
func (c *Conn) wake() {
	if c.incoming == nil && !c.wakeOld() {
		c.incoming = new(incoming)
		c.in.pace = c.pace
	}
}

// wakeOld undoes rest, unless incoming would have to be allocated.
func (c *Conn) wakeOld() bool {
	x, ok := incomings.Get().(*incoming)
	if ok {
		c.incoming = x
		c.in.pace = c.pace
	}
	return ok
}
