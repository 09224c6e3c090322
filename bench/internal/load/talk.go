package load

import (
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/twinws/ws/bench/internal/child"
)

// Clients is a load that the child generates: its clients talk to a bare server
// here, which verifies that they mask, and send what they were given.
type Clients struct {
	Size  int
	Conns int
}

// Open lets the child dial.
func (c Clients) Open(p *child.Process) (Session, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &clientSession{p: p, ln: ln, said: map[string]bool{}}
	for seed := range c.Conns * child.Texts {
		s.said[string(child.Text(c.Size, uint64(seed)))] = true
	}
	go s.accept()
	_, err = p.Ask(child.Ask{Do: "dial", Addr: ln.Addr().String(), N: c.Conns, Size: c.Size})
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

type clientSession struct {
	p      *child.Process
	ln     net.Listener
	said   map[string]bool // what clients may say
	echoes atomic.Int64
}

func (s *clientSession) Slice(d time.Duration) (Count, error) {
	before := s.echoes.Load()
	a, err := s.p.Ask(child.Ask{Do: "talk", Ms: int(d.Milliseconds())})
	if n := s.echoes.Load() - before; err == nil && n != a.Ops {
		err = fmt.Errorf("the clients say that %d messages came back, the server answered %d", a.Ops, n)
	}
	return Count{Ops: a.Ops}, err
}

func (s *clientSession) Close() { s.ln.Close() }

func (s *clientSession) accept() {
	for {
		nc, err := s.ln.Accept()
		if err != nil {
			return
		}
		go s.serve(nc)
	}
}
