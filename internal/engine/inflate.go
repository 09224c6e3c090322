package engine

import (
	"context"
	"io"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/deflate"
)

// inflating is a compressed message being decompressed. It keeps the payload
// received so far: a decompressor cannot continue after the end of a context,
// but another one can start over.
type inflating struct {
	in      *input           // nil if the message is not compressed
	ctx     context.Context  // of the call in progress
	m       *deflate.Message // nil before the first byte, and after an interruption
	kept    *[]byte          // the pooled memory of payload
	payload []byte           // unmasked, as far as it has arrived
	at      int              // how much of it was given to the decompressor
	failure error            // that the decompressor was given, nil for none
	out     int64            // bytes decompressed
	whole   bool             // the end of the payload has arrived
	done    bool             // decompression is complete
	beyond  [1]byte          // for a byte over the limit
}

// Read passes the payload to the decompressor.
func (z *inflating) Read(p []byte) (int, error) {
	for z.at == len(z.payload) {
		if z.whole {
			return 0, io.EOF
		}
		if err := z.fetch(); err != nil {
			z.failure = err
			return 0, err
		}
	}
	n := copy(p, z.payload[z.at:])
	z.at += n
	return n, nil
}

// fetch waits for more of the payload.
func (z *inflating) fetch() error {
	in := z.in
	if !in.cur.data() || in.cur.left == 0 {
		last, err := in.endFrame(z.ctx)
		z.whole = last
		return err
	}
	if z.kept == nil {
		z.kept = getDeflated()
		z.payload = (*z.kept)[:0]
	}
	z.payload = in.grow(z.payload, len(z.payload))
	room := min(int64(cap(z.payload)-len(z.payload)), in.cur.left)
	n, _, err := in.readUnmasked(z.ctx, z.payload[len(z.payload):int64(len(z.payload))+room])
	z.payload = z.payload[:len(z.payload)+n]
	return err
}

// open makes a decompressor ready to continue after what has been decompressed.
func (z *inflating) open() error {
	if z.m != nil {
		return nil
	}
	z.m, z.at, z.failure = z.in.c.rare.Load().compression.received.Open(z), 0, nil
	b := getBlock(middleBlock)
	defer putBlock(b)
	for skip := z.out; skip > 0; {
		n, err := z.m.Read(b.mem[:min(skip, middleBlock)])
		if skip -= int64(n); err != nil && skip > 0 {
			return err
		}
	}
	return nil
}

// close releases the decompressor.
func (z *inflating) close() {
	if z.m != nil {
		z.m.Close()
		z.m = nil
	}
}

// finish ends a message that was decompressed completely.
func (z *inflating) finish() {
	z.m.Received()
	z.close()
	if z.kept != nil {
		putDeflated(z.kept, z.payload)
	}
	z.kept, z.payload, z.done = nil, nil, true
}

// readInflated reads some of the current message's decompressed bytes into p.
// They are validated if they are text, and never exceed the limit. It returns
// io.EOF at the end of the message.
func (in *input) readInflated(ctx context.Context, p []byte) (int, error) {
	c := in.c
	z := &in.msg.zip
	if z.done {
		return 0, io.EOF
	}
	z.ctx = ctx
	left := c.readLimit() - z.out
	if p = p[:min(int64(len(p)), left)]; left == 0 {
		p = z.beyond[:]
	}
	n, err := 0, z.open()
	if err == nil {
		n, err = z.m.Read(p)
	}
	z.ctx = nil
	switch z.out += int64(n); {
	case left == 0 && n > 0:
		z.close()
		return 0, c.tooBig()
	case in.msg.typ == api.MessageText && !in.msg.text.Write(p[:n]):
		z.close()
		return 0, errText
	case err == io.EOF:
		z.finish()
	case err == deflate.ErrCorrupt:
		z.close()
		return 0, c.corrupt()
	case err != nil:
		z.close()
	case z.failure != nil:
		// A decompressor that has more output than was requested keeps an error
		// for later. By then a context may be another call's.
		z.close()
		if z.failure != ctx.Err() {
			err = z.failure
		}
	}
	return n, err
}

// inflateComplete appends a message to dst that is one complete buffered frame.
// If it is unusual in any way, it returns deflate.ErrOdd, and the frame remains
// buffered. Over the limit it returns deflate.ErrOver and the bytes within the
// limit.
func (in *input) inflateComplete(dst []byte) ([]byte, error) {
	z, length := &in.msg.zip, int(in.cur.left)
	if !in.cur.data() || !in.cur.h.Fin || in.msg.fragments != 1 || in.cur.left != in.cur.h.Length || in.buf.len() < length || length == 0 || z.m != nil {
		return dst, deflate.ErrOdd
	}
	b := getDeflated()
	payload := append((*b)[:0], in.buf.bytes()[:length]...)
	if in.cur.h.Masked {
		frame.Mask(payload, in.cur.h.Key, 0)
	}
	out, err := in.c.rare.Load().compression.received.Whole(dst, payload, in.c.readLimit())
	putDeflated(b, payload)
	if err == nil {
		in.buf.skip(length)
		in.cur.left, in.cur.have, z.done = 0, false, true
	}
	return out, err
}

// inflateMessage appends the rest of the current message to dst.
func (in *input) inflateMessage(ctx context.Context, dst []byte) ([]byte, error) {
	out, err := in.inflateComplete(dst)
	switch {
	case err == deflate.ErrOdd:
		return in.inflateRest(ctx, dst)
	case in.msg.typ == api.MessageText && !in.msg.text.Write(out[len(dst):]):
		return dst, errText
	case err == deflate.ErrOver:
		return dst, in.c.tooBig()
	}
	return out, in.checkEnd()
}

// inflateRest is inflateMessage for any message.
func (in *input) inflateRest(ctx context.Context, dst []byte) ([]byte, error) {
	z := &in.msg.zip
	for {
		if left := in.c.readLimit() - z.out; len(dst) == cap(dst) && left > 0 {
			more := min(left, max(int64(len(dst)), 2*int64(len(z.payload)), 512))
			bigger := make([]byte, len(dst), int64(len(dst))+more)
			copy(bigger, dst)
			dst = bigger
		}
		n, err := in.readInflated(ctx, dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, in.checkEnd()
		} else if err != nil {
			return dst, err
		}
	}
}

// What a message that does not inflate broke. Peers that take over a context
// that they agreed not to are met in the wild, and so the second says what to
// look for.
var (
	errInflate = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "RFC 7692 section 7.2.2: a compressed message inflates"}
	errInflateAlone = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "RFC 7692 sections 7.1.1 and 7.2.2: a compressed message inflates, by itself where no context takeover was agreed on"}
)

func (c *Conn) corrupt() *api.ProtocolError {
	if c.cfg.Deflate.ReceiveTakeover {
		return errInflate
	}
	return errInflateAlone
}
