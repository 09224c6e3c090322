package browser

import (
	"context"
	"io"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// unread is a message that Reader returned and that has not been read to its
// end. It is protected by Conn.mu.
type unread struct {
	typ   api.MessageType
	rest  []byte
	begun bool // a byte has been read
	owner *stream
}

// stream is the io.Reader over an unread message.
type stream struct {
	_    [0]func() // not comparable: no code for it in a page
	c    *Conn
	ctx  context.Context
	done bool // io.EOF has been reported; protected by c.mu
}

// ReadAppend blocks until the next message, and appends it to dst.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	if err := lock(ctx, c.reading); err != nil {
		return 0, dst, err
	}
	typ, dst, err := c.receive(ctx, nil, dst)
	<-c.reading
	return typ, dst, err
}

// Reader blocks until the next message, and returns a stream of it. After a
// stream whose context has ended it returns a stream of the rest of the same
// message.
func (c *Conn) Reader(ctx context.Context) (api.MessageType, io.Reader, error) {
	if err := lock(ctx, c.reading); err != nil {
		return 0, nil, err
	}
	defer func() { <-c.reading }()
	s := &stream{c: c, ctx: ctx}
	typ, p, err := c.receive(ctx, s, nil)
	if err != nil {
		return 0, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unread == nil && !c.drained {
		c.unread = &unread{typ: typ, rest: p, owner: s}
	}
	return typ, s, nil
}

// receive appends to dst the next message, or the one that an earlier stream
// left unread. For a stream s it leaves the latter in Conn.unread, which s then
// owns. reading is held.
func (c *Conn) receive(ctx context.Context, s *stream, dst []byte) (api.MessageType, []byte, error) {
	u, err := c.reclaim(s)
	if u != nil && s == nil {
		dst = append(dst, u.rest...)
	}
	if u != nil {
		return u.typ, dst, nil
	}
	var m event.Message
	if err == nil {
		m, err = c.next(ctx)
	}
	if err != nil {
		return 0, dst, err
	}
	dst, err = c.take(m, dst)
	return m.Type(), dst, err
}

// reclaim returns the message that an earlier stream left unread, nil for none.
// If the context of that stream has not ended, it returns ErrUnreadMessage.
// Otherwise the stream s takes over the rest; a Read, for which s is nil, takes
// the message if no byte of it has been read.
func (c *Conn) reclaim(s *stream) (u *unread, err error) {
	c.mu.Lock()
	u = c.unread
	switch {
	case u == nil:
	case u.owner.ctx.Err() == nil, s == nil && u.begun:
		u, err = nil, api.ErrUnreadMessage
	case s == nil:
		c.unread = nil
	default:
		u.owner = s
	}
	c.mu.Unlock()
	return u, err
}

// next removes the oldest message from the queue, and waits for one if there is
// none. It removes none when it returns an error. reading is held.
func (c *Conn) next(ctx context.Context) (event.Message, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, err := c.pop()
		if m != nil || err != nil {
			return m, err
		}
		done := ctx.Done()
		if done == nil { // at a third of the cost of select
			<-c.arrived
			continue
		}
		select {
		case <-c.arrived:
		case <-done:
		}
	}
}

// pop returns the oldest message; if there is none, the terminal error;
// otherwise neither.
func (c *Conn) pop() (m event.Message, err error) {
	c.mu.Lock()
	if len(c.queue) == 0 && !c.armed {
		c.pumpLocked()
	}
	if len(c.queue) > 0 {
		m, c.queue[0] = c.queue[0], nil
		c.queue = c.queue[1:]
		c.held -= int64(m.MinSize())
	} else {
		err = c.err
	}
	c.mu.Unlock()
	return m, err
}

// take appends m to dst. A text may exceed the read limit in bytes though not
// in UTF-16 units; all other messages over the limit failed the connection when
// they arrived.
func (c *Conn) take(m event.Message, dst []byte) ([]byte, error) {
	p, fits, err := m.AppendTo(dst, c.limit)
	if err != nil {
		return dst, c.fail(api.StatusInternalError, broken(true, err))
	}
	if !fits {
		return dst, c.fail(api.StatusMessageTooBig, &api.MessageTooBigError{Limit: c.limit})
	}
	return p, nil
}

// Read reads from the message, which has arrived completely. It waits only if
// this side has discarded the message by closing: for the terminal error.
func (s *stream) Read(p []byte) (int, error) {
	c := s.c
	c.mu.Lock()
	u := c.unread
	switch {
	case s.done:
		c.mu.Unlock()
		return 0, io.EOF
	case s.ctx.Err() != nil:
		c.mu.Unlock()
		return 0, s.ctx.Err()
	case u == nil || u.owner != s:
		c.mu.Unlock()
		return 0, c.awaitEnd(s.ctx)
	}
	defer c.mu.Unlock()
	if len(u.rest) == 0 {
		s.done, c.unread = true, nil
		return 0, io.EOF
	}
	n := copy(p, u.rest)
	u.rest, u.begun = u.rest[n:], u.begun || n > 0
	return n, nil
}
