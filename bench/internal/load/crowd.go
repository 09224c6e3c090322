package load

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/wire"
)

// atOnce is how many of a crowd's connections have a message under way, or are
// being opened.
const atOnce = 64

// Crowd are many connections of which few talk at a time. It needs neither a
// goroutine nor a buffer for each.
type Crowd struct {
	addr  string
	conns []*net.TCPConn
	said  []byte
	frame []byte
	bufs  [atOnce][]byte
}

// NewCrowd returns a crowd without connections whose messages have size bytes.
func NewCrowd(addr string, size int) *Crowd {
	c := &Crowd{addr: addr, said: child.Text(size, 7)}
	c.frame = wire.AppendFrame(nil, wire.Fin|wire.OpText, c.said, wire.NewKey(rand.New(rand.NewPCG(7, 7))))
	for i := range c.bufs {
		c.bufs[i] = make([]byte, 0, 1024)
	}
	return c
}

// Grow opens connections until there are n.
func (c *Crowd) Grow(n int) error {
	from := len(c.conns)
	c.conns = append(c.conns, make([]*net.TCPConn, n-from)...)
	request := wire.Request(c.addr, "")
	_, err := each(atOnce, func(k int) (Count, error) {
		for i := from + k; i < n; i += atOnce {
			nc, err := dial(c.addr, i)
			if err != nil {
				return Count{}, err
			}
			c.conns[i] = nc
			if _, _, err := wire.Shake(nc, request, c.bufs[k]); err != nil {
				return Count{}, err
			}
		}
		return Count{}, nil
	})
	return err
}

// Slice lets every connection send a message and read its echo, over and over.
func (c *Crowd) Slice(d time.Duration) (sum Count, err error) {
	end := time.Now().Add(d)
	for err == nil && (sum.Ops == 0 || time.Now().Before(end)) {
		var n Count
		n, err = c.Talk()
		sum.add(n)
	}
	return sum, err
}

// Talk lets every connection send one message and read its echo.
func (c *Crowd) Talk() (Count, error) {
	return each(atOnce, func(k int) (sum Count, err error) {
		for i := k; i < len(c.conns); i += atOnce {
			if err := c.talk(c.conns[i], c.bufs[k]); err != nil {
				return sum, fmt.Errorf("connection %d of %d: %w", i, len(c.conns), err)
			}
			sum.Ops++
		}
		return sum, nil
	})
}

func (c *Crowd) talk(nc *net.TCPConn, buf []byte) error {
	if _, err := nc.Write(c.frame); err != nil {
		return err
	}
	r := wire.Over(nc, buf)
	m, err := r.Next()
	if err != nil {
		return err
	}
	if !bytes.Equal(m.Payload, c.said) {
		return errors.New("the echo is not what was sent")
	}
	return nil
}

// Close ends all connections.
func (c *Crowd) Close() {
	for _, nc := range c.conns {
		if nc != nil {
			abort(nc)
		}
	}
	c.conns = nil
}

// Audience is a load of broadcasts to connections that listen.
type Audience struct {
	Size  int
	Conns int
}

// Open connects the listeners to the server of p, which is then asked to
// broadcast.
func (a Audience) Open(p *child.Process) (Session, error) {
	s := &audienceSession{Audience: a, p: p, crowd: NewCrowd(p.Addr, a.Size)}
	if err := s.crowd.Grow(a.Conns); err != nil {
		s.Close()
		return nil, err
	}
	// Whoever has had an echo is in the room.
	if _, err := s.crowd.Talk(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

type audienceSession struct {
	Audience
	p     *child.Process
	crowd *Crowd
	n     int
}

func (s *audienceSession) Slice(d time.Duration) (sum Count, err error) {
	end := time.Now().Add(d)
	for sum.Ops == 0 || time.Now().Before(end) {
		if err := s.broadcast(); err != nil {
			return sum, err
		}
		sum.Ops += int64(s.Conns)
	}
	return sum, nil
}

// broadcast asks for a message and waits until everybody has it.
func (s *audienceSession) broadcast() error {
	s.n++
	want := child.Announcement(s.n, s.Size)
	if _, err := s.p.Ask(child.Ask{Do: "broadcast", N: s.n, Size: s.Size}); err != nil {
		return err
	}
	_, err := each(atOnce, func(k int) (Count, error) {
		for i := k; i < s.Conns; i += atOnce {
			r := wire.Over(s.crowd.conns[i], s.crowd.bufs[k])
			m, err := r.Next()
			if err == nil && !bytes.Equal(m.Payload, want) {
				err = errors.New("a broadcast is not what was announced")
			}
			if err != nil {
				return Count{}, fmt.Errorf("listener %d: %w", i, err)
			}
		}
		return Count{}, nil
	})
	return err
}

func (s *audienceSession) Close() { s.crowd.Close() }
