package ws

import (
	"context"
	"runtime"
)

// CloseRead is for a connection that only writes: it reads in the background,
// so that pings and the peer's close frame are answered, and returns a context
// that ends with the connection, with the connection's error as its cause. A
// message that arrives fails the connection with StatusPolicyViolation. When
// ctx ends, the connection is closed as by CloseNow.
func (c *Conn) CloseRead(ctx context.Context) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		_, _, err := c.b.Reader(ctx)
		switch {
		case err == nil:
			err = &ProtocolError{Code: StatusPolicyViolation,
				Rule: "a message arrived on a connection that CloseRead made write-only"}
			c.b.Fail(StatusPolicyViolation, err)
		case ctx.Err() != nil:
			c.b.CloseNow()
		}
		cancel(wrap("read", err))
	}()
	return ctx
}

// Close performs the closing handshake (RFC 6455 section 7) with code and a
// reason of at most 123 bytes of UTF-8, and then ends the connection. It does
// not require that another goroutine reads, and waits at most 5 s for the peer:
// see CloseContext for another time limit. Messages that have not been read are
// discarded. It returns nil when both sides sent a close frame, whoever began.
//
// A peer that is slow to read what was written before may not reach the close
// frame in that time, and may lose what it has not read: give CloseContext
// enough time for it.
//
// The connection ends whatever the arguments. If the code may not be sent (see
// [StatusCode.Sendable]) or the reason is invalid, an empty close frame is
// sent, the peer sees StatusNoStatusRcvd, and Close returns an
// [*ArgumentError]. StatusNoStatusRcvd with an empty reason requests that empty
// close frame.
//
// In a browser: only 1000 and 3000-4999 can be sent. WebKit ends a reason at
// U+0000. If the browser reports an unclean close (see [CloseError]), Close
// returns the [*CloseError]. Called directly in a js.FuncOf callback, Close
// stops the event loop that it waits for, until its time limit: call it in a
// goroutine, and let the callback return.
func (c *Conn) Close(code StatusCode, reason string) error {
	return c.CloseContext(context.Background(), code, reason)
}

// CloseContext is Close with another time limit: the deadline of ctx, which may
// be later than in 5 s. If ctx has no deadline, the limit is 5 s. When ctx ends
// first, the connection is ended without the peer's close frame, and the error
// matches ctx.Err() and ErrClosed.
//
// In a browser: the browser continues the closing handshake in the background
// after ctx has ended. It also has a time limit of its own, which a later
// deadline of ctx does not extend: 60 s in Chromium, 20 s in Firefox, 5 s in
// WebKit. For js.FuncOf see Close.
func (c *Conn) CloseContext(ctx context.Context, code StatusCode, reason string) error {
	const op = "close"
	bad := checkContext(ctx)
	if bad != nil {
		ctx = context.Background()
	} else {
		bad = c.checkClose(code, reason)
	}
	if bad != nil {
		code, reason = StatusNoStatusRcvd, ""
	}
	err := c.b.CloseContext(ctx, code, reason)
	runtime.KeepAlive(c)
	if err == nil {
		err = bad
	}
	return wrap(op, err)
}

// CloseNow ends the connection at once, without waiting and without a closing
// handshake. What Write has accepted and not yet sent may be lost; Close would
// send it. When the connection had ended already, it returns an error that
// matches [ErrClosed].
func (c *Conn) CloseNow() error { return wrap("close", c.b.CloseNow()) }
