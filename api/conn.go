// Package api is the contract of a WebSocket connection: the interface that
// every home of a [Conn] meets, its message types, status codes and errors.
//
// It is a leaf that imports only the standard library, so that both homes, the
// conformance suite and programs that mock a connection can depend on it.
package api

import (
	"context"
	"io"
)

// Conn is one WebSocket connection, the same in a browser and on a machine.
//
// All methods may be called from any number of goroutines at once. A context
// that ends while a method waits ends that call alone: the connection stays
// usable and no byte of a message is lost. The one exception is a message of
// which a part is on the wire already; see Write and Writer.
type Conn interface {
	// Read waits for the next message and returns it whole.
	//
	// Messages that arrived before the peer's close are returned first, then a
	// *CloseError. A message over the read limit ends the connection and
	// returns an error that matches ErrMessageTooBig. When ctx ends first, Read
	// returns an error that matches ctx.Err() and the next Read goes on where
	// this one stood.
	Read(ctx context.Context) (MessageType, []byte, error)

	// ReadAppend is Read into the caller's memory: it appends the message to
	// dst and returns the extended slice. On error it returns dst as it was.
	ReadAppend(ctx context.Context, dst []byte) (MessageType, []byte, error)

	// Reader waits for the next message and returns a stream of its payload,
	// which reports io.EOF at the message's end. ctx holds for the stream too.
	//
	// Until the stream has reported io.EOF, Read, ReadAppend and Reader return
	// ErrUnreadMessage, and lose nothing. When ctx ends before that, Reader
	// called with another context returns a stream of the message's rest.
	Reader(ctx context.Context) (MessageType, io.Reader, error)

	// Write sends p as one message. Text must be UTF-8.
	//
	// When ctx ends before anything of the message is on the wire, Write
	// returns an error that matches ctx.Err() and nothing has happened. Once a
	// part is on the wire, an ended ctx fails the connection, since a message
	// cannot be taken back.
	Write(ctx context.Context, typ MessageType, p []byte) error

	// Writer returns a stream whose bytes form one message, sent when it is
	// closed at the latest. Other messages wait until then; pings, pongs and
	// the close do not. ctx holds until the stream is closed.
	Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error)

	// Ping sends a ping and waits for its pong (RFC 6455 section 5.5.2).
	//
	// In a browser: returns errors.ErrUnsupported, since the browser answers
	// the server's pings by itself and offers none of its own.
	Ping(ctx context.Context) error

	// CloseRead is for a connection that only writes: it reads in the
	// background, so that pings and the close are answered, and returns a
	// context that ends with the connection. A message that arrives fails the
	// connection with StatusPolicyViolation.
	CloseRead(ctx context.Context) context.Context

	// Close performs the closing handshake (RFC 6455 section 7) and then ends
	// the connection. It waits at most 5 s for the peer. Messages not yet read
	// are discarded. Whatever its arguments, the connection ends; what cannot
	// be sent as asked is left out, and the error says so.
	Close(code StatusCode, reason string) error

	// CloseContext is Close with another bound than 5 s: ctx, which is bounded
	// by 5 s besides if it has no deadline. When it ends first, the connection
	// is ended without the peer's close frame, and the error matches ctx.Err()
	// and ErrClosed.
	CloseContext(ctx context.Context, code StatusCode, reason string) error

	// CloseNow ends the connection at once, without a closing handshake.
	CloseNow() error

	// Context returns a context that ends with the connection, whose error is
	// its cause (context.Cause). Natively an operation has to meet the end
	// first, such as a Read that waits.
	Context() context.Context

	// Subprotocol returns the subprotocol that was agreed on, "" for none.
	Subprotocol() string

	// BufferedAmount returns how many payload bytes have been accepted by
	// Write and Writer and are not yet handed to the network.
	BufferedAmount() int64

	// ReadBuffered returns how many payload bytes have been received and not
	// yet read, in a page of text in UTF-16 units. Natively it counts what was
	// read ahead, and is 0 while a Read is under way.
	ReadBuffered() int64
}
