package engine

import (
	"context"
	"errors"
	"io"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/deflate"
)

var errWriterClosed = errors.New("the message has ended: its stream is closed")

// Writer returns a stream whose bytes form one message. No other message is
// sent until it is closed.
func (c *Conn) Writer(ctx context.Context, typ api.MessageType) (io.WriteCloser, error) {
	s, err := c.lockSending(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.writable(); err != nil {
		s.release()
		return nil, err
	}
	return &messageWriter{c: c, s: s, ctx: ctx, typ: typ, op: frame.Opcode(typ)}, nil
}

// messageWriter buffers up to middleBlock bytes and sends them as a fragment. A
// message that fits is one frame. In a version without fragments it buffers the
// whole message.
type messageWriter struct {
	c    *Conn
	s    sender // until release
	ctx  context.Context
	typ  api.MessageType
	op   frame.Opcode    // of the next frame
	zip  *deflate.Stream // of a compressed message of several frames; nil until the first is sent
	text frame.UTF8
	buf  *block // of middleBlock bytes; nil while empty
	n    int
	all  []byte // the message, instead of buf, in a version without fragments
	err  error  // sticky; errWriterClosed after Close
}

// Write adds p to the message. Bytes that would make text invalid are rejected,
// and the stream is unchanged.
func (w *messageWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.typ == api.MessageText {
		text := w.text
		if !text.Write(p) {
			return 0, &api.ArgumentError{Name: "p", Problem: "a text message must be UTF-8: send these bytes as MessageBinary"}
		}
		w.text = text
	}
	if !w.c.cfg.Version.Fragments() {
		w.all = append(w.all, p...)
		w.n += len(p)
		w.c.buffered.Add(int64(len(p)))
		return len(p), nil
	}
	done := 0
	for done < len(p) {
		if w.n == middleBlock {
			if err := w.flush(false); err != nil {
				return done, err
			}
		}
		if w.buf == nil {
			w.buf = getBlock(middleBlock)
		}
		n := copy(w.buf.mem[w.n:], p[done:])
		w.n += n
		done += n
		w.c.buffered.Add(int64(n))
	}
	return done, nil
}

// Close sends the remaining bytes as the message's last fragment.
func (w *messageWriter) Close() error {
	if w.err != nil {
		if w.err == errWriterClosed {
			return w.err
		}
		err := w.err
		w.release()
		return err
	}
	defer w.release()
	if w.typ == api.MessageText && !w.text.Done() {
		return w.abandon(&api.ArgumentError{Name: "p", Problem: "a text message must not end inside a character: the message was not sent whole"})
	}
	return w.flush(true)
}

// flush sends the buffer as a fragment, the last one if fin is true.
func (w *messageWriter) flush(fin bool) error {
	p := w.all
	if w.buf != nil {
		p = w.buf.mem[:w.n]
	}
	err := w.send(p, fin)
	w.c.buffered.Add(-int64(w.n))
	w.n = 0
	if err != nil {
		return w.abandon(err)
	}
	w.op = frame.OpContinuation
	return nil
}

// send sends a fragment, compressed if that was negotiated. The decision for
// the first applies to the whole message (RFC 7692 section 6).
func (w *messageWriter) send(p []byte, fin bool) error {
	c, first := w.c, w.op != frame.OpContinuation
	h := frame.Header{Fin: fin, Opcode: w.op}
	switch {
	case first && fin:
		return w.s.whole(w.ctx, w.op, p)
	case first && c.compresses(p):
		w.zip, h.RSV1 = w.s.compressor().Stream(), true
	}
	if w.zip == nil {
		return w.s.frame(w.ctx, h, p)
	}
	b := getDeflated()
	small := w.zip.Append((*b)[:0], p, fin)
	defer func() { putDeflated(b, small) }()
	err := w.s.frame(w.ctx, h, small)
	if err == nil {
		w.s.compressor().Sent(p)
	}
	return err
}

// abandon ends the message. If a part of it was sent, the connection cannot
// continue, unless it is ending already.
func (w *messageWriter) abandon(err error) error {
	if w.op == frame.OpContinuation && !errors.Is(err, api.ErrClosed) {
		err = &cutShort{w.c.end(true, &cutOffError{err}, atOnce), err}
	}
	w.err = err
	return err
}

// release ends the stream: buffers are released, other messages may follow.
func (w *messageWriter) release() {
	w.c.buffered.Add(-int64(w.n))
	w.n, w.all = 0, nil
	if w.buf != nil {
		putBlock(w.buf)
		w.buf = nil
	}
	if w.zip != nil {
		w.zip.Close()
	}
	w.err = errWriterClosed
	w.s.release()
}
