package browser

import (
	"context"
	"io"

	"github.com/twinws/ws/api"
)

// unread is a message that a Reader gave out and that is not at its end. It is
// protected by Conn.mu.
type unread struct {
	typ   api.MessageType
	rest  []byte
	begun bool // a byte has been handed out
	owner *stream
}

// stream is the io.Reader over an unread message.
type stream struct {
	c    *Conn
	ctx  context.Context
	done bool // io.EOF has been reported; protected by c.mu
}

// ReadAppend waits for the next message and appends it to dst.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	if err := c.reading.Lock(ctx); err != nil {
		return 0, dst, err
	}
	defer c.reading.Unlock()
	if u, err := c.reclaim(nil); err != nil {
		return 0, dst, err
	} else if u != nil {
		return u.typ, append(dst, u.rest...), nil
	}
	m, err := c.next(ctx)
	if err != nil {
		return 0, dst, err
	}
	p, err := c.take(m, dst)
	if err != nil {
		return 0, dst, err
	}
	return m.Type(), p, nil
}

// Reader waits for the next message and returns a stream of it. After a stream
// whose context ended it returns a stream of the same message's rest.
func (c *Conn) Reader(ctx context.Context) (api.MessageType, io.Reader, error) {
	if err := c.reading.Lock(ctx); err != nil {
		return 0, nil, err
	}
	defer c.reading.Unlock()
	s := &stream{c: c, ctx: ctx}
	if u, err := c.reclaim(s); err != nil {
		return 0, nil, err
	} else if u != nil {
		return u.typ, s, nil
	}
	m, err := c.next(ctx)
	if err != nil {
		return 0, nil, err
	}
	p, err := c.take(m, nil)
	if err != nil {
		return 0, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.drained {
		c.unread = &unread{typ: m.Type(), rest: p, owner: s}
	}
	return m.Type(), s, nil
}

// reclaim looks for a message that an earlier Reader left unread. A stream that
// is still good keeps it: ErrUnreadMessage. Otherwise it goes to the stream s,
// or whole to a Read, for which s is nil.
func (c *Conn) reclaim(s *stream) (*unread, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.unread
	switch {
	case u == nil:
		return nil, nil
	case u.owner.ctx.Err() == nil, s == nil && u.begun:
		return nil, api.ErrUnreadMessage
	case s == nil:
		c.unread = nil
	default:
		u.owner = s
	}
	return u, nil
}

// next waits for the oldest message and takes it from the queue. It takes none
// when it returns an error. reading is held.
func (c *Conn) next(ctx context.Context) (Message, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, err := c.pop()
		if m != nil || err != nil {
			return m, err
		}
		select {
		case <-c.arrived:
		case <-ctx.Done():
		}
	}
}

// pop returns the oldest message, else the terminal error, else neither.
func (c *Conn) pop() (Message, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.pump()
	}
	if len(c.queue) == 0 {
		return nil, c.err
	}
	m := c.queue[0]
	c.queue[0] = nil
	if c.queue = c.queue[1:]; len(c.queue) == 0 {
		c.queue = nil
	}
	return m, nil
}

// take copies m behind dst, unless it is over the read limit, which is known
// before anything is copied.
func (c *Conn) take(m Message, dst []byte) ([]byte, error) {
	over, err := c.tooBig(m)
	if over {
		return dst, c.fail(api.StatusMessageTooBig, &api.TooBigError{Limit: c.limit})
	}
	p := dst
	if err == nil {
		p, err = m.AppendTo(dst)
	}
	if err != nil {
		return dst, c.fail(api.StatusInternalError,
			&api.CloseError{Code: api.StatusAbnormalClosure, Local: true, Cause: err})
	}
	return p, nil
}

func (c *Conn) tooBig(m Message) (bool, error) {
	if c.limit < 0 {
		return false, nil
	}
	if int64(m.MinSize()) > c.limit {
		return true, nil
	}
	n, err := m.Size()
	return int64(n) > c.limit, err
}

// Read reads on in the message. It never waits, since the message has arrived
// whole.
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
