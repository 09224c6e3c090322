// Package ws is a WebSocket client and server for browsers and for all other
// platforms. With GOOS=js GOARCH=wasm a connection is the browser's WebSocket
// object; everywhere else it is RFC 6455 in pure Go. The same program compiles
// for both, unchanged.
//
//	c, err := ws.Dial(ctx, "wss://example.com/chat", nil)
//	if err != nil { ... }
//	defer c.CloseNow()
//	err = c.Write(ctx, ws.MessageText, []byte("hello"))
//	typ, p, err := c.Read(ctx)
//	err = c.Close(ws.StatusNormalClosure, "")
//
// A server accepts connections with Accept or Upgrade, which exist natively
// only: using them in a js build is a compile error.
//
// # What both have in common
//
// When a context ends during a call, only that call ends: the Conn stays usable
// and no byte of a message is lost. Read returns every message that arrived
// before the peer's close, and then a [*CloseError]. Every wait is bounded, by
// the context or by a constant stated in the method's comment. Close and
// CloseNow always end the connection, whatever their arguments.
//
// # What a browser cannot do
//
// It sends no pings (Ping returns [errors.ErrUnsupported]), no header fields
// chosen by the program (DialOptions.Header likewise), and no close codes but
// 1000 and 3000-4999. When this library has to fail a connection there, for
// example because a message exceeds the read limit, the peer sees 4009 instead
// of 1009: 3,000 is added to the code. The Go error has the original code.
//
// It cannot make the server wait, so DialOptions.ReadBuffer bounds what the
// program has not read. The newer WebSocketStream has backpressure, but is not
// used: Chromium 156 silently loses messages that arrived before the server's
// close and were not read yet.
//
// Calls that block wait for the event loop, which is stopped while a js.FuncOf
// callback runs: start a goroutine in such a callback.
//
// Browsers differ from each other: the comments of [Dial], [CloseError] and
// other declarations say in what, and the README has a table. The package also
// works in Node.js, Deno, Bun, workerd, jsdom and happy-dom; what comments say
// of a browser holds for these too.
package ws

import (
	"context"
	"io"
	"runtime"

	"github.com/twinws/ws/api"
)

// The defaults of the options of a connection, in bytes.
const (
	DefaultReadLimit   = 1 << 20  // the largest message to receive
	DefaultReadBuffer  = 16 << 20 // messages received and not yet read
	DefaultWriteBuffer = 1 << 20  // bytes written and not yet sent before Write blocks
)

// DialOptions are the options of Dial, the same natively and in a browser. A
// nil pointer and the zero value mean the defaults. Dial copies them.
type DialOptions struct {
	// Subprotocols are offered to the server in this order (RFC 6455 section
	// 1.9). Each must be a token (RFC 9110 section 5.6.2), and none may occur
	// twice. When the server selects none of them, Subprotocol returns "".
	//
	// In a browser: Dial fails then, as the WHATWG standard requires, and also
	// when the server selects another one. The library compares them itself
	// where the browser does not. Node.js, Deno and Bun treat two that differ
	// only in case as equal: Dial then returns an *ArgumentError.
	Subprotocols []string

	// Header is sent with the handshake request; it takes an http.Header. The
	// fields of the handshake itself (Host, Upgrade, Connection,
	// Sec-WebSocket-*) cannot be set.
	//
	// In a browser: Dial returns errors.ErrUnsupported when it is not empty. To
	// authenticate from a page use a cookie, a subprotocol, or a one-time
	// ticket in the URL.
	Header map[string][]string

	// Compression offers permessage-deflate (RFC 7692); nil means no offer.
	//
	// In a browser: ignored; Chromium, Firefox and WebKit always offer it.
	Compression *Compression

	// ReadLimit is the largest message to receive, in bytes after
	// decompression: 0 means DefaultReadLimit (1 MiB), a negative number no
	// limit. A larger message fails the connection with StatusMessageTooBig,
	// and Read returns an error that matches ErrMessageTooBig.
	//
	// Natively a message of more than 131,072 fragments fails the connection
	// with StatusPolicyViolation, whatever its size.
	//
	// In a browser: whatever ReadLimit is, Node.js and Bun fail the connection
	// over a message of more than 128 MiB, Deno over one of 64 MiB.
	ReadLimit int64

	// ReadBuffer bounds the messages that have been received and not yet read:
	// 0 means DefaultReadBuffer (16 MiB), a negative number no bound.
	//
	// In a browser: it is in bytes, for text in UTF-16 units. The next message
	// to be read is not counted, so that a message of any size within ReadLimit
	// can be received. A browser accepts everything that the server sends,
	// without backpressure. Since a message of no or few bytes occupies memory
	// too, there may be 65,536 unread messages, and one more for each 64 bytes
	// of the bound: 327,680 by default. Above the bound the connection fails:
	// the server sees 4008, and Read returns the messages that arrived before
	// and then an error that matches ErrReadBufferFull. Read faster, raise the
	// bound, or have the server wait for an acknowledgment now and then.
	//
	// Natively it has no effect, since it cannot be exceeded: the library reads
	// ahead at most 72 KiB from a TCP or Unix socket of package net, and 16 KiB
	// from anything else, such as TLS. The rest stays in the kernel, and the
	// peer has to wait.
	ReadBuffer int64

	// WriteBuffer is how many bytes may be written and not yet sent before
	// Write, and the Close of a Writer's stream, block: 0 means
	// DefaultWriteBuffer (1 MiB), a negative number that they never block. They
	// continue when half of it has been sent. While less is buffered, one
	// message of any size is accepted.
	//
	// In a browser: it is compared with the WebSocket object's bufferedAmount,
	// for which there is no event: it is polled every 4 to 16 ms, in a hidden
	// page once a second or less often, and whenever a message arrives. In
	// WebKit it falls to 0 even if the server reads nothing, so that
	// WriteBuffer does not bound what the browser buffers.
	//
	// Natively it has no effect. Write blocks until the kernel has accepted the
	// message; the kernel's buffer, of a few 100 KiB to some MiB, is the bound.
	// Only coalesced messages, at most 64 KiB, are buffered in the library, for
	// at most 1 ms (see Write).
	WriteBuffer int64
}

// Dial opens a WebSocket connection to url, whose scheme is ws or wss (http and
// https mean the same, as in the WHATWG standard), and which has no fragment.
//
// ctx bounds the handshake only. If it has no deadline, the bound is 10 s.
// Natively the response may have 64 KiB and 200 header fields. A failed
// handshake returns a [*HandshakeError]; invalid arguments return an
// [*ArgumentError] before anything is sent. Natively the environment may name a
// proxy, as Dialer.Proxy says.
//
// In a browser: url may be relative to the page's address. Whether a proxy is
// used is up to the browser's own settings; the environment is not read. The
// reason why a server could not be reached is shown only in the browser's
// console. Dials to one host wait for each other (RFC 6455 section 4.1), in
// Firefox all dials to one IP address, in WebKit none. WebKit follows
// redirects, to any host, and does not show it. Called directly in a js.FuncOf
// callback, Dial stops the event loop that it waits for, until its time limit:
// call it in a goroutine, and let the callback return. The global WebSocket may
// be a class other than the platform's own, such as a polyfill, a mock or a
// wrapper; if such a class lacks required members, Dial or Read fails with an
// error that says so.
//
// Firefox delays a connection after failed ones to the same address, port and
// path: 0.2 to 0.4 s after the first failure, half as much again after each
// further one, at most 60 s, counted from the last failure; a connection that
// opens ends the delay. Until it is over nothing is sent, and other connections
// of the page to that IP address wait behind it. A Dial with a shorter time
// limit fails without an attempt, which does not extend the delay: dial again,
// or allow more time. A connection that is lost without a close frame is a
// failure as well.
//
// In Firefox a Dial whose time limit ends leaves its TCP connection open until
// the server responds or closes it. After six of them no Dial to that host and
// port succeeds until then: a server should have a time limit for handshakes.
func Dial(ctx context.Context, url string, opts *DialOptions) (*Conn, error) {
	const op = "dial"
	if err := checkContext(ctx); err != nil {
		return nil, wrap(op, err)
	}
	o, err := opts.resolve()
	if err != nil {
		return nil, wrap(op, err)
	}
	b, err := dial(ctx, url, o)
	if err != nil {
		return nil, wrap(op, err)
	}
	return own(b), nil
}

// Conn is a WebSocket connection. Its methods may be called from any number of
// goroutines at once. A Conn must be ended with Close or CloseNow.
//
// A Conn that is no longer referenced, and none of whose calls or streams is in
// use, is closed as by CloseNow when it is garbage-collected. That may be late:
// the garbage collector runs when Go's memory grows, not when JavaScript's or
// the kernel's does.
type Conn struct{ b backend }

var _ api.Conn = (*Conn)(nil)

// backend is implemented by each home. Arguments have been checked; errors are
// returned without the operation's name, which Conn adds. A call of a method
// that may block is followed by runtime.KeepAlive of the Conn, which could be
// garbage-collected meanwhile otherwise.
type backend interface {
	ReadAppend(ctx context.Context, dst []byte) (MessageType, []byte, error)
	Reader(ctx context.Context) (MessageType, io.Reader, error)
	Write(ctx context.Context, typ MessageType, p []byte) error
	// Writer validates UTF-8 itself, as the text is written.
	Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error)
	Ping(ctx context.Context) error
	// CanSend reports whether this home can send code in a close frame.
	CanSend(code StatusCode) bool
	// CloseContext sends an empty close frame for StatusNoStatusRcvd. If ctx
	// has no deadline, it waits for at most 5 s.
	CloseContext(ctx context.Context, code StatusCode, reason string) error
	// Fail ends the connection because of an error on this side; err is the
	// error of every later operation. If the home cannot send code, the peer
	// sees code plus 3000.
	Fail(code StatusCode, err error)
	CloseNow() error
	// Context ends with the connection; its cause is the connection's error.
	Context() context.Context
	Subprotocol() string
	BufferedAmount() int64
}

// Read blocks until a whole message has been received, and returns it in newly
// allocated memory.
//
// Messages that arrived before the peer's close are returned first, then a
// [*CloseError]. A message over the read limit returns an error that matches
// [ErrMessageTooBig], a violation of RFC 6455 a [*ProtocolError]; both end the
// connection. When ctx ends first, Read returns an error that matches
// ctx.Err(), and the next Read continues where this one stopped.
//
// Natively Read also answers pings and the peer's close frame. If the caller's
// net.Conn ignores its deadlines (its SetDeadline returns nil and has no
// effect), the end of ctx closes the connection 1 s later, with a [*CloseError]
// whose Cause is ErrDeadlinesIgnored: nothing else could end the wait. The same
// holds for Reader and Ping.
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error) {
	typ, p, err := c.ReadAppend(ctx, nil)
	if err == nil && p == nil {
		p = []byte{}
	}
	return typ, p, err
}

// ReadAppend is Read into the caller's memory: it appends the message to dst
// and returns the extended slice. On error it returns dst unchanged.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (MessageType, []byte, error) {
	const op = "read"
	if err := checkContext(ctx); err != nil {
		return 0, dst, wrap(op, err)
	}
	typ, p, err := c.b.ReadAppend(ctx, dst)
	runtime.KeepAlive(c)
	if err != nil {
		return 0, dst, wrap(op, err)
	}
	return typ, p, nil
}

// Reader blocks until a message begins, and returns a stream of its payload,
// which returns io.EOF at the end of the message, and only there. ctx applies
// to the stream too; when it ends within the message, another call of Reader
// returns a stream of the rest.
//
// Until the stream has returned io.EOF, Read, ReadAppend and Reader return
// [ErrUnreadMessage], and lose nothing. The read limit applies to the whole
// message.
//
// In a browser: Reader returns once the whole message has arrived.
func (c *Conn) Reader(ctx context.Context) (MessageType, io.Reader, error) {
	const op = "read"
	if err := checkContext(ctx); err != nil {
		return 0, nil, wrap(op, err)
	}
	typ, r, err := c.b.Reader(ctx)
	runtime.KeepAlive(c)
	if err != nil {
		return 0, nil, wrap(op, err)
	}
	return typ, reader{c, r}, nil
}

// Write sends p as one message. For text that is not UTF-8 it returns an
// [*ArgumentError] and sends nothing. It neither retains nor modifies p.
//
// When ctx ends before any byte of the message has been sent, Write returns an
// error that matches ctx.Err(), and the connection is unchanged. Once a part
// has been sent, the end of ctx fails the connection, since a partly sent
// message cannot be withdrawn. Over TLS, and over a net.Conn without deadlines,
// this holds as soon as sending has begun.
//
// Natively Write may return before its message is sent, if another whole
// message waits to be read, or another goroutine writes. Such messages are
// coalesced, for at most 1 ms and 64 KiB. An error in sending them is returned
// by the next call, and by Close. NoGather of Dialer and AcceptOptions turns
// this off.
//
// In a browser: the browser accepts a message as a whole or not at all.
func (c *Conn) Write(ctx context.Context, typ MessageType, p []byte) error {
	const op = "write"
	if err := checkContext(ctx); err != nil {
		return wrap(op, err)
	}
	if err := checkType(typ); err != nil {
		return wrap(op, err)
	}
	if typ == MessageText && !validText(p) {
		return wrap(op, notUTF8)
	}
	err := c.b.Write(ctx, typ, p)
	runtime.KeepAlive(c)
	return wrap(op, err)
}

// Writer returns a stream whose bytes form one message. Its Close ends the
// message, and must be called. Other messages wait until then; pings, pongs and
// the close frame do not. ctx applies until the stream is closed: when it ends
// after a part of the message was sent, the connection fails.
//
// For text that is not UTF-8 the stream's Write returns an [*ArgumentError], or
// its Close when the last character is incomplete.
//
// In a browser: the message is buffered in memory and sent by Close.
func (c *Conn) Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error) {
	const op = "write"
	if err := checkContext(ctx); err != nil {
		return nil, wrap(op, err)
	}
	if err := checkType(typ); err != nil {
		return nil, wrap(op, err)
	}
	w, err := c.b.Writer(ctx, typ)
	runtime.KeepAlive(c)
	if err != nil {
		return nil, wrap(op, err)
	}
	return writer{c, w}, nil
}

// Ping sends a ping and blocks until its pong arrives (RFC 6455 section 5.5.2).
// If no Read is blocked, it reads control frames itself, but never past the
// start of a message: while a message is unread, a pong behind it is not seen.
//
// In a browser: returns [errors.ErrUnsupported]; the browser answers the
// server's pings automatically, and has no method to send one.
func (c *Conn) Ping(ctx context.Context) error {
	const op = "ping"
	if err := checkContext(ctx); err != nil {
		return wrap(op, err)
	}
	return wrap(op, c.b.Ping(ctx))
}

// Context returns a context that ends with the connection, and is then canceled
// with the connection's error as its cause ([context.Cause]), such as a
// [*CloseError]. It has no values and no deadline.
//
// Natively an operation has to detect that the connection has ended: a blocked
// Read does, and a Write that fails. Without either, the context does not end.
//
// In a browser: it ends when the browser reports the end, even if messages have
// not been read.
func (c *Conn) Context() context.Context { return c.b.Context() }

// URL returns the URL that was dialed, without its userinfo; "" for an accepted
// connection.
//
// In a browser: the WebSocket object's url, which is absolute.
func (c *Conn) URL() string { return dialedURL(c.b) }

// ResponseHeader returns the header of the server's response to Dial; nil for
// an accepted connection. It must not be modified.
//
// In a browser: nil, since the browser hides it from the page.
func (c *Conn) ResponseHeader() map[string][]string { return responseHeader(c.b) }

// Extensions returns the negotiated extensions, as the server's
// Sec-WebSocket-Extensions field names them (RFC 6455 section 9.1), such as
// "permessage-deflate; server_max_window_bits=13"; "" for none.
//
// In a browser: the WebSocket object's extensions.
func (c *Conn) Extensions() string { return extensions(c.b) }

// Subprotocol returns the negotiated subprotocol, "" for none.
//
// In a browser: one of DialOptions.Subprotocols, or "" if none was offered. If
// the server then selects one nevertheless, Firefox hides it, and Dial fails in
// Chromium and WebKit.
func (c *Conn) Subprotocol() string { return c.b.Subprotocol() }

// BufferedAmount returns how many payload bytes Write and Writer have accepted
// that have not been passed to the network, coalesced messages included.
//
// In a browser: the WebSocket object's bufferedAmount. In WebKit it is 0 soon
// after a Write, even if nothing of the message has been sent.
func (c *Conn) BufferedAmount() int64 { return c.b.BufferedAmount() }

// ReadBuffered returns how many payload bytes have been received and not yet
// read, as DialOptions.ReadBuffer counts them, plus the next message.
//
// Natively it counts what the library has read ahead, at most 72 KiB,
// compressed messages by their compressed size. It is 0 while a Read is
// blocked. Bytes in the kernel's buffer are not counted.
func (c *Conn) ReadBuffered() int64 { return readBuffered(c.b) }
