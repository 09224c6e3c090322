// Package ws is one WebSocket connection with two homes: under GOOS=js
// GOARCH=wasm it is the browser's own WebSocket object, everywhere else a
// pure-Go RFC 6455 stack. The same program compiles for both, unchanged.
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
// # What holds in both homes
//
// A context that ends during a call ends that call alone: the Conn stays usable
// and no byte of a message is lost. Read returns every message that arrived
// before the peer's close, and then a [*CloseError]. Every wait is bounded, by
// the context or by a constant in the method's comment. Close and CloseNow
// always end the connection, whatever their arguments.
//
// # What a browser cannot do
//
// It sends no pings (Ping returns [errors.ErrUnsupported]), no header of the
// program's choice (DialOptions.Header likewise), and no close code but 1000
// and 3000-4999. When this library itself has to fail a connection there, for
// a message over the read limit say, the peer sees 4009 where natively it would
// see 1009: always 3,000 more than the true code, which stands in the Go error.
//
// It cannot ask the server to wait either, so what nobody reads is bounded by
// DialOptions.ReadBuffer. Its newer WebSocketStream can, and is not used all
// the same: Chromium 156 silently loses messages with it, when they arrived
// before the server's close and were not read yet.
//
// What waits, waits for the event loop, which a js.FuncOf callback blocks until
// it returns: calls of this package belong into a goroutine there.
package ws

import (
	"context"
	"io"
	"runtime"

	"github.com/twinws/ws/api"
)

// What the options of a connection mean when they are zero, in bytes.
const (
	DefaultReadLimit   = 1 << 20  // the largest message to read
	DefaultReadBuffer  = 16 << 20 // messages received and not yet read
	DefaultWriteBuffer = 1 << 20  // bytes written and not yet sent before Write waits
)

// DialOptions are what a program may choose when it dials, the same in both
// homes. A nil pointer and the zero value mean the defaults. Dial copies them.
type DialOptions struct {
	// Subprotocols are offered to the server in this order (RFC 6455 section
	// 1.9). Each must be a token (RFC 9110 section 5.6.2), none twice. When the
	// server agrees to none of them, Subprotocol returns "".
	//
	// In a browser: Dial fails then, as the WHATWG standard demands.
	Subprotocols []string

	// Header is sent with the handshake request; it takes an http.Header. The
	// handshake's own fields (Host, Upgrade, Connection, Sec-WebSocket-*)
	// cannot be set by it.
	//
	// In a browser: Dial returns errors.ErrUnsupported when it is not empty.
	// To authenticate from a page use a cookie, a subprotocol, or a one-time
	// ticket in the URL.
	Header map[string][]string

	// Compression offers permessage-deflate (RFC 7692); nil means not to.
	//
	// In a browser: the browser offers it always, whatever stands here.
	Compression *Compression

	// ReadLimit is the largest message to read, in bytes after inflating: 0
	// means DefaultReadLimit (1 MiB), less than 0 none. A larger message fails
	// the connection with StatusMessageTooBig and Read returns an error that
	// matches ErrMessageTooBig.
	//
	// Natively a message of more than 131,072 fragments fails the connection
	// with StatusPolicyViolation, whatever its size.
	ReadLimit int64

	// ReadBuffer bounds the messages that have been received and not yet read:
	// 0 means DefaultReadBuffer (16 MiB), less than 0 no bound.
	//
	// In a browser: it counts bytes, of text UTF-16 units, and not the message
	// that is to be read next, so that one of any size within ReadLimit can
	// come. A browser takes what the server sends, and cannot be asked to wait.
	// Over the bound the connection fails: the server sees 4008, and Read
	// returns the messages that arrived before and then an error that matches
	// ErrReadBufferFull. Read faster, raise the bound, or have the server wait
	// for an answer now and then.
	//
	// Natively it has no effect, as nothing can be over it: the library reads
	// ahead 72 KiB at most from a TCP or Unix socket of package net, and 16 KiB
	// from anything else, such as TLS. The rest stays with the kernel, and the
	// peer has to wait.
	ReadBuffer int64

	// WriteBuffer is how many bytes may be written and not yet sent before
	// Write, and the Close of a Writer's stream, wait: 0 means
	// DefaultWriteBuffer (1 MiB), less than 0 that they never wait. Then they
	// wait until half of it has left. One message of any size is taken whole
	// when less is buffered.
	//
	// In a browser: it is compared with the WebSocket object's bufferedAmount,
	// which no event tells of: it is looked at every 4 to 16 ms, in a hidden
	// page once a second or less often, and whenever a message arrives.
	//
	// Natively it has no effect. Write waits until the kernel has taken the
	// message, whose buffer of a few 100 KiB to some MiB is the bound; only
	// what is gathered, 64 KiB at most, waits with the library, for 1 ms at
	// most (see Write).
	WriteBuffer int64
}

// Dial opens a WebSocket connection to url, whose scheme is ws or wss (http and
// https mean the same, as in the WHATWG standard), and which has no fragment.
//
// ctx bounds the handshake and nothing after it; without a deadline natively 10
// s bound it, and 64 KiB and 200 header fields the answer. A failed handshake
// returns a [*HandshakeError]; arguments that cannot be used return an
// [*ArgumentError] before anything is sent.
//
// In a browser: url may be relative to the page's address; why a server could
// not be reached is known to the browser's console alone. Called straight in a
// js.FuncOf callback Dial blocks the event loop that it waits for, until its
// bound is over: call it in a goroutine, and let the callback return. The
// global WebSocket may be a class that is not the platform's own, such as a
// polyfill, a mock or a wrapper; where such a class lacks what is needed Dial
// or Read fails, and says so.
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
// One that was forgotten, without a call of one of its methods or of its
// streams under way, is closed as by CloseNow when Go collects it, which may be
// late: Go collects when its own memory grows, not when JavaScript's or the
// kernel's does.
type Conn struct{ b backend }

var _ api.Conn = (*Conn)(nil)

// backend is what a home provides. Arguments have been checked; errors are
// returned without the operation's name, which Conn adds. A method that may
// wait is followed by runtime.KeepAlive of the Conn: it could be collected
// meanwhile.
type backend interface {
	ReadAppend(ctx context.Context, dst []byte) (MessageType, []byte, error)
	Reader(ctx context.Context) (MessageType, io.Reader, error)
	Write(ctx context.Context, typ MessageType, p []byte) error
	// Writer checks text for UTF-8 by itself, as it comes.
	Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error)
	Ping(ctx context.Context) error
	// CanSend reports whether this home can send code in a close frame.
	CanSend(code StatusCode) bool
	// CloseContext sends an empty close frame when code is
	// StatusNoStatusRcvd. Without a deadline of ctx it waits for 5 s at most.
	CloseContext(ctx context.Context, code StatusCode, reason string) error
	// Fail ends the connection on the library's account, with err as the error
	// of every later operation. Where the home cannot send code the peer sees
	// 3000 more.
	Fail(code StatusCode, err error)
	CloseNow() error
	// Context ends with the connection, whose error is its cause.
	Context() context.Context
	Subprotocol() string
	BufferedAmount() int64
}

// Read waits for the next message and returns it whole, in memory of its own.
//
// Messages that arrived before the peer's close are returned first, then a
// [*CloseError]. A message over the read limit returns an error that matches
// [ErrMessageTooBig], a broken rule of RFC 6455 a [*ProtocolError]; both end
// the connection. When ctx ends first, Read returns an error that matches
// ctx.Err(), and the next Read goes on where this one stood.
//
// Natively Read also answers pings and the peer's close. Over a net.Conn of the
// caller's that ignores its deadlines (its SetDeadline returns nil and does
// nothing) an ended ctx ends the connection 1 s later, with a [*CloseError]
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
// and returns the extended slice. On error it returns dst as it was.
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

// Reader waits for the next message and returns a stream of its payload, which
// reports io.EOF at the message's end, and never before. ctx holds for the
// stream too; when it ends in the middle, Reader called again returns a stream
// of the message's rest.
//
// Until the stream has reported io.EOF, Read, ReadAppend and Reader return
// [ErrUnreadMessage], and lose nothing. The read limit counts the whole
// message.
//
// In a browser: the message has arrived whole before Reader returns.
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

// Write sends p as one message. Text that is not UTF-8 returns an
// [*ArgumentError] and sends nothing. p is not kept, nor changed.
//
// When ctx ends before anything of the message is on the wire, Write returns an
// error that matches ctx.Err() and nothing has happened. Once a part is on the
// wire, an ended ctx fails the connection, since a message cannot be taken
// back. Over TLS, and over a net.Conn without deadlines, that is so once the
// sending has begun.
//
// Natively a Write while another whole message waits to be read, or while
// another goroutine writes, may return before its message is sent, which is
// then gathered with others for at most 1 ms and 64 KiB. An error in sending it
// is that of the next call, and of Close. NoGather of Dialer and AcceptOptions
// turns this off.
//
// In a browser: a message is handed over whole or not at all.
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
// message; it must be called. Other messages wait until then; pings, pongs and
// the close frame do not. ctx holds until the stream is closed: when it ends
// after a part of the message was sent, the connection fails.
//
// Text that is not UTF-8 returns an [*ArgumentError] from the stream's Write,
// or from its Close when the last character is incomplete.
//
// In a browser: the message is collected in memory and sent by Close.
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

// Ping sends a ping and waits for its pong (RFC 6455 section 5.5.2). It reads
// control frames by itself when no Read is waiting, but never past the start of
// a message: with messages unread, the pong comes only once they are read.
//
// In a browser: returns [errors.ErrUnsupported]; the browser answers the
// server's pings by itself and offers none of its own.
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
// Natively somebody has to find out that the connection has ended: a Read that
// waits does, and a Write that fails; while nobody does either, the context
// goes on.
//
// In a browser: it ends when the browser says so, messages that have not been
// read notwithstanding.
func (c *Conn) Context() context.Context { return c.b.Context() }

// URL returns the URL that was dialed, without its userinfo, "" for a
// connection that was accepted.
//
// In a browser: the WebSocket object's url, which is absolute.
func (c *Conn) URL() string { return dialedURL(c.b) }

// ResponseHeader returns the header of the server's response to Dial, nil for a
// connection that was accepted. It is not to be changed.
//
// In a browser: nil, as the browser hides it from the page.
func (c *Conn) ResponseHeader() map[string][]string { return responseHeader(c.b) }

// Extensions returns the extensions in use, as the value of the server's
// Sec-WebSocket-Extensions field names them (RFC 6455 section 9.1), such as
// "permessage-deflate; server_max_window_bits=13"; "" for none.
//
// In a browser: the WebSocket object's extensions.
func (c *Conn) Extensions() string { return extensions(c.b) }

// Subprotocol returns the subprotocol that was agreed on, "" for none.
func (c *Conn) Subprotocol() string { return c.b.Subprotocol() }

// BufferedAmount returns how many payload bytes Write and Writer have accepted
// that are not yet handed to the network, those gathered included.
//
// In a browser: the WebSocket object's bufferedAmount.
func (c *Conn) BufferedAmount() int64 { return c.b.BufferedAmount() }

// ReadBuffered returns how many payload bytes have been received and not yet
// read, as DialOptions.ReadBuffer counts them, and the next message with them.
//
// Natively it counts what the library has read ahead, 72 KiB at most,
// compressed messages as they came; it is 0 while a Read is under way, and what
// stays with the kernel is not counted.
func (c *Conn) ReadBuffered() int64 { return readBuffered(c.b) }
