package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// cutOffError is the cause of a connection whose outgoing message was cut off,
// by its context or, in a stream, by its text.
type cutOffError struct{ err error }

func (e *cutOffError) Error() string {
	return "a message was cut off while it was sent, and cannot be taken back: " + e.err.Error()
}
func (e *cutOffError) Unwrap() error { return e.err }

// Write sends p as one message in one frame, compressed when that was agreed on
// and makes it smaller.
func (c *Conn) Write(ctx context.Context, typ api.MessageType, p []byte) error {
	c.buffered.Add(int64(len(p)))
	err := c.sending.Lock(ctx)
	switch {
	case err != nil:
	case c.compresses(p):
		err = c.writeWhole(ctx, frame.Opcode(typ), p)
		c.sending.Unlock()
	default:
		b, now, failed := c.place(ctx, whole(typ), p)
		// The next message may come behind this one before this one is sent.
		c.sending.Unlock()
		switch err = failed; {
		case !now:
		case b.fits(p): // as put would see, whose stack a small message need not have
			err = c.send(ctx, c.addFrame(b, whole(typ), p))
		default:
			err = c.put(ctx, b, whole(typ), p)
		}
	}
	c.buffered.Add(-int64(len(p)))
	return err
}

// whole is the header of a message in one frame.
func whole(typ api.MessageType) frame.Header {
	return frame.Header{Fin: true, Opcode: frame.Opcode(typ)}
}

// compresses reports whether compression is tried on p.
func (c *Conn) compresses(p []byte) bool {
	r := c.rare.Load()
	return r != nil && r.compression != nil && len(p) >= c.cfg.Deflate.Threshold
}

// writeWhole sends a message in one frame. The caller holds sending.
func (c *Conn) writeWhole(ctx context.Context, op frame.Opcode, p []byte) error {
	h := frame.Header{Fin: true, Opcode: op}
	if !c.compresses(p) {
		return c.writeFrame(ctx, h, p)
	}
	b := getDeflated()
	small := c.rare.Load().sent.Append((*b)[:0], p)
	defer func() { putDeflated(b, small) }()
	if len(small) >= len(p) {
		return c.writeFrame(ctx, h, p)
	}
	h.RSV1 = true
	err := c.writeFrame(ctx, h, small)
	if err == nil {
		// Only now: a message that was not sent is nothing to refer to.
		c.rare.Load().sent.Sent(p)
	}
	return err
}

// writeFrame sends one frame of h's kind with payload p, or holds it back. When
// it returns ctx.Err() nothing of the frame was sent and the connection is as
// it was. The caller holds sending.
func (c *Conn) writeFrame(ctx context.Context, h frame.Header, p []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b, now, err := c.place(ctx, h, p)
	if now {
		err = c.put(ctx, b, h, p)
	}
	return err
}

// put sends b and then one frame of h's kind with payload p. The caller holds
// wire, which it gives up.
func (c *Conn) put(ctx context.Context, b *block, h frame.Header, p []byte) error {
	if b.fits(p) {
		return c.send(ctx, c.addFrame(b, h, p))
	}
	b, sent, err := c.emit(ctx, b, h, p)
	return c.putDone(ctx, b, sent, err)
}

// send sends b, which ends with a frame of the caller's. The caller holds wire,
// which it gives up. What takes but one write, as most does, goes down few
// calls: who writes small messages needs a small stack alone.
func (c *Conn) send(ctx context.Context, b *block) error {
	if b.n > c.stride() || !outlives(ctx, c.stream) {
		return c.sendRest(ctx, b, 0, nil, false)
	}
	var n int
	var err error
	if c.socket.raw != nil {
		n, err = c.writeSocket(b.mem[:b.n])
	} else {
		c.beginWrite()
		n, err = c.stream.Write(b.mem[:b.n])
	}
	if fired := c.endWatch(&c.writes); fired || err != nil || n != b.n {
		return c.sendRest(ctx, b, n, err, fired)
	}
	c.written.Add(uint32(n))
	c.done(b)
	c.unlockWire()
	return nil
}

// sendRest is send behind a write that took n bytes.
func (c *Conn) sendRest(ctx context.Context, b *block, n int, err error, fired bool) error {
	p := b.mem[:b.n]
	if n < 0 || n > len(p) {
		return c.putDone(ctx, b, 0, errTooMuch)
	}
	c.written.Add(uint32(n))
	if n, err = c.judgeWrite(ctx, n, err, fired); err == nil {
		var k int
		k, err = c.writeStream(ctx, p[n:], nil)
		n += k
	}
	return c.putDone(ctx, b, n, err)
}

// putDone ends a put, of which the stream took sent bytes.
func (c *Conn) putDone(ctx context.Context, b *block, sent int, err error) error {
	defer c.unlockWire()
	switch {
	case err == nil:
		c.done(b)
		return nil
	case ctx.Err() == nil || !errors.Is(err, ctx.Err()):
		c.done(b)
		c.breakWrites(err)
		return c.writable()
	case sent <= b.old && !c.cfg.CutOffBreaks:
		if b.old > 0 {
			b.n = b.old
			c.putBack(b, sent)
		} else {
			c.done(b)
		}
		return err
	}
	c.done(b)
	return &cutShort{c.end(true, &cutOffError{err}, atOnce), err}
}

// addFrame adds a whole frame to b, which may be nil.
func (c *Conn) addFrame(b *block, h frame.Header, p []byte) *block {
	b = growBlock(b, frame.MaxHeaderLen+len(p))
	b.n = len(c.appendFrame(b.mem[:b.n], h, p))
	return b
}

// emit writes b and then a long frame, through b or a larger one. It returns
// how many bytes the stream took.
func (c *Conn) emit(ctx context.Context, b *block, h frame.Header, p []byte) (all *block, sent int, err error) {
	h.Length = int64(len(p))
	if c.cfg.Client {
		h.Masked = true
		h.Key = c.cfg.Keys()
	}
	room := len(p)
	if !h.Masked && room > copyBytes {
		room = c.copied(room)
	}
	b = growBlock(b, min(frame.MaxHeaderLen+room, max(largeBlock-b.used(), frame.MaxHeaderLen)))
	head := frame.AppendHeader(b.mem[:b.n], h)
	start := len(head)
	fits := min(room, len(b.mem)-start)
	head = head[:start+fits]
	b.n = len(head)
	if !h.Masked {
		copy(head[start:], p)
		sent, err = c.writeStream(ctx, head, p[fits:])
		return b, sent, err
	}
	// What is masked must be copied, since p is the caller's.
	pos := frame.MaskCopy(head[start:], p[:fits], h.Key, 0)
	for {
		n, err := c.writeStream(ctx, head, nil)
		sent += n
		if p = p[fits:]; err != nil || len(p) == 0 {
			return b, sent, err
		}
		fits = min(len(p), len(b.mem))
		head = b.mem[:fits]
		pos = frame.MaskCopy(head, p[:fits], h.Key, pos)
	}
}

// copied returns how many bytes of a long payload of n are copied behind the
// header: none where the stream can gather the two.
func (c *Conn) copied(n int) int {
	if vectored(c.stream) {
		return 0
	}
	return n
}

// appendFrame appends a whole frame to dst.
func (c *Conn) appendFrame(dst []byte, h frame.Header, p []byte) []byte {
	h.Length = int64(len(p))
	if c.cfg.Client {
		h.Masked = true
		h.Key = c.cfg.Keys()
	}
	dst = frame.AppendHeader(dst, h)
	if !h.Masked {
		return append(dst, p...)
	}
	start := len(dst)
	dst = slices.Grow(dst, len(p))[:start+len(p)]
	frame.MaskCopy(dst[start:], p, h.Key, 0)
	return dst
}

// writable returns why no more frames can be sent, nil when they can.
func (c *Conn) writable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writableHeld()
}

// writableHeld is writable for who holds mu.
func (c *Conn) writableHeld() error {
	if err := c.closing.err(); err != nil {
		return err
	}
	if err := c.brokenBy(); err != nil {
		return &api.CloseError{Code: api.StatusAbnormalClosure, Cause: err}
	}
	return nil
}

// brokenBy returns why the stream takes no more bytes, nil while it does. The
// caller holds mu.
func (c *Conn) brokenBy() error {
	if c.closing.state() == stateEnded {
		return c.closing.err()
	}
	if r := c.rare.Load(); r != nil {
		return r.broken
	}
	return nil
}

// breakWrites notes that the stream takes no more bytes. Reading goes on: what
// the peer sent before, its close frame above all, is still to be delivered. A
// peer that does not read is let go at once: it might send for ever.
func (c *Conn) breakWrites(err error) {
	if err == api.ErrWriteTimeout {
		c.end(false, err, atOnce)
		return
	}
	c.mu.Lock()
	if c.brokenBy() == nil {
		c.more().broken = err
		c.dropOut()
	}
	c.mu.Unlock()
}
