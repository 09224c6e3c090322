// Package wsnet makes a net.Conn of a WebSocket connection, and a net.Listener
// of an http.Handler: what is written for byte streams, such as SSH, a
// multiplexer or a database driver, then runs over WebSocket, also in a page.
//
//	conn, err := wsnet.Dial(ctx, "wss://example.com/tunnel", nil) // in both homes
//
//	l := wsnet.NewListener(nil) // natively
//	http.Handle("/tunnel", l)
//	conn, err := l.Accept()
//
// A program that has a connection already calls [Conn].
//
// # Half-close
//
// WebSocket has no half-close: after a close frame nothing more is sent in
// either direction (RFC 6455 section 5.5.1). If both sides agree on the
// subprotocol [HalfClose], an empty message ends the data of one direction, and
// the net.Conn has a method CloseWrite() error, as a *net.TCPConn has:
//
//	conn, err := wsnet.Dial(ctx, url, &ws.DialOptions{Subprotocols: []string{wsnet.HalfClose}})
//	if c, ok := conn.(interface{ CloseWrite() error }); ok {
//		err = c.CloseWrite()
//	}
//
// A [Listener] agrees to it whenever a client offers it.
//
// # In a browser
//
// The package is the same there, without the Listener. A page that imports it
// loads package net as well. A browser cannot make the peer wait: a peer that
// sends faster than the page reads must be bounded by its own protocol, as
// those of SSH and of multiplexers bound it, or by DialOptions.ReadBuffer,
// above which the connection fails.
package wsnet

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/twinws/ws/api"
)

// HalfClose is the subprotocol of two sides that end each direction separately:
// an empty message is the end of its sender's data, and the net.Conn has a
// method CloseWrite.
//
// A client that offers no other, in DialOptions.Subprotocols, must know that
// the server selects it: in a browser Dial fails otherwise.
const HalfClose = "halfclose.wsnet.twinws"

const (
	// maxMessage is the longest message that Write sends, in bytes. Readers of
	// other libraries accept no longer ones by default.
	maxMessage = 32 << 10
	// closeTime bounds Close.
	closeTime = 5 * time.Second
)

// Conn returns c as a net.Conn, whose bytes are the payloads of messages of
// type typ. The net.Conn owns c from then on. Conn panics with an
// [*api.ArgumentError] if c is nil or typ invalid.
//
// Read reads on across messages; where one ends cannot be seen. It returns
// [io.EOF] when the peer has closed the connection with 1000 (normal closure)
// or 1001 (going away), and any other end as the *api.CloseError. A message of
// the other type is no part of the stream: it fails the connection with 1003
// (unsupported data; from a page 4003), and Read returns a
// [*MessageTypeError]. The read limit of c applies to each message.
//
// Write sends p in messages of at most 32 KiB, and returns when they have been
// sent; an empty p sends nothing. Text is sent in whole characters: up to 3
// bytes of an incomplete one wait for the next Write. For text that is not
// UTF-8 it returns an *api.ArgumentError.
//
// Deadlines are as those of other net.Conns. When one has passed, the calls of
// its direction return an error that is [os.ErrDeadlineExceeded] to errors.Is,
// and whose Timeout method returns true. That neither ends the connection nor
// loses anything: after a later deadline has been set, Read continues with the
// next byte. Nor does Write: what it has begun to send is sent, as a message
// cannot be withdrawn in part (RFC 6455 section 5.4), and is included in the n
// that it returns. To continue, write p[n:]. The next Write waits until it has
// been sent.
//
// Close performs the closing handshake with 1000, for at most 5 s, and discards
// what has not been read. Blocked calls return an error that is [net.ErrClosed]
// to errors.Is. It returns nil if the peer has closed normally. A second Close
// returns the same as the first.
//
// LocalAddr and RemoteAddr are those of c, if it has them: a *ws.Conn has them
// natively, over a network connection that has some. Else they are of type
// [Addr].
//
// Errors of the connection are those of c. Those of this package are in a
// *net.OpError, whose Net is "websocket".
func Conn(c api.Conn, typ api.MessageType) net.Conn {
	switch {
	case c == nil:
		panic(&api.ArgumentError{Name: "c", Problem: "is nil"})
	case !typ.Valid():
		panic(&api.ArgumentError{Name: "typ", Problem: "is " + typ.String() + ": use MessageBinary or MessageText"})
	}
	n := &conn{ws: c, typ: typ, half: c.Subprotocol() == HalfClose,
		reading: make(chan struct{}, 1),
		writing: make(chan struct{}, 1),
		sending: make(chan struct{}, 1),
	}
	n.local, n.remote = addresses(c)
	n.readBy.init()
	n.writeBy.init()
	if n.half {
		return halfConn{n}
	}
	return n
}

// Unwrap returns the WebSocket connection below a net.Conn of this package, nil
// for any other: for its Subprotocol, Context or CloseNow. Reading from it and
// writing to it are the net.Conn's alone.
func Unwrap(nc net.Conn) api.Conn {
	switch n := nc.(type) {
	case *conn:
		return n.ws
	case halfConn:
		return n.ws
	}
	return nil
}

// conn is a net.Conn without half-close.
type conn struct {
	// constant
	ws            api.Conn
	typ           api.MessageType
	half          bool // HalfClose was negotiated
	local, remote net.Addr

	readBy, writeBy deadline

	// Locks: one token each. writing is held by a Write while it blocks,
	// sending while a message is being sent, which a Write may not wait for.
	reading, writing, sending chan struct{}

	// protected by reading
	r     io.Reader       // of the current message, nil between messages
	until context.Context // the context of r
	some  bool            // the current message has a byte
	fin   bool            // the peer has ended its data

	// protected by writing
	finished bool // this side has ended its data

	// protected by sending
	cut     []byte // of text: the beginning of a character
	sendErr error  // of the last message

	mu     sync.Mutex
	ended  error          // why calls fail, once this side has ended the connection; protected by mu
	code   api.StatusCode // for the close frame; protected by mu
	reason string         // protected by mu

	closing  sync.Once
	closeErr error // the result of closing
}

// halfConn is a net.Conn with half-close.
type halfConn struct{ *conn }

// LocalAddr returns this side's address.
func (c *conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the peer's address.
func (c *conn) RemoteAddr() net.Addr { return c.remote }

// MessageTypeError is the error of a connection on which a message of another
// type than that of the stream has arrived. The connection has been failed with
// StatusUnsupportedData.
//
// In a browser: the peer sees 4003, since a page may not send 1003.
type MessageTypeError struct {
	Got, Want api.MessageType
}

// Error returns both types and what to do.
func (e *MessageTypeError) Error() string {
	return "a " + e.Got.String() + " message arrived in a stream of " + e.Want.String() +
		" messages: both sides must use one type (closed with " + strconv.Itoa(int(unsupported)) + ")"
}

// Is makes every MessageTypeError match api.ErrClosed.
func (e *MessageTypeError) Is(target error) bool { return target == api.ErrClosed }

// failed returns the error of an operation that returned err: if this side has
// ended the connection, why.
func (c *conn) failed(op string, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return c.opError(op, c.ended)
	}
	return err
}

func (c *conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: network, Source: c.local, Addr: c.remote, Err: err}
}

// lock takes the token of l, unless ctx ends first.
func lock(ctx context.Context, l chan struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case l <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func unlock(l chan struct{}) { <-l }
