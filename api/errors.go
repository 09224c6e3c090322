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
	// ErrClosed is matched by the error of every operation on a connection that
	// has ended, whoever ended it. A *CloseError has the details.
	ErrClosed = errors.New("the connection is closed")

	// ErrMessageTooBig is matched by the error of a Read whose message is over
	// the read limit. The connection has ended with StatusMessageTooBig.
	//
	// In a browser: the peer sees 4009, since a page may not send 1009.
	ErrMessageTooBig = errors.New("the message is over the read limit")

	// ErrReadBufferFull is matched by the error of a connection whose unread
	// messages exceed its ReadBuffer. The connection has ended with
	// StatusPolicyViolation.
	//
	// In a browser: the peer sees 4008. Natively: never; backpressure keeps the
	// peer from sending what is not read.
	ErrReadBufferFull = errors.New("the read buffer is full")

	// ErrUnreadMessage is returned by Read, ReadAppend and Reader while the
	// stream of an earlier Reader has not returned io.EOF. Once the context of
	// that Reader has ended, Reader returns a stream of the rest of the message
	// instead, and Read the message if nothing of it has been read.
	ErrUnreadMessage = errors.New("the message of an earlier Reader is unread: read it until io.EOF, from a new Reader if its context has ended, or io.Copy it to io.Discard")

	// ErrKeepaliveTimeout is the Cause of the *CloseError of a connection whose
	// peer, for as long as the keepalive settings allow, sent no byte and read
	// none that was sent before the ping.
	ErrKeepaliveTimeout = errors.New("the peer sent nothing, not even a pong: it or the network is down")

	// ErrWriteTimeout is the Cause of the *CloseError of a connection whose
	// peer accepted no byte of what was sent for as long as WriteTimeout
	// allows. A peer that accepts some bytes, however slowly, does not time
	// out, as far as this side can tell.
	//
	// In a browser: never; the browser accepts what is sent.
	ErrWriteTimeout = errors.New("the peer accepts no data: it has stopped reading, or the network is down")
)

// CloseError is the error of every operation after the connection has ended.
type CloseError struct {
	// Code is the peer's status code: StatusNoStatusRcvd when its close frame
	// had none, StatusAbnormalClosure when the connection was lost without a
	// close frame, -1 when this side ended it before the peer's arrived.
	//
	// In a browser: WebKit reports 1012, 1013 and 1014 as
	// StatusAbnormalClosure. If data follows the server's close frame, Chromium
	// does so too. Firefox and workerd also report codes that may not be sent,
	// such as 999, 1015 or 65535.
	Code StatusCode
	// Reason is the peer's reason, at most 123 bytes of UTF-8.
	//
	// In a browser: in WebKit it ends at U+0000. Deno and workerd accept longer
	// ones, and workerd replaces what is not UTF-8 by U+FFFD.
	Reason string
	// Local reports whether this side ended the connection first.
	Local bool
	// Clean reports whether both sides sent a close frame (RFC 6455 section
	// 7.1.4).
	//
	// In a browser: what the browser reports. Where the server closes TCP right
	// behind its close frame, Firefox often reports false, with the code of the
	// close frame, such as 1000.
	Clean bool
	// Cause is why the connection ended without a closing handshake, else nil:
	// a network error, ErrKeepaliveTimeout, ErrWriteTimeout, an ended context.
	// Unwrap returns it, except for an ended context: that was the context of
	// an earlier call, and the errors of later calls must not match
	// context.Canceled or context.DeadlineExceeded because of it.
	//
	// In a browser: nil for a network error, which the browser hides.
	Cause error
}

// Error returns who closed the connection, the code, the reason and the cause.
func (e *CloseError) Error() string {
	s := "the peer closed the connection"
	if e.Local {
		s = "the connection was closed by this side"
	} else if e.Code == StatusAbnormalClosure {
		s = "the connection was lost without a close frame"
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

// Unwrap returns Cause, except for an ended context.
func (e *CloseError) Unwrap() error {
	if errors.Is(e.Cause, context.Canceled) || errors.Is(e.Cause, context.DeadlineExceeded) {
		return nil
	}
	return e.Cause
}

// CloseStatus returns the code of the *CloseError in err's chain: the peer's,
// or StatusAbnormalClosure when the connection was lost. It is -1 when there is
// none, or when this side ended the connection before the peer's close frame
// arrived.
func CloseStatus(err error) StatusCode {
	if e, ok := errors.AsType[*CloseError](err); ok {
		return e.Code
	}
	return -1
}

// HandshakeError says why a connection could not be opened or accepted.
//
// In a browser: URL and Problem are set, and Cause where it is known. The
// browser hides status, header and body from the page, and writes the reason to
// its console; Node.js, Deno and Bun write it nowhere. Problem names a
// subprotocol that does not match those offered. Cause may be a *CloseError,
// with the code and reason of a close event that came before the connection was
// open: in Firefox the server's close frame, where the server closes TCP right
// behind the handshake, or 1015 for a failed TLS handshake. Otherwise it is the
// error of the context, context.DeadlineExceeded after 10 s,
// errors.ErrUnsupported, or what the constructor of the WebSocket object threw.
type HandshakeError struct {
	// URL is the URL that was dialed, without its userinfo. Empty on the server
	// side.
	URL string
	// Proxy is the forward proxy, host and port as in its URL, that refused or
	// failed; Status, Header and Body are then its. "" if the server was
	// reached, or no proxy is used.
	Proxy string
	// Status is the HTTP status, 0 when there was no response.
	Status int
	// Header is the response's header, nil when there was none.
	Header map[string][]string
	// Body is at most the first 1,024 bytes of the response's body.
	Body []byte
	// Problem says what was wrong and, if it is known, what to do.
	Problem string
	// Cause is the underlying error, or nil. It is unwrapped.
	Cause error
}

// Error returns the URL, the status, the problem and the cause.
func (e *HandshakeError) Error() string {
	s := "handshake"
	if e.URL != "" {
		s += " with " + e.URL
	}
	if e.Status != 0 {
		s += ": status " + strconv.Itoa(e.Status)
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

// Timeout reports whether a time limit or the context's deadline has passed.
func (e *HandshakeError) Timeout() bool { return errors.Is(e.Cause, context.DeadlineExceeded) }

// ProtocolError says which rule the peer violated. The connection has been
// failed with Code (RFC 6455 section 7.1.7).
type ProtocolError struct {
	// Code is the status code that was sent to the peer.
	Code StatusCode
	// Rule is the violated rule, with its section.
	Rule string
}

// Error returns the rule and the code.
func (e *ProtocolError) Error() string {
	return "the peer violated the protocol: " + e.Rule + " (closed with " + e.Code.String() + ")"
}

// Is makes every ProtocolError match ErrClosed.
func (e *ProtocolError) Is(target error) bool { return target == ErrClosed }

// MessageTooBigError is the error of a message over the read limit. It matches
// ErrMessageTooBig. The connection has been failed with StatusMessageTooBig.
type MessageTooBigError struct {
	// Limit is the read limit in bytes.
	Limit int64
}

// Error returns the limit and how to raise it.
func (e *MessageTooBigError) Error() string {
	return "the message is over the read limit of " + strconv.FormatInt(e.Limit, 10) +
		" bytes: raise ReadLimit, or send smaller messages"
}

// Is makes every MessageTooBigError match ErrMessageTooBig and ErrClosed.
func (e *MessageTooBigError) Is(target error) bool {
	return target == ErrMessageTooBig || target == ErrClosed
}

// ReadBufferFullError is the error of a connection whose unread messages exceed
// its ReadBuffer, which happens in a browser only: there the server cannot be
// made to wait. It matches ErrReadBufferFull. The connection has been failed
// with StatusPolicyViolation.
type ReadBufferFullError struct {
	// Limit is the ReadBuffer in bytes.
	Limit int64
}

// Error returns the bound and what to do.
func (e *ReadBufferFullError) Error() string {
	return "the unread messages exceed the read buffer of " + strconv.FormatInt(e.Limit, 10) +
		" bytes: read faster, raise ReadBuffer, or make the server pause: a browser has no backpressure"
}

// Is makes every ReadBufferFullError match ErrReadBufferFull and ErrClosed.
func (e *ReadBufferFullError) Is(target error) bool {
	return target == ErrReadBufferFull || target == ErrClosed
}

// ArgumentError says which argument of a call is invalid, and why. Nothing has
// been sent; only Close ends the connection all the same.
type ArgumentError struct {
	// Name is the argument's or the option's name.
	Name string
	// Problem says what is wrong and what to do.
	Problem string
}

// Error returns the argument and the problem.
func (e *ArgumentError) Error() string { return e.Name + ": " + e.Problem }
