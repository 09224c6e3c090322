package load

import (
	"time"

	"github.com/twinws/ws/bench/internal/wire"
)

// Handshakes is a load of connections that end once they are open.
type Handshakes struct{ Conns int } // so many at once

// Open makes one handshake.
func (h Handshakes) Open(addr string) (Session, error) {
	s := &handshakeSession{addr: addr, request: wire.Request(addr, "")}
	for range h.Conns {
		s.bufs = append(s.bufs, make([]byte, 0, 512))
	}
	return s, s.shake(0)
}

type handshakeSession struct {
	addr    string
	request []byte
	bufs    [][]byte
}

func (s *handshakeSession) shake(i int) error {
	nc, err := dial(s.addr, i*perAddress)
	if err != nil {
		return err
	}
	defer abort(nc)
	_, _, err = wire.Shake(nc, s.request, s.bufs[i])
	return err
}

func (s *handshakeSession) Slice(d time.Duration) (Count, error) {
	end := time.Now().Add(d)
	return each(len(s.bufs), func(i int) (c Count, err error) {
		for c.Ops == 0 || time.Now().Before(end) {
			if err := s.shake(i); err != nil {
				return c, err
			}
			c.Ops++
		}
		return c, nil
	})
}

func (s *handshakeSession) Close() {}
