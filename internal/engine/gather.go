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
	// transport supports vectored writes.
	copyBytes = 16 << 10
)

// The flags of Conn.later.
const (
	ahead uint32 = 1 << iota // a whole message is there for the next Read
	held                     // out is not nil
)

// noteLocked sets or clears a flag.
func (c *Conn) noteLocked(what uint32, is bool) {
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
// sent. It is either held back, or place returns a turn, whose owner then sends
// it.
//
// Frames are held back while a whole unread message is buffered, since the
// reading goroutine is then expected to write again soon, and while another
// goroutine is writing, which then sends them.
func (s sender) place(ctx context.Context, h frame.Header, p []byte) (turn, error) {
	c := s.c
	c.mu.Lock()
	if err := c.writableLocked(); err != nil {
		c.mu.Unlock()
		return turn{}, err
	}
	if !c.cfg.NoGather && c.out.used()+frame.MaxHeaderLen+len(p) <= gatherBytes {
		soon := c.later.Load()&ahead != 0
		if !soon && c.wire.TryLock() {
			b := c.takeAllLocked()
			c.mu.Unlock()
			return turn{c, b}, nil
		}
		if soon {
			c.tickLocked()
		} else {
			c.due.Store(true)
		}
		c.holdLocked(h, p)
		c.mu.Unlock()
		c.sendDue()
		return turn{}, nil
	}
	c.mu.Unlock()
	t, err := c.awaitTurn(ctx)
	if err != nil {
		return turn{}, err
	}
	if err := t.take(); err != nil {
		t.release()
		return turn{}, err
	}
	return t, nil
}

// holdLocked adds a frame to those held back.
func (c *Conn) holdLocked(h frame.Header, p []byte) {
	c.holdPongsLocked()
	c.out = c.addFrame(c.out, h, p)
	c.out.payload += int64(len(p))
	c.noteLocked(held, true)
}

// holdPongsLocked moves the pongs that are due to the held-back frames, so that
// later frames are sent after them.
func (c *Conn) holdPongsLocked() {
	if r := c.rare.Load(); r != nil && r.replies.count > 0 {
		c.out = c.addReplies(c.out, r.replies)
		r.replies = replies{}
	}
}

// takeAllLocked takes the held-back frames, and the pongs that are due. The
// caller has the turn.
func (c *Conn) takeAllLocked() *block {
	c.holdPongsLocked()
	if due := c.pingOut == pingDue; due != c.due.Load() {
		c.due.Store(due)
	}
	return c.takeOutLocked()
}

// takeOutLocked takes the held-back frames. The caller has the turn.
func (c *Conn) takeOutLocked() *block {
	b := c.out
	if b == nil {
		return nil
	}
	c.out = nil
	c.noteLocked(held, false)
	b.old = b.n
	if b.payload > 0 {
		c.buffered.Add(b.payload)
	}
	return b
}

// dropOutLocked discards the held-back frames.
func (c *Conn) dropOutLocked() {
	putBlock(c.out)
	c.out = nil
	c.noteLocked(held, false)
}

// lookAhead records whether a whole message is buffered for the next Read, or
// probably waits below the transport.
func (in *input) lookAhead() {
	c := in.c
	now := !c.cfg.NoGather && !in.cur.have && (frame.HoldsMessage(in.buf.bytes()) || c.socket.waitsBelow())
	if now != (c.later.Load()&ahead != 0) {
		c.mu.Lock()
		c.noteLocked(ahead, now)
		c.mu.Unlock()
	}
}

// sendHeld sends the held-back frames before waiting for the transport.
func (in *input) sendHeld() {
	c := in.c
	later := c.later.Load()
	if later&held != 0 && !in.cur.have && c.socket.waitsBelow() {
		later = 0 // there is no wait, and the next message may be answered too
	}
	if later != 0 {
		c.mu.Lock()
		c.noteLocked(ahead, false)
		if c.out != nil {
			c.due.Store(true)
		}
		c.mu.Unlock()
	}
	c.sendDue()
}

// tickLocked makes sure that a frame that is about to be held back is sent in
// time.
func (c *Conn) tickLocked() {
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
		c.noteLocked(ahead, false)
		c.due.Store(true)
	}
	c.mu.Unlock()
	if late {
		if t, ok := c.tryTurn(); ok {
			t.sendReplies()
		}
	}
}
