package session

import (
	"context"
	"sync"
	"time"

	"github.com/twinws/ws/api"
)

const (
	window   = 64                     // messages of a flood in flight
	interval = 500 * time.Millisecond // between two Rates
)

// flood keeps a window of messages in flight to a server that echoes them.
type flood struct {
	inFlight int           // protected by the Session's mu
	room     chan struct{} // holds one when inFlight has fallen
	stop     chan struct{} // closed to end it
	meter    meter
}

// echoed takes a message of n bytes for the flood, if it is one of a flood's.
func (s *Session) echoed(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.flood
	switch {
	case s.late > 0: // answers come in order: these first
		s.late--
		return true
	case f == nil || f.inFlight == 0:
		return false
	}
	f.inFlight--
	f.meter.add(n)
	select {
	case f.room <- struct{}{}:
	default:
	}
	return true
}

// reserve counts one more message in flight, when f runs and there is room.
func (s *Session) reserve(f *flood) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flood != f || f.inFlight >= window {
		return false
	}
	f.inFlight++
	return true
}

// Flood starts a flood of binary messages of size bytes, or ends the one that
// runs. It returns when the flood has ended.
func (s *Session) Flood(size int) {
	s.mu.Lock()
	c := s.conn
	running := s.stopFlood()
	if running || c == nil {
		s.mu.Unlock()
		if !running {
			s.view.Problem(errNoConn)
		}
		return
	}
	f := &flood{room: make(chan struct{}, 1), stop: make(chan struct{})}
	s.flood = f
	s.mu.Unlock()

	s.view.Flooding(true)
	defer s.view.Flooding(false)
	go s.report(f)
	if err := s.pour(f, c, make([]byte, size)); err != nil {
		s.view.Problem(err)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.flood == f {
			s.stopFlood()
		}
	}
}

// stopFlood ends the flood that runs, and reports whether one did. The caller
// holds s.mu.
func (s *Session) stopFlood() bool {
	if s.flood == nil {
		return false
	}
	close(s.flood.stop)
	s.late += s.flood.inFlight
	s.flood = nil
	return true
}

// pour sends p again and again until the flood is stopped.
func (s *Session) pour(f *flood, c api.Conn, p []byte) error {
	for {
		for !s.reserve(f) {
			select {
			case <-f.stop:
				return nil
			case <-f.room:
			}
		}
		if err := c.Write(context.Background(), api.MessageBinary, p); err != nil {
			return err
		}
	}
}

// report tells the view the flood's speed until it is stopped.
func (s *Session) report(f *flood) {
	t := time.NewTicker(interval)
	defer t.Stop()
	f.meter.take(time.Now())
	for {
		select {
		case <-f.stop:
			return
		case now := <-t.C:
			s.view.Rate(f.meter.take(now))
		}
	}
}

// meter counts messages and bytes between two looks at it.
type meter struct {
	mu       sync.Mutex
	messages int
	bytes    int
	since    time.Time
}

func (m *meter) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages++
	m.bytes += n
}

// take returns the rate since the last take, and begins anew.
func (m *meter) take(now time.Time) Rate {
	m.mu.Lock()
	defer m.mu.Unlock()
	var r Rate
	if d := now.Sub(m.since).Seconds(); d > 0 && !m.since.IsZero() {
		r = Rate{Messages: float64(m.messages) / d, Bytes: float64(m.bytes) / d}
	}
	m.messages, m.bytes, m.since = 0, 0, now
	return r
}
