package engine

import (
	"context"
	"errors"

	"github.com/twinws/ws/frame"
)

// turn is the right to write to the transport, which locking wire returns, with
// the frames that are to be sent, all of them whole. The zero turn is none.
//
// It is a value, since a pool for it would cost more than what it is for.
// Whoever has it uses it or passes it on, and releases it once.
type turn struct {
	c   *Conn
	out *block // frames to be sent, nil for none
}

// tryTurn acquires wire, until release, unless another goroutine is writing.
func (c *Conn) tryTurn() (t turn, ok bool) {
	if !c.wire.TryLock() {
		return turn{}, false
	}
	return turn{c: c}, true
}

// awaitTurn acquires wire, until release. On error it calls sendDue, since
// waiting for wire may have kept what is due from being sent: the lock is
// granted in order of arrival.
func (c *Conn) awaitTurn(ctx context.Context) (turn, error) {
	err := c.wire.Lock(ctx)
	if err == nil && ctx.Err() != nil {
		c.wire.Unlock()
		err = ctx.Err()
	}
	if err != nil {
		c.sendDue()
		return turn{}, err
	}
	return turn{c: c}, nil
}

// none reports whether there is no turn.
func (t turn) none() bool { return t.c == nil }

// release ends the turn, and has what became due meanwhile sent.
func (t turn) release() {
	t.c.wire.Unlock()
	t.c.sendDue()
}

// take takes the frames that are held back, of a connection that is about to
// send another. It returns an error if nothing can be sent any more.
func (t *turn) take() error {
	c := t.c
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.writableLocked()
	if err == nil {
		t.out = c.takeAllLocked()
	}
	return err
}

// add adds a whole frame to those to be sent.
func (t *turn) add(h frame.Header, p []byte) { t.out = t.c.addFrame(t.out, h, p) }

// send sends the turn's frames and then one with header h and payload p.
func (t *turn) send(ctx context.Context, h frame.Header, p []byte) error {
	if t.out.fits(p) {
		t.add(h, p)
		return t.flush(ctx)
	}
	sent, err := t.emit(ctx, h, p)
	return t.sent(ctx, sent, err)
}

// flush sends the turn's frames, the last of which is the caller's. The common
// case of a single write makes few nested calls, so that writing small messages
// needs a small stack only.
func (t *turn) flush(ctx context.Context) error {
	c, b := t.c, t.out
	if b.n > c.stride() || !outlives(ctx, c.transport) {
		return t.flushRest(ctx, 0, nil, false)
	}
	var n int
	var err error
	if c.socket.direct() {
		n, err = t.writeSocket(b.mem[:b.n])
	} else {
		c.beginWrite()
		n, err = c.transport.Write(b.mem[:b.n])
	}
	if fired := c.endWatch(&c.writes); fired || err != nil || n != b.n {
		return t.flushRest(ctx, n, err, fired)
	}
	c.written.Add(uint32(n))
	t.done()
	return nil
}

// flushRest is flush after a write that accepted n bytes.
func (t *turn) flushRest(ctx context.Context, n int, err error, fired bool) error {
	c, p := t.c, t.out.mem[:t.out.n]
	if n < 0 || n > len(p) {
		return t.sent(ctx, 0, errTooMuch)
	}
	c.written.Add(uint32(n))
	if n, err = c.judgeWrite(ctx, n, err, fired); err == nil {
		var k int
		k, err = t.writeTransport(ctx, p[n:], nil)
		n += k
	}
	return t.sent(ctx, n, err)
}

// sent ends a send, of which the transport accepted n bytes. It returns the
// error of the operation.
func (t *turn) sent(ctx context.Context, n int, err error) error {
	c := t.c
	switch {
	case err == nil:
		t.done()
		return nil
	case ctx.Err() == nil || !errors.Is(err, ctx.Err()):
		t.done()
		c.breakWrites(err)
		return c.writable()
	case n <= t.before() && !c.cfg.CutOffBreaks:
		t.putBack(n)
		return err
	}
	t.done()
	return &cutShort{c.end(true, &cutOffError{err}, atOnce), err}
}

// before is how many bytes of out were held back before the turn.
func (t *turn) before() int { return t.out.old }

// done releases the block of frames that were sent, or never will be.
func (t *turn) done() {
	b := t.out
	t.out = nil
	if b != nil && b.payload > 0 {
		t.c.buffered.Add(-b.payload)
	}
	putBlock(b)
}

// putBack makes the part of the frames from before the turn that the transport
// did not accept, all but n bytes, the first of the held-back frames, and due.
func (t *turn) putBack(n int) {
	c, b := t.c, t.out
	c.mu.Lock()
	defer c.mu.Unlock()
	defer t.done()
	rest := t.before() - n
	if rest == 0 || c.brokenLocked() != nil {
		return
	}
	later := c.out
	all := getBlock(rest + later.used())
	all.n, all.payload = copy(all.mem, b.mem[n:n+rest]), min(b.payload, int64(rest))
	if later != nil {
		all.n += copy(all.mem[rest:], later.mem[:later.n])
		all.payload += later.payload
		putBlock(later)
	}
	c.out = all
	c.noteLocked(held, true)
	c.due.Store(true)
}

// emit writes the turn's frames and then a long one, through their block or a
// larger one. It returns how many bytes the transport accepted.
func (t *turn) emit(ctx context.Context, h frame.Header, p []byte) (sent int, err error) {
	c := t.c
	h.Length = int64(len(p))
	if c.cfg.Client {
		h.Masked = true
		h.Key = c.cfg.Keys()
	}
	room := len(p)
	if !h.Masked && room > copyBytes {
		room = c.copied(room)
	}
	b := growBlock(t.out, min(frame.MaxHeaderLen+room, max(largeBlock-t.out.used(), frame.MaxHeaderLen)))
	t.out = b
	head := frame.AppendHeader(b.mem[:b.n], h)
	start := len(head)
	fits := min(room, len(b.mem)-start)
	head = head[:start+fits]
	b.n = len(head)
	if !h.Masked {
		copy(head[start:], p)
		return t.writeTransport(ctx, head, p[fits:])
	}
	// Masking requires a copy, since p belongs to the caller.
	pos := frame.MaskCopy(head[start:], p[:fits], h.Key, 0)
	for {
		n, err := t.writeTransport(ctx, head, nil)
		sent += n
		if p = p[fits:]; err != nil || len(p) == 0 {
			return sent, err
		}
		fits = min(len(p), len(b.mem))
		head = b.mem[:fits]
		pos = frame.MaskCopy(head, p[:fits], h.Key, pos)
	}
}
