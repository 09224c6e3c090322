package engine

import (
	"context"
	"sync"
)

// incoming is what reading needs between the first byte of a message and its
// last. A connection that waits for a message has none.
type incoming struct {
	in  input   // protected by reading
	cur current // protected by reading
	msg message // protected by reading
	// turn is what pings wait for to be closed.
	turn chan struct{} // protected by reading
	// Where the read at work on the socket puts bytes, nil while it waits;
	// where if not into the input; and what it came to.
	into, direct []byte // protected by reading
	got          int    // protected by reading
	fault        error  // protected by reading
}

// resting is set by tests, which look at what comes back to the pool.
var resting func(*incoming)

// incomings has those that nobody uses. Each is as good as new.
var incomings sync.Pool

// lockReading takes reading, and with it incoming: until doneReading it is nil
// only while the socket is waited for.
func (c *Conn) lockReading(ctx context.Context) error {
	err := c.reading.Lock(ctx)
	if err == nil {
		c.wake()
	}
	return err
}

// park gives up what a read needs, until there is something to read.
func (c *Conn) park() {
	c.into = nil
	c.in.release()
	c.rest()
}

// rest gives incoming up if there is nothing in it: no bytes, no frame, and of
// no message that was cut off what has been counted.
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

// wakeOld undoes rest, unless incoming would have to be made.
func (c *Conn) wakeOld() bool {
	x, ok := incomings.Get().(*incoming)
	if ok {
		c.incoming = x
		c.in.pace = c.pace
	}
	return ok
}
