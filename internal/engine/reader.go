package engine

import (
	"context"
	"io"

	"github.com/twinws/ws/api"
)

// Reader waits for the next message and returns a stream of its payload.
func (c *Conn) Reader(ctx context.Context) (api.MessageType, io.Reader, error) {
	if err := c.lockReading(ctx); err != nil {
		return 0, nil, err
	}
	defer c.doneReading()
	if !c.open.Load() {
		return 0, nil, c.drain(ctx)
	}
	if c.msg.reader.atWork() {
		return 0, nil, api.ErrUnreadMessage
	}
	if err := c.beginMessage(ctx); err != nil {
		return 0, nil, c.conclude(ctx, err)
	}
	c.msg.reader = &messageReader{c: c, ctx: ctx}
	return c.msg.typ, c.msg.reader, nil
}

// messageReader is the payload of one message.
type messageReader struct {
	c   *Conn
	ctx context.Context
	err error // protected by c.reading; sticky
}

// atWork reports whether r can still be read to the end of its message.
func (r *messageReader) atWork() bool { return r != nil && r.ctx.Err() == nil }

// Read reads some of the message's payload. After the end of its context, the
// rest of the message belongs to the next Reader.
func (r *messageReader) Read(p []byte) (int, error) {
	c := r.c
	if err := c.lockReading(r.ctx); err != nil {
		return 0, err
	}
	defer c.doneReading()
	switch {
	case r.err != nil:
		return 0, r.err
	case !c.open.Load():
		return 0, r.finish(c.drain(r.ctx))
	case c.msg.reader != r:
		// Its context ended while this call began, and another call has the
		// message, or had it: what follows belongs to another message.
		return 0, r.finish(r.ctx.Err())
	case len(p) == 0:
		return 0, nil
	}
	n, err := r.read(p)
	if n > 0 {
		c.msg.handed = true
	}
	if err != nil {
		err = r.finish(c.conclude(r.ctx, err))
	}
	return n, err
}

func (r *messageReader) read(p []byte) (int, error) {
	c := r.c
	if rest := c.msg.partial; len(rest) > 0 {
		n := copy(p, rest)
		c.msg.partial = rest[n:]
		return n, nil
	}
	if c.msg.zip.c != nil {
		n, err := c.readInflated(r.ctx, p)
		if err == io.EOF && n > 0 {
			return n, nil // the next call returns it again
		}
		if err == io.EOF {
			if broken := c.checkEnd(); broken != nil {
				err = broken
			}
		}
		return n, err
	}
	for {
		if c.cur.data() && c.cur.left > 0 {
			return c.readPayload(r.ctx, p[:min(int64(len(p)), c.cur.left)])
		}
		if last, err := c.endFrame(r.ctx); err != nil {
			return 0, err
		} else if last {
			if err := c.checkEnd(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
	}
}

// finish makes err the error of all later calls.
func (r *messageReader) finish(err error) error {
	c := r.c
	if r.err != nil {
		return r.err
	}
	r.err = err
	if c.msg.reader == r {
		c.msg.reader = nil
		if err == io.EOF {
			c.msg = message{}
		}
	}
	return err
}
