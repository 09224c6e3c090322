package session

import (
	"encoding/binary"
	"strconv"

	"github.com/twinws/ws/api"
)

// The bounds of a flood.
const (
	MaxSize   = 16 << 20 // bytes of one message
	MaxWindow = 1024     // messages in flight
)

// flood keeps a window of messages in flight to a server that echoes them.
// The Session's mu protects it.
type flood struct {
	window   int
	inFlight int
	room     chan struct{} // holds one when inFlight has fallen
	stop     chan struct{} // closed to end it
}

// back reports that a message has come back, or never will. A nil flood belongs
// to a message outside of floods.
func (f *flood) back() {
	if f == nil {
		return
	}
	f.inFlight--
	select {
	case f.room <- struct{}{}:
	default:
	}
}

// startFlood floods with binary messages of size bytes. It returns when the
// flood has ended; while one runs it does nothing.
func (s *Session) startFlood(size, window int) {
	if size < 0 || size > MaxSize {
		s.problem(&api.ArgumentError{Name: "bytes", Problem: "must be 0 to " + strconv.Itoa(MaxSize)})
		return
	}
	if window < 1 || window > MaxWindow {
		s.problem(&api.ArgumentError{Name: "in flight", Problem: "must be 1 to " + strconv.Itoa(MaxWindow)})
		return
	}
	f, c := s.newFlood(window)
	if c == nil {
		s.problem(errNoConn)
		return
	}
	if f == nil {
		return
	}
	if err := s.pour(f, c, make([]byte, size)); err != nil {
		s.floodFailed(f, err)
	}
}

// newFlood begins a flood on the connection, which is nil for none. It returns
// nil if a flood is running.
func (s *Session) newFlood(window int) (*flood, api.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != Open {
		return nil, nil
	}
	if s.flood != nil {
		return nil, s.conn
	}
	s.flood = &flood{window: window, room: make(chan struct{}, 1), stop: make(chan struct{})}
	s.touch()
	return s.flood, s.conn
}

// pour sends p, numbered, again and again until the flood is stopped.
func (s *Session) pour(f *flood, c api.Conn, p []byte) error {
	for n := uint64(1); ; n++ {
		for !s.reserve(f) {
			select {
			case <-f.stop:
				return nil
			case <-f.room:
			}
		}
		var number [8]byte
		binary.BigEndian.PutUint64(number[:], n)
		copy(p, number[max(0, 8-len(p)):])
		if err := s.write(c, api.MessageBinary, p, f); err != nil {
			return err
		}
	}
}

// reserve counts one more message in flight, when f runs and there is room.
func (s *Session) reserve(f *flood) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flood != f || f.inFlight >= f.window {
		return false
	}
	f.inFlight++
	return true
}

// floodFailed ends f. Its error is logged only if the connection stays open:
// otherwise the state says more.
func (s *Session) floodFailed(f *flood, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flood != f {
		return
	}
	s.stopFlood()
	s.note(Line{Kind: Problem, Text: err.Error()})
}

// endFlood ends the flood that runs, if one does.
func (s *Session) endFlood() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopFlood()
}

// stopFlood is endFlood for a caller that holds s.mu.
func (s *Session) stopFlood() {
	if s.flood != nil {
		close(s.flood.stop)
		s.flood = nil
		s.touch()
	}
}
