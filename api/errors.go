package api

import (
	"context"
	"errors"
	"strconv"
)

// MaxReason is the longest reason that a close frame can carry, in bytes
// (RFC 6455 section 5.5: 125 bytes of payload, less the code's two).
const MaxReason = 123

var (
	// ErrClosed is matched by every error of an operation on a connection
	// that has ended, whoever ended it. A *CloseError tells more.
	ErrClosed = errors.New("the connection is closed")

	// ErrMessageTooBig is matched by the error of a Read whose message is over
	// the read limit. The connection has ended with StatusMessageTooBig.
	//
	// In a browser: the peer sees 4009, since a page may not send 1009.
	ErrMessageTooBig = errors.New("the message is over the read limit")

	// ErrReadBufferFull is matched by the error of a connection on which more
	// arrived than its ReadBuffer holds. It has ended with
	// StatusPolicyViolation.
	//
	// In a browser: the peer sees 4008. Natively: never; what nobody reads the
	// peer cannot send.
	ErrReadBufferFull = errors.New("more messages arrived than were read")

	// ErrUnreadMessage is returned by Read, ReadAppend and Reader while the
	// stream of an earlier Reader has not reported io.EOF. Once the context of
	// that one has ended, Reader returns a stream of the message's rest
	// instead, and so does Read if nothing of it had been given out.
	ErrUnreadMessage = errors.New("the message of an earlier Reader has not been read to its end: read on until io.EOF, from a new Reader if that one's context has ended, or io.Copy it to io.Discard")

	// ErrKeepaliveTimeout is the Cause of the *CloseError of a connection whose
	// peer sent no byte for as long as the keepalive settings allow, nor took
	// any that it was sent before the ping.
	ErrKeepaliveTimeout = errors.New("the peer sent nothing, not even the answer to a ping: it or the network is gone")

	// ErrWriteTimeout is the Cause of the *CloseError of a connection whose
	// peer took no byte of what was sent for as long as the write time limit
	// allows. A peer that takes some, however slowly, is not meant, as far as
	// that can be seen.
	//
	// In a browser: never; the browser takes what is sent.
	ErrWriteTimeout = errors.New("the peer takes nothing of what is sent: it has stopped reading, or the network is gone")
)

// CloseError is the error of every operation after the connection has ended.
type CloseError struct {
	// Code is the peer's status code: StatusNoStatusRcvd when its close frame
	// carried none, StatusAbnormalClosure when the connection broke without a
	// close frame, -1 when this side ended it before the peer's had come.
	Code StatusCode
	// Reason is the peer's reason, at most 123 bytes of UTF-8.
	Reason string
	// Local reports whether this side ended the connection first.
	Local bool
	// Clean reports whether both sides sent a close frame (RFC 6455 section
	// 7.1.4).
	Clean bool
	// Cause is what broke the connection when it did not end by a closing
	// handshake, else nil: an error of the network, ErrKeepaliveTimeout,
	// ErrWriteTimeout, an ended context. It is unwrapped, but for an ended
	// context: that was the context of an earlier call, and no later call's
	// error matches context.Canceled or context.DeadlineExceeded by it.
	//
	// In a browser: always nil for a broken network, whose reason the browser
	// hides.
	Cause error
}

// Error tells who closed, the code, the reason and the cause.
func (e *CloseError) Error() string {
	s := "the peer closed the connection"
	if e.Local {
		s = "the connection was closed by this side"
	} else if e.Code == StatusAbnormalClosure {
		s = "the connection broke without a close frame"
	}
	if e.Code >= 0 {
		s += ": status " + e.Code.String()
	}
	if e.Reason != "" {
		s += " " + strconv.Quote(e.Reason)
	}
	if !e.Clean && e.Code >= 0 && e.Code != StatusAbnormalClosure {
		s += ", closing handshake not completed"
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Is makes every CloseError match ErrClosed.
func (e *CloseError) Is(target error) bool { return target == ErrClosed }

// Unwrap returns Cause, but for an ended context.
func (e *CloseError) Unwrap() error {
	if errors.Is(e.Cause, context.Canceled) || errors.Is(e.Cause, context.DeadlineExceeded) {
		return nil
	}
	return e.Cause
}

// CloseStatus returns the code of the *CloseError in err's chain: the peer's,
// or StatusAbnormalClosure when the connection broke. It is -1 when there is
// none, or when this side ended the connection before the peer's close frame
// came.
func CloseStatus(err error) StatusCode {
	if e, ok := errors.AsType[*CloseError](err); ok {
		return e.Code
	}
	return -1
}

// HandshakeError says why a connection could not be opened or accepted.
//
// In a browser: only URL and Problem are set; the browser hides status, header
// and body from the page, and writes the reason to its console.
type HandshakeError struct {
	// URL is what was dialed, without its userinfo. Empty on the server's side.
	URL string
	// Proxy is the proxy, host and port, whose answer Status, Header and Body
	// are; "" when they are the server's.
	Proxy string
	// Status is the HTTP status, 0 when there was no response.
	Status int
	// Header is the response's header, nil when there was none.
	Header map[string][]string
	// Body is the first 1,024 bytes of the response's body at most.
	Body []byte
	// Problem says what was wrong, and where it can be known what to do.
	Problem string
	// Cause is the underlying error, or nil. It is unwrapped.
	Cause error
}

// Error tells the URL, the status, the problem and the cause.
func (e *HandshakeError) Error() string {
	s := "handshake"
	if e.URL != "" {
		s += " with " + e.URL
	}
	if e.Status != 0 {
		s += ": status " + strconv.Itoa(e.Status)
	}
	if e.Proxy != "" {
		s += " of the proxy " + e.Proxy
	}
	if e.Problem != "" {
		s += ": " + e.Problem
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns Cause.
func (e *HandshakeError) Unwrap() error { return e.Cause }

// Timeout reports whether a time limit or the context's deadline had passed.
func (e *HandshakeError) Timeout() bool { return errors.Is(e.Cause, context.DeadlineExceeded) }

// ProtocolError says which rule the peer broke. The connection has been failed
// with Code (RFC 6455 section 7.1.7).
type ProtocolError struct {
	// Code is the status code that the peer was sent.
	Code StatusCode
	// Rule is the rule that was broken, with its section.
	Rule string
}

// Error tells the rule and the code.
func (e *ProtocolError) Error() string {
	return "the peer broke the protocol: " + e.Rule + " (closed with " + e.Code.String() + ")"
}

// Is makes every ProtocolError match ErrClosed.
func (e *ProtocolError) Is(target error) bool { return target == ErrClosed }

// MessageTooBigError is the error of a message over the read limit. It matches
// ErrMessageTooBig. The connection has been failed with StatusMessageTooBig.
type MessageTooBigError struct {
	// Limit is the read limit in bytes.
	Limit int64
}

// Error tells the limit and how to raise it.
func (e *MessageTooBigError) Error() string {
	return "the message is over the read limit of " + strconv.FormatInt(e.Limit, 10) +
		" bytes: raise ReadLimit, or send smaller messages"
}

// Is makes every MessageTooBigError match ErrMessageTooBig and ErrClosed.
func (e *MessageTooBigError) Is(target error) bool {
	return target == ErrMessageTooBig || target == ErrClosed
}

// ReadBufferFullError is the error of a connection whose unread messages are
// over its ReadBuffer, which happens in a browser alone: nothing there makes
// the server wait. It matches ErrReadBufferFull. The connection has been failed
// with StatusPolicyViolation.
type ReadBufferFullError struct {
	// Limit is the ReadBuffer in bytes.
	Limit int64
}

// Error tells the bound and what to do.
func (e *ReadBufferFullError) Error() string {
	return "the messages not yet read are over the read buffer of " + strconv.FormatInt(e.Limit, 10) +
		" bytes: read faster, raise ReadBuffer, or let the server pause, as a browser cannot make it wait"
}

// Is makes every ReadBufferFullError match ErrReadBufferFull and ErrClosed.
func (e *ReadBufferFullError) Is(target error) bool {
	return target == ErrReadBufferFull || target == ErrClosed
}

// ArgumentError says which argument of a call cannot be used, and why. Nothing
// has been sent; only Close ends the connection all the same.
type ArgumentError struct {
	// Name is the argument's or the option's name.
	Name string
	// Problem says what is wrong and what to do.
	Problem string
}

// Error tells the argument and the problem.
func (e *ArgumentError) Error() string { return e.Name + ": " + e.Problem }
