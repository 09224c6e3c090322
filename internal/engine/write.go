package engine

import (
	"context"
	"errors"

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
	defer c.buffered.Add(-int64(len(p)))
	if err := c.sending.Lock(ctx); err != nil {
		return err
	}
	defer c.sending.Unlock()
	return c.writeWhole(ctx, frame.Opcode(typ), p)
}

// writeWhole sends a message in one frame. The caller holds sending.
func (c *Conn) writeWhole(ctx context.Context, op frame.Opcode, p []byte) error {
	h := frame.Header{Fin: true, Opcode: op}
	if c.sent == nil || len(p) < c.cfg.Deflate.Threshold {
		return c.writeFrame(ctx, h, p)
	}
	b := getDeflated()
	small := c.sent.Append((*b)[:0], p)
	defer func() { putDeflated(b, small) }()
	if len(small) >= len(p) {
		return c.writeFrame(ctx, h, p)
	}
	h.RSV1 = true
	err := c.writeFrame(ctx, h, small)
	if err == nil {
		// Only now: a message that was not sent is nothing to refer to.
		c.sent.Sent(p)
	}
	return err
}

// writeFrame sends one frame of h's kind with payload p. When it returns
// ctx.Err() nothing of the frame was sent and the connection is as it was.
func (c *Conn) writeFrame(ctx context.Context, h frame.Header, p []byte) error {
	if err := c.lockWire(ctx); err != nil {
		return err
	}
	return c.writeHeld(ctx, h, p)
}

// writeHeld is writeFrame for who holds wire, which it gives up.
func (c *Conn) writeHeld(ctx context.Context, h frame.Header, p []byte) error {
	defer c.unlockWire()
	if err := c.writable(); err != nil {
		return err
	}
	b := writeBuffers.get()
	defer writeBuffers.put(b)
	sent, err := c.emit(ctx, b[:0], h, p)
	if err == nil {
		return nil
	}
	return c.writeFailed(ctx, sent, err)
}

// emit writes the frame through buf, whose capacity is at least writeBuffer. It
// returns how many bytes the stream took.
func (c *Conn) emit(ctx context.Context, buf []byte, h frame.Header, p []byte) (sent int, err error) {
	fits := min(len(p), writeBuffer-frame.MaxHeaderLen)
	h.Length = int64(len(p))
	if c.cfg.Client {
		h.Masked = true
		h.Key = c.cfg.Keys()
	}
	head := frame.AppendHeader(buf, h)
	start := len(head)
	head = head[:start+fits]
	if !h.Masked {
		copy(head[start:], p)
		return c.writeStream(ctx, head, p[fits:])
	}
	// What is masked must be copied, since p is the caller's.
	pos := frame.MaskCopy(head[start:], p[:fits], h.Key, 0)
	for {
		n, err := c.writeStream(ctx, head, nil)
		sent += n
		if p = p[fits:]; err != nil || len(p) == 0 {
			return sent, err
		}
		fits = min(len(p), writeBuffer)
		head = head[:fits]
		pos = frame.MaskCopy(head, p[:fits], h.Key, pos)
	}
}

// appendFrame appends a whole frame to dst.
func (c *Conn) appendFrame(dst []byte, h frame.Header, p []byte) []byte {
	h.Length = int64(len(p))
	if c.cfg.Client {
		h.Masked = true
		h.Key = c.cfg.Keys()
	}
	dst = frame.AppendHeader(dst, h)
	start := len(dst)
	dst = append(dst, p...)
	if h.Masked {
		frame.Mask(dst[start:], h.Key, 0)
	}
	return dst
}

// writable returns why no more frames can be sent, nil when they can.
func (c *Conn) writable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.closing.err(); err != nil {
		return err
	}
	if c.broken != nil {
		return &api.CloseError{Code: api.StatusAbnormalClosure, Cause: c.broken}
	}
	return nil
}

// writeFailed says what a failed write of a frame means, of which the stream
// took sent bytes.
func (c *Conn) writeFailed(ctx context.Context, sent int, err error) error {
	if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
		c.breakWrites(err)
		return c.writable()
	}
	if sent == 0 && !c.cfg.CutOffBreaks {
		return err
	}
	return c.end(true, &cutOffError{err}, true)
}

// breakWrites notes that the stream takes no more bytes. Reading goes on: what
// the peer sent before, its close frame above all, is still to be delivered. A
// peer that does not read is let go at once: it might send for ever.
func (c *Conn) breakWrites(err error) {
	if err == api.ErrWriteTimeout {
		c.end(false, err, true)
		return
	}
	c.mu.Lock()
	if c.broken == nil {
		c.broken = err
	}
	c.mu.Unlock()
}
