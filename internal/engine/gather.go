package engine

import (
	"context"
	"time"

	"github.com/twinws/ws/frame"
)

const (
	// gatherBytes bounds the coalesced frames, in bytes.
	gatherBytes = 64 << 10
	// gatherTime bounds how long they are held back.
	gatherTime = time.Millisecond
	// copyBytes is the largest payload that is copied after its header if the
	// stream supports vectored writes.
	copyBytes = 16 << 10
)

// The flags of Conn.later.
const (
	ahead uint32 = 1 << iota // a whole message is buffered for the next Read
	held                     // out is not nil
)

// note sets or clears a flag. The caller holds mu.
func (c *Conn) note(what uint32, is bool) {
	was := c.later.Load()
	now := was &^ what
	if is {
		now |= what
	}
	if now != was {
		c.later.Store(now)
	}
}

// ticker bounds how long frames are held back. Its timer continues from batch
// to batch, and is dropped if there was none for gatherTime.
type ticker struct {
	c     *Conn       // constant
	timer *time.Timer // protected by c.mu
	since time.Time   // protected by c.mu: when the last batch began
}

// place puts a frame with payload p in its position among all frames to be
// sent. It is either held back, or now is true: then the caller sends it with
// put, after b, and holds wire for that.
//
// Frames are held back while a whole unread message is buffered, since the
// reading goroutine is then expected to write again soon, and while another
// goroutine is writing, which then sends them.
func (c *Conn) place(ctx context.Context, h frame.Header, p []byte) (b *block, now bool, err error) {
	c.mu.Lock()
	if err := c.writableHeld(); err != nil {
		c.mu.Unlock()
		return b, false, err
	}
	if !c.cfg.NoGather && c.out.used()+frame.MaxHeaderLen+len(p) <= gatherBytes {
		soon := c.later.Load()&ahead != 0
		if !soon && c.wire.TryLock() {
			b = c.takeAll()
			c.mu.Unlock()
			return b, true, nil
		}
		if soon {
			c.tick()
		} else {
			c.due.Store(true)
		}
		c.hold(h, p)
		c.mu.Unlock()
		c.sendDue()
		return b, false, nil
	}
	c.mu.Unlock()
	if err := c.lockWire(ctx); err != nil {
		return b, false, err
	}
	b, err = c.takeWritable()
	return b, err == nil, err
}

// takeWritable takes the held-back frames, for the holder of wire who is about
// to write more. On error, when nothing can be written any more, it releases
// wire.
func (c *Conn) takeWritable() (*block, error) {
	c.mu.Lock()
	err := c.writableHeld()
	if err != nil {
		c.mu.Unlock()
		c.unlockWire()
		return nil, err
	}
	b := c.takeAll()
	c.mu.Unlock()
	return b, nil
}

// hold adds a frame to those held back. The caller holds mu.
func (c *Conn) hold(h frame.Header, p []byte) {
	c.holdPongs()
	c.out = c.addFrame(c.out, h, p)
	c.out.payload += int64(len(p))
	c.note(held, true)
}

// holdPongs moves the pongs that are due to the held-back frames, so that later
// frames are sent after them. The caller holds mu.
func (c *Conn) holdPongs() {
	if r := c.rare.Load(); r != nil && r.replies.count > 0 {
		c.out = c.addReplies(c.out, r.replies)
		r.replies = replies{}
	}
}

// takeAll takes the held-back frames, and the pongs that are due. The caller
// holds mu and wire.
func (c *Conn) takeAll() *block {
	c.holdPongs()
	if due := c.pingOut == pingDue; due != c.due.Load() {
		c.due.Store(due)
	}
	return c.takeOut()
}

// takeOut takes the held-back frames. The caller holds mu and wire.
func (c *Conn) takeOut() *block {
	b := c.out
	if b == nil {
		return nil
	}
	c.out = nil
	c.note(held, false)
	b.old = b.n
	if b.payload > 0 {
		c.buffered.Add(b.payload)
	}
	return b
}

// dropOut discards the held-back frames. The caller holds mu.
func (c *Conn) dropOut() {
	putBlock(c.out)
	c.out = nil
	c.note(held, false)
}

// done releases what takeOut returned.
func (c *Conn) done(b *block) {
	if b != nil && b.payload > 0 {
		c.buffered.Add(-b.payload)
	}
	putBlock(b)
}

// putBack makes the part of b that the stream did not accept the first of the
// held-back frames, and due. The caller holds wire.
func (c *Conn) putBack(b *block, sent int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.done(b)
	rest := b.used() - sent
	if rest == 0 || c.brokenBy() != nil {
		return
	}
	later := c.out
	all := getBlock(rest + later.used())
	all.n, all.payload = copy(all.mem, b.mem[sent:b.n]), min(b.payload, int64(rest))
	if later != nil {
		all.n += copy(all.mem[rest:], later.mem[:later.n])
		all.payload += later.payload
		putBlock(later)
	}
	c.out = all
	c.note(held, true)
	c.due.Store(true)
}

// lookAhead records whether a whole message is buffered for the next Read. The
// caller holds reading.
func (c *Conn) lookAhead() {
	now := !c.cfg.NoGather && !c.cur.have && frame.HoldsMessage(c.in.bytes())
	if now != (c.later.Load()&ahead != 0) {
		c.mu.Lock()
		c.note(ahead, now)
		c.mu.Unlock()
	}
}

// sendHeld sends the held-back frames before the caller, who holds reading,
// waits for the stream.
func (c *Conn) sendHeld() {
	if c.later.Load() != 0 {
		c.mu.Lock()
		c.note(ahead, false)
		if c.out != nil {
			c.due.Store(true)
		}
		c.mu.Unlock()
	}
	c.sendDue()
}

// tick makes sure that a frame that is about to be held back is sent in time.
// The caller holds mu.
func (c *Conn) tick() {
	switch r := c.more(); {
	case r.ticker == nil:
		t := &ticker{c: c, since: time.Now()}
		t.timer = time.AfterFunc(gatherTime, t.look)
		r.ticker = t
	case c.out == nil:
		r.ticker.since = time.Now()
	}
}

// look is the function of the timer.
func (t *ticker) look() {
	c := t.c
	c.mu.Lock()
	r := c.rare.Load()
	if r.ticker != t {
		c.mu.Unlock()
		return
	}
	if age := time.Since(t.since); age < gatherTime {
		t.timer.Reset(gatherTime - age)
		c.mu.Unlock()
		return
	}
	r.ticker = nil
	late := c.out != nil
	if late {
		// The reading goroutine did not write again soon.
		c.note(ahead, false)
		c.due.Store(true)
	}
	c.mu.Unlock()
	if late && c.wire.TryLock() {
		c.sendReplies()
	}
}
