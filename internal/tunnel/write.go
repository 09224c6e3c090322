package tunnel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// past is a deadline that interrupts at once.
var past = time.Unix(1, 0)

// errOver is the error of a use of the ResponseWriter that would come too late.
var errOver = errors.New("the stream of HTTP is over: the peer or the server has ended it, or the handler that called Accept has returned")

// ended returns the error of a use of w, or of the body, that returned err.
func (s *Stream) ended(err error) error {
	err = ended(err)
	if _, ok := err.(*ResetError); !ok && err != io.EOF && s.gone() {
		return fmt.Errorf("%w: %w", errOver, err)
	}
	return err
}

// gone reports whether net/http has ended the request: with the stream, or as
// the handler returned. A deadline is middleware's.
func (s *Stream) gone() bool { return s.ctx.Err() == context.Canceled }

// use begins a use of w, unless it would come too late; done must be called
// after it.
func (s *Stream) use() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || !s.serving && s.gone() {
		return errOver
	}
	s.users++
	return nil
}

// done ends a use of w.
func (s *Stream) done() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.over {
		s.cond.Broadcast()
	}
}

// late makes err the panic of net/http about a use of w after the handler has
// returned, which can happen between the check in use and the use.
func late(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", errOver, p)
	}
}

// Write sends p, and returns when net/http has written it to the connection.
// Until then the engine gathers what others write, so that one write, and one
// flush, follows for all of it.
func (s *Stream) Write(p []byte) (n int, err error) {
	if err := s.use(); err != nil {
		return 0, err
	}
	defer s.done()
	defer late(&err)
	if n, err = s.w.Write(p); err == nil {
		err = s.w.FlushError()
	}
	if err != nil {
		n, err = 0, s.judge(err)
	}
	return n, err
}

// judge returns the error of a write that failed with err.
func (s *Stream) judge(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return net.ErrClosed
	case s.cut:
		return os.ErrDeadlineExceeded
	}
	return s.ended(err)
}

// SetWriteDeadline sets the time after which Write fails. Over HTTP/2 that
// resets the stream, and cannot be taken back.
func (s *Stream) SetWriteDeadline(t time.Time) error {
	passed := !t.IsZero() && !time.Now().Before(t)
	s.mu.Lock()
	if passed {
		s.cut = true
	}
	s.mu.Unlock()
	if passed {
		return s.setWriteDeadline(past)
	}
	return s.setWriteDeadline(t)
}

func (s *Stream) setWriteDeadline(t time.Time) (err error) {
	if err := s.use(); err != nil {
		return err
	}
	defer s.done()
	defer late(&err)
	return s.w.SetWriteDeadline(t)
}

// Close ends the stream: what was written is followed by its end, which
// net/http sends as the handler returns. It must not be called while a Write
// waits.
func (s *Stream) Close() error {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	s.setLimit(time.Time{})
	s.cond.Broadcast()
	s.mu.Unlock()
	s.Settle()
	if was {
		return net.ErrClosed
	}
	return s.body.Close() // ends the wait for it
}

// Abort resets the stream: what was written may be lost.
func (s *Stream) Abort() error {
	s.setWriteDeadline(past)
	return s.Close()
}

// Settle returns when w is in use by nobody, and never will be. The engine
// calls it for a connection that another goroutine ends at the moment: then the
// caller, a handler, may return.
func (s *Stream) Settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for s.users > 0 {
		s.cond.Wait()
	}
}
