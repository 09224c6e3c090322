package engine

import (
	"context"
	"sync"

	"github.com/twinws/ws/frame"
)

// input is what whoever reads has: the state of reading from the first byte of
// a message to its last. Locking reading returns it, and everything that
// reading protects is reached through it, what a connection always has (rules,
// silence) as c.rules and c.silence.
//
// A connection that waits for the first byte of a message has no input: it is
// given up by park, inside readTransport, which returns the one that it has
// afterwards. That may be another one. So may those of conclude and drain,
// which call it. All other functions of an input keep it, since they never wait
// at rest: they return errAtRest instead.
type input struct {
	c   *Conn // whose it is
	buf buffer
	cur current
	msg message
	// passed is closed when a message that pings wait for has been read.
	passed chan struct{}
	// The buffer of the read in progress on the socket, nil while it waits;
	// that buffer if it is not buf's; and its result.
	into, direct []byte
	got          int
	fault        error
}

// resting is set by tests to inspect what is returned to the pool.
var resting func(*input)

// inputs are unused ones, which are as good as new.
var inputs sync.Pool

// lockReading acquires reading, until release.
func (c *Conn) lockReading(ctx context.Context) (*input, error) {
	if err := c.reading.Lock(ctx); err != nil {
		return nil, err
	}
	return c.wake(), nil
}

// release ends an operation.
func (in *input) release() {
	c := in.c
	in.buf.release()
	in.lookAhead()
	if in.passed != nil && !in.payloadWaits() {
		close(in.passed)
		in.passed = nil
	}
	c.reading.Unlock()
	c.sendDue()
}

// atRest reports whether nothing has been read of what comes next: no byte, no
// frame, and no part of a message.
func (in *input) atRest() bool {
	return in.buf.len() == 0 && !in.cur.have && !in.msg.begun && in.msg.fragments == 0 && in.passed == nil
}

// park gives up the memory for a read, and the input if it is at rest, until
// there is something to read.
func (in *input) park() {
	in.into = nil
	in.buf.release()
	if !in.atRest() || in.direct != nil {
		return
	}
	c := in.c
	c.pace, c.in = in.buf.pace, nil
	in.c = nil
	if resting != nil {
		resting(in)
	}
	inputs.Put(in)
}

// wake returns the input, and takes or makes one if there is none.
func (c *Conn) wake() *input {
	if in := c.in; in != nil {
		return in
	}
	return c.wakeAny()
}

// wakeAny is wake for a connection without input.
func (c *Conn) wakeAny() *input {
	if in := c.wakeOld(); in != nil {
		return in
	}
	c.in = &input{c: c}
	c.in.buf.pace = c.pace
	return c.in
}

// wakeOld is wakeAny that allocates nothing: it returns nil if there is no old
// one.
func (c *Conn) wakeOld() *input {
	in, ok := inputs.Get().(*input)
	if !ok {
		return nil
	}
	in.c, in.buf.pace, c.in = c, c.pace, in
	return in
}

// ReadBuffered returns how many payload bytes of data frames are buffered and
// not yet read, compressed ones by their compressed size. While a Read is
// blocked it is 0: less than a header is buffered then.
func (c *Conn) ReadBuffered() int64 {
	if !c.reading.TryLock() {
		return 0
	}
	defer c.reading.Unlock()
	if c.in == nil {
		return 0
	}
	return c.in.payload()
}

// payload is ReadBuffered.
func (in *input) payload() (n int64) {
	n = int64(len(in.msg.partial))
	rest := in.buf.bytes()
	next := frame.Header{Opcode: frame.OpClose} // not counted
	left := int64(0)
	if in.cur.have {
		next, left = in.cur.h, in.cur.left
	}
	for {
		payload := min(left, int64(len(rest)))
		if !next.Opcode.IsControl() {
			n += payload
		}
		rest = rest[payload:]
		h, size, err := frame.ParseHeader(rest)
		if err != nil {
			return n
		}
		rest, next, left = rest[size:], h, h.Length
	}
}
