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
	if c.msg.stream.atWork() {
		return 0, nil, api.ErrUnreadMessage
	}
	if err := c.beginMessage(ctx); err != nil {
		if err == errClosing {
			err = c.drain(ctx)
		}
		return 0, nil, err
	}
	c.msg.stream = &stream{c: c, ctx: ctx}
	return c.msg.typ, c.msg.stream, nil
}

// stream is the payload of one message.
type stream struct {
	c   *Conn
	ctx context.Context
	err error // protected by c.reading; sticky
}

// atWork reports whether s can still be read to the end of its message.
func (s *stream) atWork() bool { return s != nil && s.ctx.Err() == nil }

// Read reads some of the message's payload. After the end of its context, the
// rest of the message belongs to the next Reader.
func (s *stream) Read(p []byte) (int, error) {
	c := s.c
	if err := c.lockReading(s.ctx); err != nil {
		return 0, err
	}
	defer c.doneReading()
	switch {
	case s.err != nil:
		return 0, s.err
	case !c.open.Load():
		return 0, s.finish(c.drain(s.ctx))
	case c.msg.stream != s:
		// Its context ended while this call began, and another call has the
		// message, or had it: what follows belongs to another message.
		return 0, s.finish(s.ctx.Err())
	case len(p) == 0:
		return 0, nil
	}
	n, err := s.read(p)
	if n > 0 {
		c.msg.handed = true
	}
	if err == errClosing {
		err = c.drain(s.ctx)
	}
	if err != nil {
		err = s.finish(err)
	}
	return n, err
}

func (s *stream) read(p []byte) (int, error) {
	c := s.c
	if held := c.msg.partial; len(held) > 0 {
		n := copy(p, held)
		c.msg.partial = held[n:]
		return n, nil
	}
	if c.msg.zip.c != nil {
		n, err := c.readInflated(s.ctx, p)
		if err == io.EOF && n > 0 {
			return n, nil // the next call returns it again
		}
		if err == io.EOF {
			if broken := c.checkEnd(s.ctx); broken != nil {
				err = broken
			}
		}
		return n, err
	}
	for {
		if c.cur.data() && c.cur.left > 0 {
			return c.readPayload(s.ctx, p[:min(int64(len(p)), c.cur.left)])
		}
		if last, err := c.endFrame(s.ctx); err != nil {
			return 0, err
		} else if last {
			if err := c.checkEnd(s.ctx); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
	}
}

// finish makes err the error of all later calls.
func (s *stream) finish(err error) error {
	c := s.c
	if s.err != nil {
		return s.err
	}
	s.err = err
	if c.msg.stream == s {
		c.msg.stream = nil
		if err == io.EOF {
			c.msg = message{}
		}
	}
	return err
}
