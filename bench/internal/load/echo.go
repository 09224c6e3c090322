package load

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/wire"
)

const (
	// parallel is how much is sent before replies are read: what is more could
	// fill the buffers of both sides, and nobody would go on.
	parallel = 32 << 10
	// stock bounds the memory for frames that wait to be sent.
	stock = 8 << 20
	// replyBuffer is what a connection reads replies into at first.
	replyBuffer = 16 << 10
)

// Echo is a load of messages that come back.
type Echo struct {
	Size     int // bytes of a message
	Conns    int
	InFlight int  // messages that a connection has under way
	Binary   bool // else text
}

// script are messages and their frames, one after the other in wire.
type script struct {
	said   [][]byte
	wire   []byte
	bounds []int // where each frame begins in wire, and the end
}

// newScript returns as many different messages as are under way at once, twice,
// or as the memory allows.
func newScript(e Echo) *script {
	n := max(2, min(max(8, 2*e.InFlight), stock/(e.Size+14)))
	op := byte(wire.Fin | wire.OpText)
	if e.Binary {
		op = wire.Fin | wire.OpBinary
	}
	s := &script{bounds: []int{0}}
	r := rand.New(rand.NewPCG(1, uint64(e.Size)))
	for i := range n {
		p := child.Text(e.Size, uint64(i))
		s.said = append(s.said, p)
		s.wire = wire.AppendFrame(s.wire, op, p, wire.NewKey(r))
		s.bounds = append(s.bounds, len(s.wire))
	}
	return s
}

// echoSession is a connected Echo.
type echoSession struct {
	Echo
	conns []*echoConn
}

type echoConn struct {
	nc     *net.TCPConn
	r      *wire.Reader
	script *script
	at     int // the message that is next
	work   chan span
	wrote  chan error
}

// span are n messages from the one at on.
type span struct{ at, n int }

// Open connects the load to a server.
func (e Echo) Open(addr string) (Session, error) {
	s := &echoSession{Echo: e}
	script := newScript(e)
	for i := range e.Conns {
		c, err := openEcho(addr, i, script)
		if err != nil {
			s.Close()
			return nil, err
		}
		c.at = i % len(script.said)
		s.conns = append(s.conns, c)
	}
	return s, nil
}

func openEcho(addr string, i int, script *script) (*echoConn, error) {
	nc, err := dial(addr, i)
	if err != nil {
		return nil, err
	}
	_, rest, err := wire.Shake(nc, wire.Request(addr, ""), nil)
	if err != nil {
		abort(nc)
		return nil, err
	}
	c := &echoConn{nc: nc, r: wire.NewReader(nc, replyBuffer, rest), script: script,
		work: make(chan span), wrote: make(chan error, 1)}
	go c.write()
	return c, nil
}

// write sends what it is told to.
func (c *echoConn) write() {
	for w := range c.work {
		c.wrote <- c.send(w)
	}
}

// send writes messages, with one write for those that stand together.
func (c *echoConn) send(w span) error {
	s := c.script
	for w.n > 0 {
		first := w.at % len(s.said)
		k := min(w.n, len(s.said)-first)
		if _, err := c.nc.Write(s.wire[s.bounds[first]:s.bounds[first+k]]); err != nil {
			return err
		}
		w.at += k
		w.n -= k
	}
	return nil
}

func (s *echoSession) Slice(d time.Duration) (Count, error) {
	end := time.Now().Add(d)
	return each(len(s.conns), func(i int) (sum Count, err error) {
		c := s.conns[i]
		before := c.r.Bytes()
		for sum.Ops == 0 || time.Now().Before(end) {
			if err := c.round(s.InFlight, s.Size); err != nil {
				return sum, fmt.Errorf("connection %d: %w", i, err)
			}
			sum.Ops += int64(s.InFlight)
		}
		sum.Wire = c.r.Bytes() - before
		return sum, nil
	})
}

// round sends n messages and reads their echoes.
func (c *echoConn) round(n, size int) error {
	aside := n*size > parallel
	if aside {
		c.work <- span{c.at, n}
	} else if err := c.send(span{c.at, n}); err != nil {
		return err
	}
	for range n {
		if err := c.receive(); err != nil {
			return err
		}
	}
	if aside {
		return <-c.wrote
	}
	return nil
}

// receive compares one echo with what was said.
func (c *echoConn) receive() error {
	m, err := c.r.Next()
	if err != nil {
		return err
	}
	want := c.script.said[c.at%len(c.script.said)]
	if !bytes.Equal(m.Payload, want) {
		return fmt.Errorf("the echo of message %d has %d bytes and is not what was sent, %d bytes", c.at, len(m.Payload), len(want))
	}
	c.at++
	return nil
}

func (s *echoSession) Close() {
	for _, c := range s.conns {
		close(c.work)
		abort(c.nc)
	}
}
