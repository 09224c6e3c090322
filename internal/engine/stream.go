package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/twinws/ws/api"
)

// emptyReads bounds how often in a row a stream may return 0, nil.
const emptyReads = 100

const (
	// stride bounds the bytes of one write,
	stride = 256 << 10
	// and tlsStride of one whose progress is unknown: a TLS record.
	tlsStride = 16 << 10
)

// vectored reports whether s supports vectored writes.
func vectored(s Stream) bool {
	switch s.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// largestRead returns the class of the largest buffer to read into. It is
// smaller for streams that cannot wait without a buffer.
func largestRead(s Stream) uint8 {
	if vectored(s) {
		return uint8(len(blockSizes) - 1)
	}
	return 1
}

// readStream reads once into p, or into the input if p is nil, waiting for
// bytes. It first sends what is due, measures the peer's silence, and returns
// ctx.Err() when ctx ends. Any other error means that the stream has ended; no
// error means n > 0.
func (c *Conn) readStream(ctx context.Context, p []byte) (int, error) {
	if c.in.err != nil {
		return 0, c.in.err
	}
	c.sendHeld()
	for empty := 0; ; {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		begun := c.beginWait(ctx)
		var n int
		var err error
		if c.socket.raw != nil {
			n, err = c.readSocket(p)
		} else {
			n, err = c.readPlain(p)
		}
		if err = c.endWait(ctx, begun, n, err, &empty); n > 0 || err != nil {
			return n, err
		}
	}
}

// beginWait is called before a read of the stream, which ctx and keepalive
// interrupt. It returns the time, 0 if keepalive is off.
func (c *Conn) beginWait(ctx context.Context) (begun int64) {
	if patience := c.patience(); patience > 0 {
		begun = c.beginWatch(&c.reads, patience)
	}
	c.beginCall(inward, ctx)
	return begun
}

// endWait is called after the read, and evaluates its result. It returns nil if
// there are bytes, or the stream must be read again; empty counts how often in
// a row that happens without a reason.
func (c *Conn) endWait(ctx context.Context, begun int64, n int, err error, empty *int) error {
	interrupted := c.endCall(inward, ctx)
	timeout := err != nil && isTimeout(err)
	if c.endWatch(&c.reads) || interrupted || timeout {
		c.stream.SetReadDeadline(time.Time{}) // an error is the next Read's, too
	}
	if n > 0 {
		c.silence, c.pinged = 0, false
		if !timeout {
			c.in.err = err
		}
		return nil
	}
	if begun > 0 {
		c.silence += time.Duration(nanos() - begun)
	}
	switch {
	case err == nil:
		if *empty++; *empty == emptyReads {
			return io.ErrNoProgress
		}
	case !timeout:
		return err
	case c.alarm.Load() == ended: // see endOnce
		return net.ErrClosed
	case interrupted || ctx.Err() != nil:
		return ctx.Err()
	case c.patient():
		// Not requested here: the system timed out, or an old deadline passed.
		if *empty++; *empty == emptyReads || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	default:
		return c.judge()
	}
	return nil
}

// readPlain makes one Read of a stream that is not a socket.
func (c *Conn) readPlain(p []byte) (n int, err error) {
	if s, ok := c.stream.(awaitable); ok {
		if err := c.await(s, p); err != nil {
			return 0, err
		}
	}
	if p != nil {
		return c.stream.Read(p)
	}
	n, err = c.stream.Read(c.in.room())
	c.in.took(n)
	return n, err
}

// await waits until s has something to read into p or into the input. Meanwhile
// no buffer is held, as with a socket.
func (c *Conn) await(s awaitable, p []byte) error {
	c.direct = p
	c.park()
	err := s.AwaitRead()
	c.wake()
	c.direct = nil
	return err
}

// writeStream writes head and then body, and returns how many bytes the stream
// accepted. When ctx ends first the error is ctx.Err(). The caller holds wire.
func (c *Conn) writeStream(ctx context.Context, head, body []byte) (n int, err error) {
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
		c.stream.SetWriteDeadline(time.Time{}) // an error is the next Write's, too
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
	c.stream.SetWriteDeadline(time.Time{})
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

// writePart makes one write: of head and a stride of body if the stream
// supports vectored writes, else of head, and then of a stride.
func (c *Conn) writePart(head, body []byte) (n int, err error) {
	head, body = head[:min(len(head), c.stride())], body[:min(len(body), c.stride())]
	if len(head) > 0 && len(body) > 0 && vectored(c.stream) {
		return writeBoth(c.stream, head, body)
	}
	if len(head) > 0 {
		return writeAll(c.stream, head)
	}
	return writeAll(c.stream, body)
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

// writeAll handles streams that accept less than they are given without
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

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
