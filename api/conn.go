// Package api is the contract of a WebSocket connection: the interface [Conn],
// which is implemented natively and for browsers, the message types, status
// codes and errors.
//
// It imports only the standard library, so that both implementations, the
// conformance suite and programs that mock a connection can depend on it.
package api

import (
	"context"
	"io"
)

// Conn is a WebSocket connection, the same natively and in a browser.
//
// All methods may be called from any number of goroutines at once. When a
// context ends while a method blocks, only that call ends: the connection stays
// usable and no byte of a message is lost. The one exception is a message of
// which a part has been sent already; see Write and Writer.
type Conn interface {
	// Read blocks until a whole message has been received, and returns it.
	//
	// Messages that arrived before the peer's close are returned first, then a
	// *CloseError. A message over the read limit ends the connection and
	// returns an error that matches ErrMessageTooBig. When ctx ends first, Read
	// returns an error that matches ctx.Err(), and the next Read continues
	// where this one stopped.
	Read(ctx context.Context) (MessageType, []byte, error)

	// ReadAppend is Read into the caller's memory: it appends the message to
	// dst and returns the extended slice. On error it returns dst unchanged.
	ReadAppend(ctx context.Context, dst []byte) (MessageType, []byte, error)

	// Reader blocks until a message begins, and returns a stream of its
	// payload, which returns io.EOF at the end of the message. ctx applies to
	// the stream too.
	//
	// Until the stream has returned io.EOF, Read, ReadAppend and Reader return
	// ErrUnreadMessage, and lose nothing. When ctx ends before that, Reader
	// called with another context returns a stream of the rest of the message.
	Reader(ctx context.Context) (MessageType, io.Reader, error)

	// Write sends p as one message. Text must be UTF-8.
	//
	// When ctx ends before any byte of the message has been sent, Write returns
	// an error that matches ctx.Err(), and the connection is unchanged. Once a
	// part has been sent, the end of ctx fails the connection, since a partly
	// sent message cannot be withdrawn.
	Write(ctx context.Context, typ MessageType, p []byte) error

	// Writer returns a stream whose bytes form one message, which has been sent
	// when Close returns. Other messages wait until then; pings, pongs and the
	// close frame do not. ctx applies until the stream is closed.
	Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error)

	// Ping sends a ping and blocks until its pong arrives (RFC 6455 section
	// 5.5.2).
	//
	// In a browser: returns errors.ErrUnsupported, since the browser answers
	// the server's pings automatically, and has no method to send one.
	Ping(ctx context.Context) error

	// CloseRead is for a connection that only writes: it reads in the
	// background, so that pings and the close frame are answered, and returns a
	// context that ends with the connection. A message that arrives fails the
	// connection with StatusPolicyViolation.
	CloseRead(ctx context.Context) context.Context

	// Close performs the closing handshake (RFC 6455 section 7) and then ends
	// the connection. It waits at most 5 s for the peer. Messages that have not
	// been read are discarded. The connection ends whatever the arguments; a
	// code or reason that cannot be sent is left out, and the error says so.
	Close(code StatusCode, reason string) error

	// CloseContext is Close with another time limit: that of ctx, or 5 s if ctx
	// has no deadline. When ctx ends first, the connection is ended without the
	// peer's close frame, and the error matches ctx.Err() and ErrClosed.
	CloseContext(ctx context.Context, code StatusCode, reason string) error

	// CloseNow ends the connection at once, without a closing handshake.
	CloseNow() error

	// Context returns a context that ends with the connection, whose error is
	// its cause (context.Cause). Natively an operation has to detect the end,
	// such as a blocked Read.
	Context() context.Context

	// Subprotocol returns the negotiated subprotocol, "" for none.
	Subprotocol() string

	// BufferedAmount returns how many payload bytes Write and Writer have
	// accepted that have not been passed to the network.
	BufferedAmount() int64

	// ReadBuffered returns how many payload bytes have been received and not
	// yet read; in a browser, text is counted in UTF-16 units. Natively it
	// counts what was read ahead, and is 0 while a Read is blocked.
	ReadBuffered() int64
}
