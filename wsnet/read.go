package wsnet

import (
	"context"
	"errors"
	"io"

	"github.com/twinws/ws/api"
)

// Read reads the next bytes, at least one, into p.
func (c *conn) Read(p []byte) (int, error) {
	ctx := c.readBy.context()
	if !lock(ctx, c.reading) {
		return 0, c.passed("read")
	}
	defer unlock(c.reading)
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := c.readSome(ctx, p)
		switch {
		case n > 0:
			return n, nil // an error comes again
		case err == nil:
		case ctx.Err() != nil && errors.Is(err, ctx.Err()):
			return 0, c.passed("read")
		default:
			return 0, c.failed("read", err)
		}
	}
}

// readSome reads bytes of the current message, or of the next one. It may
// return 0 and nil, at the end of a message. reading is held.
func (c *conn) readSome(ctx context.Context, p []byte) (int, error) {
	if c.fin {
		return 0, io.EOF
	}
	if err := c.next(ctx); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if n > 0 {
		c.some = true
	}
	if err != io.EOF {
		return n, ending(err)
	}
	c.r = nil
	if c.half && !c.some {
		c.fin = true
		c.ws.CloseRead(context.Background()) // answers pings and the close frame
	}
	c.some = false
	return n, nil
}

// next makes r a stream of the current message, or of the next one. After a
// stream whose context has ended it is one of the same message's rest. reading
// is held.
func (c *conn) next(ctx context.Context) error {
	if c.r != nil && c.until == ctx {
		return nil
	}
	typ, r, err := c.ws.Reader(ctx)
	if err != nil {
		return ending(err)
	}
	if typ != c.typ {
		err := &MessageTypeError{Got: typ, Want: c.typ}
		c.end(err, unsupported, typ.String()+" messages are not accepted")
		go c.shut()
		return err
	}
	c.r, c.until = r, ctx
	return nil
}

// ending returns io.EOF for the peer's normal close, else err.
func ending(err error) error {
	if peerClosed(err) {
		return io.EOF
	}
	return err
}

// peerClosed reports whether err says that the peer has closed the connection
// because it has sent everything.
func peerClosed(err error) bool {
	e, ok := errors.AsType[*api.CloseError](err)
	return ok && !e.Local && (e.Code == api.StatusNormalClosure || e.Code == api.StatusGoingAway)
}
