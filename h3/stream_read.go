package h3

import (
	"errors"
	"io"
	"net"
	"os"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws/internal/tunnel"
)

// Read reads the payload of DATA frames.
func (s *stream) Read(p []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.over {
		return 0, io.EOF
	}
	n, err := s.frames.Read(s.q, p)
	if err == nil {
		return n, nil
	}
	if e, ok := err.(*tunnel.FrameError); ok {
		if e.Type == frameHeaders && !s.open { // trailers of a refusal
			s.over = true
			return 0, io.EOF
		}
		err = unexpected(e.Type, "after the response (RFC 9114 section 4.4)")
	}
	return 0, s.readFailed(err)
}

// AwaitRead blocks until Read would return, within the read deadline.
func (s *stream) AwaitRead() error {
	s.reading.Lock()
	defer s.reading.Unlock()
	if _, err := s.q.Peek(s.peeked[:]); err != nil && isTimeout(err) {
		return s.readFailed(err)
	}
	return nil
}

// readFailed returns the error of Read. A violation of HTTP/3 ends the
// connection, and the end within a frame is one.
func (s *stream) readFailed(err error) error {
	if s.ended.Load() {
		return net.ErrClosed
	}
	if err == io.ErrUnexpectedEOF {
		err = &connectionError{http3.ErrCodeFrameError, "the stream ended within a frame"}
	}
	if e, ok := err.(*connectionError); ok {
		s.c.violated(e)
		return e
	}
	if err == io.EOF {
		return err
	}
	return lost(err)
}

// isTimeout reports whether err is that of a deadline of the stream.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// lostError is why a stream ended without FIN. It is no timeout, even where
// QUIC's idle time-out is the reason: waiting again does not help.
type lostError struct {
	text string
	err  error
}

func (e *lostError) Error() string   { return "h3: " + e.text }
func (e *lostError) Unwrap() error   { return e.err }
func (e *lostError) Timeout() bool   { return false }
func (e *lostError) Temporary() bool { return false }

var _ net.Error = (*lostError)(nil)

// lost explains an error of QUIC, unless it is that of a deadline.
func lost(err error) error {
	if err == nil || isTimeout(err) {
		return err
	}
	if e, ok := errors.AsType[*quic.StreamError](err); ok {
		return &lostError{"the " + peer(e.Remote) + " reset the stream with " + code(uint64(e.ErrorCode)), err}
	}
	if e, ok := errors.AsType[*quic.ApplicationError](err); ok {
		text := "the " + peer(e.Remote) + " closed the QUIC connection with " + code(uint64(e.ErrorCode))
		if e.ErrorMessage != "" {
			text += ": " + e.ErrorMessage
		}
		return &lostError{text, err}
	}
	if _, ok := errors.AsType[*quic.IdleTimeoutError](err); ok {
		return &lostError{"the QUIC connection timed out: nothing arrived for its idle time", err}
	}
	return &lostError{"the QUIC connection was lost: " + err.Error(), err}
}

func peer(remote bool) string {
	if remote {
		return "server"
	}
	return "client"
}

// code is the name of an error code of HTTP/3 (RFC 9114 section 8.1).
func code(c uint64) string { return http3.ErrCode(c).String() }
