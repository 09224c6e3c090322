package tunnel

import (
	"io"
	"net"
	"os"
	"time"
)

// AwaitRead blocks until Read would not block, within the read deadline.
func (s *Stream) AwaitRead() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return net.ErrClosed
		case !s.limit.IsZero() && !time.Now().Before(s.limit):
			return os.ErrDeadlineExceeded
		case s.ready:
			return nil
		case !s.waiting:
			s.waiting = true
			if s.serving {
				s.cond.Broadcast()
			} else {
				go s.wait()
			}
		}
		s.cond.Wait()
	}
}

// Read reads what has arrived, and waits for it within the read deadline. After
// io.EOF, or another error of the body, it returns the same.
func (s *Stream) Read(p []byte) (int, error) {
	if err := s.AwaitRead(); err != nil || len(p) == 0 {
		return 0, err
	}
	s.mu.Lock()
	err, h := s.err, s.held
	s.mu.Unlock()
	if h != nil {
		return s.readHeld(h, p), nil
	}
	if err != nil {
		return 0, err
	}
	n, err := s.body.Read(p) // does not block: there is something, and nobody else reads
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.err = s.ended(err)
	}
	s.ready = s.err != nil
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

// readHeld reads what the waiting goroutine has read. Only Read changes that,
// and the waiting goroutine has ended its wait.
func (s *Stream) readHeld(h *held, p []byte) int {
	n := copy(p, h.mem[h.from:h.to])
	if h.from += n; h.from < h.to {
		return n
	}
	helds.Put(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held, s.ready = nil, s.err != nil
	return n
}

// awaited blocks until the waiting goroutine has to wait for the body. It
// reports false once the stream is closed.
func (s *Stream) awaited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.waiting && !s.closed {
		s.cond.Wait()
	}
	return !s.closed
}

// wait waits once for the body.
func (s *Stream) wait() {
	h, err := s.waitBody()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held, s.waiting, s.ready = h, false, true
	if err != nil {
		s.err = s.ended(err)
	}
	s.cond.Broadcast()
}

// waitBody blocks until there is something to read, which it returns if it had
// to read it.
func (s *Stream) waitBody() (*held, error) {
	if s.silent {
		_, err := s.body.Read(nil)
		return nil, err
	}
	h := helds.Get().(*held)
	h.from = 0
	for range emptyReads {
		n, err := s.body.Read(h.mem[:])
		if h.to = n; n > 0 {
			return h, err
		}
		if err != nil {
			helds.Put(h)
			return nil, err
		}
	}
	helds.Put(h)
	return nil, io.ErrNoProgress
}

// emptyReads bounds how often in a row a body may return 0, nil.
const emptyReads = 100

// SetReadDeadline sets the time at which AwaitRead and Read return
// os.ErrDeadlineExceeded; zero for none. Nothing is lost by it.
func (s *Stream) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.setLimit(t)
	return nil
}

// setLimit is SetReadDeadline for the holder of mu.
func (s *Stream) setLimit(t time.Time) {
	if s.alarm != nil {
		s.alarm.Stop()
		s.alarm = nil
	}
	if s.limit = t; t.IsZero() {
		return
	}
	if d := time.Until(t); d > 0 {
		s.alarm = time.AfterFunc(d, s.cond.Broadcast)
	} else {
		s.cond.Broadcast()
	}
}
