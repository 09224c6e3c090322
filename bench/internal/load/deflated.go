package load

import (
	"bytes"
	"fmt"
	"net"
	"time"

	"github.com/twinws/ws/bench/internal/wire"
)

// Deflated is a load of compressed messages that come back, one at a time on
// each connection.
type Deflated struct {
	Size     int // bytes of a message before it is compressed
	Conns    int
	Takeover bool // both sides' messages refer to those before
}

// DeflatedSession is a connected Deflated.
type DeflatedSession struct {
	conns []*deflatedConn
}

type deflatedConn struct {
	nc *net.TCPConn
	r  *wire.Reader
	p  *pressed
	in inflater
	at int
}

// Open connects the load to a server, which must agree to what is measured.
func (d Deflated) Open(addr string) (*DeflatedSession, error) {
	s := &DeflatedSession{}
	made := map[agreed]*pressed{}
	for i := range d.Conns {
		c, err := d.open(addr, i, made)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.conns = append(s.conns, c)
	}
	return s, nil
}

func (d Deflated) open(addr string, i int, made map[agreed]*pressed) (c *deflatedConn, err error) {
	nc, err := dial(addr, i)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			abort(nc)
		}
	}()
	extensions, rest, err := wire.Shake(nc, wire.Request(addr, offer), nil)
	if err != nil {
		return nil, err
	}
	a, err := parseAgreed(extensions)
	if err != nil {
		return nil, err
	}
	if d.Takeover && !(a.clientTakeover && a.serverTakeover) {
		return nil, fmt.Errorf("the server agreed to %q, without takeover", extensions)
	}
	// A client may always compress without, and a server's inflater must bear
	// it.
	a.clientTakeover = d.Takeover
	if made[a] == nil {
		if made[a], err = newPressed(d.Size, a); err != nil {
			return nil, err
		}
	}
	return &deflatedConn{nc: nc, r: wire.NewReader(nc, 2*d.Size, rest), p: made[a], in: inflater{takeover: d.Takeover}}, nil
}

func (s *DeflatedSession) Slice(d time.Duration) (Count, error) {
	end := time.Now().Add(d)
	return s.each(func(n int) bool { return n == 0 || time.Now().Before(end) })
}

// Talk lets every connection send n messages, one at a time.
func (s *DeflatedSession) Talk(n int) (Count, error) {
	return s.each(func(done int) bool { return done < n })
}

func (s *DeflatedSession) each(more func(done int) bool) (Count, error) {
	return each(len(s.conns), func(i int) (sum Count, err error) {
		c := s.conns[i]
		before := c.r.Bytes()
		for more(int(sum.Ops)) {
			if err := c.echo(); err != nil {
				return sum, fmt.Errorf("connection %d, message %d: %w", i, c.at, err)
			}
			sum.Ops++
		}
		sum.Wire = c.r.Bytes() - before
		return sum, nil
	})
}

func (c *deflatedConn) echo() error {
	frames, i := c.p.again, c.at%len(c.p.said)
	if c.at < len(c.p.said) {
		frames = c.p.first
	}
	if _, err := c.nc.Write(frames[i]); err != nil {
		return err
	}
	m, err := c.r.Next()
	if err != nil {
		return err
	}
	got, err := c.in.message(m, len(c.p.said[i]))
	if err != nil {
		return err
	}
	if !bytes.Equal(got, c.p.said[i]) {
		return fmt.Errorf("the echo begins with %.40q, or differs later; sent was %.40q", got, c.p.said[i])
	}
	c.at++
	return nil
}

func (s *DeflatedSession) Close() {
	for _, c := range s.conns {
		abort(c.nc)
	}
}
