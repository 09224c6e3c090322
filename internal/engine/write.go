package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// cutOffError is the cause of a connection whose outgoing message was
// truncated, because of its context or, in a transport, of its text.
type cutOffError struct{ err error }

func (e *cutOffError) Error() string {
	return "a message was truncated while it was sent, and cannot be withdrawn: " + e.err.Error()
}
func (e *cutOffError) Unwrap() error { return e.err }

// Write sends p as one message in one frame, compressed if that was negotiated
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
		// The next message may follow this one before this one is sent.
		c.sending.Unlock()
		switch err = failed; {
		case !now:
		case b.fits(p): // as put would check, but with less stack
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

// compresses reports whether to try to compress p.
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
		// Only now: later messages cannot refer to one that was not sent.
		c.rare.Load().sent.Sent(p)
	}
	return err
}

// writeFrame sends one frame with header h and payload p, or holds it back. If
// it returns ctx.Err(), nothing of the frame was sent and the connection is
// unchanged. The caller holds sending.
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

// put sends b and then one frame with header h and payload p. The caller holds
// wire, which it releases.
func (c *Conn) put(ctx context.Context, b *block, h frame.Header, p []byte) error {
	if b.fits(p) {
		return c.send(ctx, c.addFrame(b, h, p))
	}
	b, sent, err := c.emit(ctx, b, h, p)
	return c.putDone(ctx, b, sent, err)
}

// send sends b, which ends with a frame of the caller's. The caller holds wire,
// which it releases. The common case of a single write makes few nested calls,
// so that writing small messages needs a small stack only.
func (c *Conn) send(ctx context.Context, b *block) error {
	if b.n > c.stride() || !outlives(ctx, c.transport) {
		return c.sendRest(ctx, b, 0, nil, false)
	}
	var n int
	var err error
	if c.socket.raw != nil {
		n, err = c.writeSocket(b.mem[:b.n])
	} else {
		c.beginWrite()
		n, err = c.transport.Write(b.mem[:b.n])
	}
	if fired := c.endWatch(&c.writes); fired || err != nil || n != b.n {
		return c.sendRest(ctx, b, n, err, fired)
	}
	c.written.Add(uint32(n))
	c.done(b)
	c.unlockWire()
	return nil
}

// sendRest is send after a write that accepted n bytes.
func (c *Conn) sendRest(ctx context.Context, b *block, n int, err error, fired bool) error {
	p := b.mem[:b.n]
	if n < 0 || n > len(p) {
		return c.putDone(ctx, b, 0, errTooMuch)
	}
	c.written.Add(uint32(n))
	if n, err = c.judgeWrite(ctx, n, err, fired); err == nil {
		var k int
		k, err = c.writeTransport(ctx, p[n:], nil)
		n += k
	}
	return c.putDone(ctx, b, n, err)
}

// putDone ends a put, of which the transport accepted sent bytes.
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

// emit writes b and then a long frame, through b or a larger block. It returns
// how many bytes the transport accepted.
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
		sent, err = c.writeTransport(ctx, head, p[fits:])
		return b, sent, err
	}
	// Masking requires a copy, since p belongs to the caller.
	pos := frame.MaskCopy(head[start:], p[:fits], h.Key, 0)
	for {
		n, err := c.writeTransport(ctx, head, nil)
		sent += n
		if p = p[fits:]; err != nil || len(p) == 0 {
			return b, sent, err
		}
		fits = min(len(p), len(b.mem))
		head = b.mem[:fits]
		pos = frame.MaskCopy(head, p[:fits], h.Key, pos)
	}
}

// copied returns how many bytes of a long payload of n are copied after the
// header: none if the transport supports vectored writes.
func (c *Conn) copied(n int) int {
	if vectored(c.transport) {
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

// writable returns why no more frames can be sent, nil if they can.
func (c *Conn) writable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writableLocked()
}

// writableLocked is writable for the holder of mu.
func (c *Conn) writableLocked() error {
	if err := c.closing.err(); err != nil {
		return err
	}
	if err := c.brokenLocked(); err != nil {
		return &api.CloseError{Code: api.StatusAbnormalClosure, Cause: err}
	}
	return nil
}

// brokenLocked returns why the transport accepts no more bytes, nil if it does.
func (c *Conn) brokenLocked() error {
	if c.closing.state() == stateEnded {
		return c.closing.err()
	}
	if r := c.rare.Load(); r != nil {
		return r.broken
	}
	return nil
}

// breakWrites records that the transport accepts no more bytes. Reading
// continues: what the peer sent before, in particular its close frame, is still
// delivered. A peer that does not read is disconnected at once: it might send
// indefinitely.
func (c *Conn) breakWrites(err error) {
	if err == api.ErrWriteTimeout {
		c.end(false, err, atOnce)
		return
	}
	c.mu.Lock()
	if c.brokenLocked() == nil {
		c.more().broken = err
		c.dropOutLocked()
	}
	c.mu.Unlock()
}
