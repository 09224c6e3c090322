package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/twinws/ws/api"
)

// emptyReads bounds how often in a row a transport may return 0, nil.
const emptyReads = 100

const (
	// stride bounds the bytes of one write,
	stride = 256 << 10
	// and tlsStride of one whose progress is unknown: a TLS record.
	tlsStride = 16 << 10
)

// writeTransport writes head and then body, and returns how many bytes the
// transport accepted. When ctx ends first the error is ctx.Err().
func (t *turn) writeTransport(ctx context.Context, head, body []byte) (n int, err error) {
	c := t.c
	c.beginCall(outward, ctx)
	for err == nil && len(head)+len(body) > 0 {
		c.beginWrite()
		var k int
		k, err = c.writePart(head, body)
		k, err = c.judgeWrite(ctx, k, err, c.endWatch(&c.writes))
		n += k
		c.written.Add(uint32(k))
		first := min(k, len(head))
		head, body = head[first:], body[k-first:]
		if err == nil && len(head)+len(body) > 0 {
			err = ctx.Err()
		}
	}
	if c.endCall(outward, ctx) {
		c.transport.SetWriteDeadline(time.Time{}) // an error is the next Write's, too
		if err != nil && isTimeout(err) {
			err = ctx.Err()
		}
	}
	return n, err
}

// beginWrite starts the time limit of a write.
func (c *Conn) beginWrite() {
	if c.cfg.WriteTimeout > 0 {
		c.beginWatch(&c.writes, c.cfg.WriteTimeout)
	}
}

// judgeWrite evaluates the result of a write; fired says that it was
// interrupted. If the peer accepted nothing within the time limit, that is an
// error; if it accepted something, the limit starts again.
func (c *Conn) judgeWrite(ctx context.Context, n int, err error, fired bool) (int, error) {
	if !fired {
		return n, err
	}
	c.transport.SetWriteDeadline(time.Time{})
	switch {
	case err == nil || !isTimeout(err):
		return n, err
	case ctx.Err() != nil:
		return n, ctx.Err()
	case n > 0 && !c.cfg.CutOffBreaks:
		return n, nil
	}
	return n, api.ErrWriteTimeout
}

// writePart makes one write: of head and a stride of body if the transport
// supports vectored writes, else of head, and then of a stride.
func (c *Conn) writePart(head, body []byte) (n int, err error) {
	head, body = head[:min(len(head), c.stride())], body[:min(len(body), c.stride())]
	if len(head) > 0 && len(body) > 0 && vectored(c.transport) {
		return writeBoth(c.transport, head, body)
	}
	if len(head) > 0 {
		return writeAll(c.transport, head)
	}
	return writeAll(c.transport, body)
}

// vector is two buffers that are written together. It is pooled, since it
// escapes.
type vector struct {
	of   [2][]byte
	left net.Buffers // a view of of
}

var vectors = sync.Pool{New: func() any { return new(vector) }}

// writeBoth makes one write of both.
func writeBoth(w io.Writer, head, body []byte) (int, error) {
	p := vectors.Get().(*vector)
	p.of = [2][]byte{head, body}
	p.left = p.of[:]
	n, err := p.left.WriteTo(w)
	*p = vector{}
	vectors.Put(p)
	return int(n), err
}

// stride bounds the bytes of one write, so that the progress of a long one can
// be seen.
func (c *Conn) stride() int {
	if c.cfg.CutOffBreaks {
		return tlsStride
	}
	return stride
}

var errTooMuch = errors.New("the stream reports that it wrote more than it was given")

// writeAll handles transports that accept less than they are given without
// returning an error.
func writeAll(w io.Writer, p []byte) (n int, err error) {
	for empty := 0; n < len(p) && err == nil; {
		var k int
		k, err = w.Write(p[n:])
		if k < 0 || k > len(p)-n {
			return n, errTooMuch
		}
		n += k
		if k > 0 {
			empty = 0
		} else if empty++; empty == emptyReads && err == nil {
			err = io.ErrShortWrite
		}
	}
	return n, err
}
