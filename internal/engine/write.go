package engine

import (
	"context"
	"slices"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/deflate"
)

// cutOffError is the cause of a connection whose outgoing message was
// truncated, because of its context or, in a transport, of its text.
type cutOffError struct{ err error }

func (e *cutOffError) Error() string {
	return "a message was truncated while it was sent, and cannot be withdrawn: " + e.err.Error()
}
func (e *cutOffError) Unwrap() error { return e.err }

// sender is the right to send data messages, which locking sending returns: to
// place their frames, and to compress.
type sender struct{ c *Conn }

// lockSending acquires sending, until release.
func (c *Conn) lockSending(ctx context.Context) (sender, error) {
	return sender{c}, c.sending.Lock(ctx)
}

func (s sender) release() { s.c.sending.Unlock() }

// compressor is for a connection that compresses.
func (s sender) compressor() *deflate.Compressor { return s.c.rare.Load().compression.sent }

// Write sends p as one message in one frame, compressed if that was negotiated
// and makes it smaller.
func (c *Conn) Write(ctx context.Context, typ api.MessageType, p []byte) error {
	c.buffered.Add(int64(len(p)))
	s, err := c.lockSending(ctx)
	switch {
	case err != nil:
	case c.compresses(p):
		err = s.whole(ctx, frame.Opcode(typ), p)
		s.release()
	default:
		var t turn
		t, err = s.place(ctx, whole(typ), p)
		// The next message may follow this one before this one is sent.
		s.release()
		switch {
		case t.none():
		case t.out.fits(p): // as send would check, but with less stack
			t.add(whole(typ), p)
			err = t.flush(ctx)
			t.release()
		default:
			err = t.send(ctx, whole(typ), p)
			t.release()
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

// whole sends a message in one frame.
func (s sender) whole(ctx context.Context, op frame.Opcode, p []byte) error {
	h := frame.Header{Fin: true, Opcode: op}
	if !s.c.compresses(p) {
		return s.frame(ctx, h, p)
	}
	b := getDeflated()
	small := s.compressor().Append((*b)[:0], p)
	defer func() { putDeflated(b, small) }()
	if len(small) >= len(p) {
		return s.frame(ctx, h, p)
	}
	h.RSV1 = true
	err := s.frame(ctx, h, small)
	if err == nil {
		// Only now: later messages cannot refer to one that was not sent.
		s.compressor().Sent(p)
	}
	return err
}

// frame sends one frame with header h and payload p, or holds it back. If it
// returns ctx.Err(), nothing of the frame was sent and the connection is
// unchanged.
func (s sender) frame(ctx context.Context, h frame.Header, p []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, err := s.place(ctx, h, p)
	if !t.none() {
		err = t.send(ctx, h, p)
		t.release()
	}
	return err
}

// addFrame adds a whole frame to b, which may be nil.
func (c *Conn) addFrame(b *block, h frame.Header, p []byte) *block {
	b = growBlock(b, frame.MaxHeaderLen+len(p))
	b.n = len(c.appendFrame(b.mem[:b.n], h, p))
	return b
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

// writableLocked is writable.
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
