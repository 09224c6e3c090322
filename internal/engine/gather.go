package engine

import (
	"context"
	"time"

	"github.com/twinws/ws/frame"
)

const (
	// gatherBytes bounds the frames that are held back, in bytes.
	gatherBytes = 64 << 10
	// gatherTime bounds how long they are.
	gatherTime = time.Millisecond
	// copyBytes is the largest payload that is copied behind its header where
	// the stream can gather the two.
	copyBytes = 16 << 10
)

// What Conn.later says.
const (
	ahead uint32 = 1 << iota // a whole message waits for the next Read
	held                     // out is not nil
)

// note says that what is, or is not. The caller holds mu.
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

// ticker ends the wait of what is held back. Its timer runs on from batch to
// batch, and is dropped once none has come for gatherTime.
type ticker struct {
	c     *Conn       // constant
	timer *time.Timer // protected by c.mu
	since time.Time   // protected by c.mu: when the last batch was begun
}

// place gives a frame with payload p its place among all that is sent. It is
// held back then, or now is true: the caller sends it by put, after b, and
// holds wire for that.
//
// Frames are held back while a whole unread message is held, since the reading
// goroutine is then about to come back, and while somebody else is writing, who
// then sends them, too.
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

// takeWritable takes what is held back, for who holds wire and wants to write
// more. On error, that nothing more can be written, it gives wire up.
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

// hold adds a frame to what is held back. The caller holds mu.
func (c *Conn) hold(h frame.Header, p []byte) {
	c.holdPongs()
	c.out = c.addFrame(c.out, h, p)
	c.out.payload += int64(len(p))
	c.note(held, true)
}

// holdPongs makes the pongs that are due a part of what is held back, so that
// what comes later is sent later. The caller holds mu.
func (c *Conn) holdPongs() {
	if r := c.rare.Load(); r != nil && r.replies.count > 0 {
		c.out = c.addReplies(c.out, r.replies)
		r.replies = replies{}
	}
}

// takeAll takes what is held back, and the pongs that are due. The caller holds
// mu and wire.
func (c *Conn) takeAll() *block {
	c.holdPongs()
	if due := c.pingOut == pingDue; due != c.due.Load() {
		c.due.Store(due)
	}
	return c.takeOut()
}

// takeOut takes what is held back. The caller holds mu and wire.
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

// dropOut throws away what is held back. The caller holds mu.
func (c *Conn) dropOut() {
	putBlock(c.out)
	c.out = nil
	c.note(held, false)
}

// done ends what takeOut returned.
func (c *Conn) done(b *block) {
	if b != nil && b.payload > 0 {
		c.buffered.Add(-b.payload)
	}
	putBlock(b)
}

// putBack makes what the stream did not take of b the first of what is held
// back, and due. The caller holds wire.
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

// lookAhead notes whether a whole message waits for the next Read. The caller
// holds reading.
func (c *Conn) lookAhead() {
	now := !c.cfg.NoGather && !c.cur.have && frame.HoldsMessage(c.in.bytes())
	if now != (c.later.Load()&ahead != 0) {
		c.mu.Lock()
		c.note(ahead, now)
		c.mu.Unlock()
	}
}

// sendHeld sends what is held back before the caller, who holds reading, waits
// for the stream.
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

// tick sees to it that what is about to be held back is sent in time. The
// caller holds mu.
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

// look is what the timer does.
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
		// Whoever reads is not that quick to come back.
		c.note(ahead, false)
		c.due.Store(true)
	}
	c.mu.Unlock()
	if late && c.wire.TryLock() {
		c.sendReplies()
	}
}
