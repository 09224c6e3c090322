package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/twinws/ws/api"
)

// readTransport reads once into p, or into the input if p is nil, waiting for
// bytes. It first sends what is due, measures the peer's silence, and returns
// ctx.Err() when ctx ends. Any other error means that the transport has ended:
// see lost. No error means n > 0.
func (c *Conn) readTransport(ctx context.Context, p []byte) (int, error) {
	if c.in.err != nil {
		return 0, lost(ctx, c.in.err)
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
			return n, lost(ctx, err)
		}
	}
}

// lost returns what the parser returns for an error of the transport: nil, and
// the error of an ended context, stay what they are.
func lost(ctx context.Context, err error) error {
	switch err {
	case nil, ctx.Err():
		return err
	case io.EOF, io.ErrUnexpectedEOF: // of TLS without close_notify
		return errInputEnd
	}
	if broken, ok := err.(*api.ProtocolError); ok { // a translated transport's
		return broken
	}
	return &lostError{err}
}

// beginWait is called before a read of the transport, which ctx and keepalive
// interrupt. It returns the time, 0 if keepalive is off.
func (c *Conn) beginWait(ctx context.Context) (begun int64) {
	if patience := c.patience(); patience > 0 {
		begun = c.beginWatch(&c.reads, patience)
	}
	c.beginCall(inward, ctx)
	return begun
}

// endWait is called after the read, and evaluates its result. It returns nil if
// there are bytes, or the transport must be read again; empty counts how often
// in a row that happens without a reason.
func (c *Conn) endWait(ctx context.Context, begun int64, n int, err error, empty *int) error {
	interrupted := c.endCall(inward, ctx)
	timeout := err != nil && isTimeout(err)
	if c.endWatch(&c.reads) || interrupted || timeout {
		c.transport.SetReadDeadline(time.Time{}) // an error is the next Read's, too
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

// readPlain makes one Read of a transport that is not a socket.
func (c *Conn) readPlain(p []byte) (n int, err error) {
	if t, ok := c.transport.(Awaiter); ok {
		if err := c.await(t, p); err != nil {
			return 0, err
		}
	}
	if p != nil {
		return c.transport.Read(p)
	}
	n, err = c.transport.Read(c.in.room())
	c.in.took(n)
	return n, err
}

// await waits until t has something to read into p or into the input. Meanwhile
// no buffer is held, as with a socket.
func (c *Conn) await(t Awaiter, p []byte) error {
	c.direct = p
	c.park()
	err := t.AwaitRead()
	c.wake()
	c.direct = nil
	return err
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
