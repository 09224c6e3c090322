package million

import (
	"io"
	"os"
	"sync"
	"time"
)

// stream is one end of a byte stream in memory, as small as it can be while it
// keeps deadlines. Its peer has said something once, and reads whatever it is
// sent.
type stream struct {
	wake sync.Cond // L is mu

	mu       sync.Mutex
	said     []byte    // protected by mu: not yet read
	heard    int       // protected by mu: bytes written
	deadline time.Time // protected by mu: of Read
	timer    *time.Timer
	closed   bool // protected by mu
}

// newStream returns a stream whose peer has said p, which is not changed.
func newStream(p []byte) *stream {
	s := &stream{said: p}
	s.wake.L = &s.mu
	return s
}

func (s *stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.await(); err != nil {
		return 0, err
	}
	n := copy(p, s.said)
	s.said = s.said[n:]
	return n, nil
}

// AwaitRead waits until there is something to read.
func (s *stream) AwaitRead() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.await()
}

// await is AwaitRead for who holds mu.
func (s *stream) await() error {
	for {
		switch {
		case s.closed:
			return io.ErrClosedPipe
		case len(s.said) > 0:
			return nil
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return os.ErrDeadlineExceeded
		}
		s.wake.Wait()
	}
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	s.heard += len(p)
	s.wake.Broadcast()
	return len(p), nil
}

func (s *stream) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	switch {
	case t.IsZero():
		if s.timer != nil {
			s.timer.Stop()
		}
	case s.timer == nil:
		s.timer = time.AfterFunc(time.Until(t), s.wake.Broadcast)
	default:
		s.timer.Reset(time.Until(t))
	}
	return nil
}

// SetWriteDeadline has nothing to do: Write never waits.
func (s *stream) SetWriteDeadline(time.Time) error { return nil }

func (s *stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.wake.Broadcast()
	return nil
}
