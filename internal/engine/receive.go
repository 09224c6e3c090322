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
// see lost. No error means n > 0. It returns the input that the connection has
// then: another one, if this one was at rest.
func (in *input) readTransport(ctx context.Context, p []byte) (*input, int, error) {
	if in.buf.err != nil {
		return in, 0, lost(ctx, in.buf.err)
	}
	in.sendHeld()
	for empty := 0; ; {
		if err := ctx.Err(); err != nil {
			return in, 0, err
		}
		begun := in.beginWait(ctx)
		var n int
		var err error
		if in.c.socket.direct() {
			in, n, err = in.readSocket(p)
		} else {
			in, n, err = in.readPlain(p)
		}
		if err = in.endWait(ctx, begun, n, err, &empty); err != nil {
			return in, n, lost(ctx, err)
		}
		if n > 0 {
			return in, n, nil
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
func (in *input) beginWait(ctx context.Context) (begun int64) {
	c := in.c
	if patience := in.patience(); patience > 0 {
		begun = c.beginWatch(&c.reads, patience)
	}
	c.beginCall(inward, ctx)
	return begun
}

// endWait is called after the read, and evaluates its result. It returns nil if
// there are bytes, or the transport must be read again; empty counts how often
// in a row that happens without a reason.
func (in *input) endWait(ctx context.Context, begun int64, n int, err error, empty *int) error {
	c := in.c
	interrupted := c.endCall(inward, ctx)
	timeout := err != nil && isTimeout(err)
	if c.endWatch(&c.reads) || interrupted || timeout {
		c.transport.SetReadDeadline(time.Time{}) // an error is the next Read's, too
	}
	if n > 0 {
		c.silence, c.pinged = 0, false
		if !timeout {
			in.buf.err = err
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
	case in.patient():
		// Not requested here: the system timed out, or an old deadline passed.
		if *empty++; *empty == emptyReads || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	default:
		return in.judge()
	}
	return nil
}

// readPlain makes one Read of a transport that is not a socket.
func (in *input) readPlain(p []byte) (*input, int, error) {
	c := in.c
	if t, ok := c.transport.(Awaiter); ok {
		var err error
		if in, err = in.await(t, p); err != nil {
			return in, 0, err
		}
	}
	if p != nil {
		n, err := c.transport.Read(p)
		return in, n, err
	}
	n, err := c.transport.Read(in.buf.room())
	in.buf.took(n)
	return in, n, err
}

// await waits until t has something to read into p or into the input. Meanwhile
// no buffer is held, as with a socket.
func (in *input) await(t Awaiter, p []byte) (*input, error) {
	c := in.c
	in.direct = p
	in.park()
	err := t.AwaitRead()
	in = c.wake()
	in.direct = nil
	return in, err
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}
