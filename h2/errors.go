package h2

import (
	"fmt"
	"net"
	"syscall"

	"golang.org/x/net/http2"
)

// StreamError says why one stream ended without its regular end, while the
// others of its connection go on (RFC 9113 section 5.4.2). It is the error of
// Read, once all that came before it has been read, and of Write.
type StreamError struct {
	// StreamID is the number of the stream in its connection.
	StreamID uint32
	// Code is that of the RST_STREAM frame (RFC 9113 section 7).
	Code http2.ErrCode
	// Remote says that the peer sent the frame. Otherwise this side did, since
	// the peer broke the rule that Problem names.
	Remote bool
	// Problem is the rule with its section, or "".
	Problem string
}

// Error returns who reset the stream, and why.
func (e *StreamError) Error() string {
	who := "this side"
	if e.Remote {
		who = "the peer"
	}
	s := fmt.Sprintf("HTTP/2 stream %d was reset by %s with %v", e.StreamID, who, e.Code)
	if e.Problem != "" {
		s += ": " + e.Problem
	}
	return s
}

// Is makes a reset by the peer match syscall.ECONNRESET, which it stands for
// (RFC 8441 section 5).
func (e *StreamError) Is(target error) bool { return e.Remote && target == syscall.ECONNRESET }

// ConnError says why a connection ended, and all of its streams with it (RFC
// 9113 section 5.4.1).
type ConnError struct {
	// Code is that of the GOAWAY frame that this side sent; NO_ERROR if the
	// connection was closed or lost without a violation.
	Code http2.ErrCode
	// Problem says what happened: with a Code, the rule that the peer broke,
	// with its section.
	Problem string
	// Cause is the error of the network, net.ErrClosed after Transport.Close, a
	// *GoAwayError if the server had announced the end, or nil. It is
	// unwrapped.
	Cause error

	lost bool // the network is
}

// Error returns the code, the problem and the cause.
func (e *ConnError) Error() string {
	s := "HTTP/2 connection ended"
	if e.Code != http2.ErrCodeNo {
		s += fmt.Sprintf(" with %v", e.Code)
	}
	s += ": " + e.Problem
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns Cause.
func (e *ConnError) Unwrap() error { return e.Cause }

// GoAwayError is a GOAWAY frame of the server (RFC 9113 section 6.8), which
// opens no more streams on this connection. Streams up to LastStreamID go on.
// It is the cause of the end of the others, which the server has not processed:
// OpenStream opens them again on another connection.
type GoAwayError struct {
	// LastStreamID is the last stream that the server has processed.
	LastStreamID uint32
	// Code says why; NO_ERROR for a server that shuts down.
	Code http2.ErrCode
	// DebugData is the server's text, at most 1,024 bytes of it.
	DebugData string
}

// Error returns the code and the text.
func (e *GoAwayError) Error() string {
	s := fmt.Sprintf("the server sent GOAWAY with %v, last stream %d", e.Code, e.LastStreamID)
	if e.DebugData != "" {
		s += fmt.Sprintf(": %q", e.DebugData)
	}
	return s
}

// violation is a connection error of code, because of problem.
func violation(code http2.ErrCode, problem string) *ConnError {
	return &ConnError{Code: code, Problem: problem}
}

// errClosed is what a Transport's Close ends its connections with.
func errClosed() *ConnError {
	return &ConnError{Problem: "the Transport was closed", Cause: net.ErrClosed}
}
