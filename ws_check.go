package ws

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strconv"
	"unicode/utf8"

	"github.com/twinws/ws/api"
)

// resolve returns a checked copy of o with its defaults filled in.
func (o *DialOptions) resolve() (DialOptions, error) {
	var r DialOptions
	if o != nil {
		r = *o
	}
	r.ReadLimit = readLimit(r.ReadLimit)
	r.ReadBuffer = bound(r.ReadBuffer, DefaultReadBuffer)
	r.WriteBuffer = bound(r.WriteBuffer, DefaultWriteBuffer)
	r.Subprotocols = append([]string(nil), r.Subprotocols...)
	if r.Compression != nil {
		r.Compression = new(*r.Compression)
	}
	if err := r.Compression.check(); err != nil {
		return r, err
	}
	return r, checkSubprotocols(r.Subprotocols)
}

// readLimit turns the option's value into a limit, -1 for none.
func readLimit(n int64) int64 { return bound(n, DefaultReadLimit) }

// bound turns an option's value into a number of bytes, -1 for no bound.
func bound(n, otherwise int64) int64 {
	switch {
	case n == 0:
		return otherwise
	case n < 0:
		return -1
	}
	return n
}

// checkSubprotocols enforces RFC 6455 section 4.1 item 10: tokens, all
// different.
func checkSubprotocols(names []string) error {
	for i, n := range names {
		problem := ""
		for _, earlier := range names[:i] {
			if n == earlier {
				problem = " is named twice"
			}
		}
		if !isToken(n) {
			problem = " is not a token: use letters, digits and !#$%&'*+-.^_`|~ only"
		}
		if problem != "" {
			return argument("Subprotocols", strconv.Quote(n)+problem)
		}
	}
	return nil
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '!', c == '|', c == '~', '#' <= c && c <= '\'', c == '*', c == '+', c == '-', c == '.', '^' <= c && c <= '`':
		default:
			return false
		}
	}
	return s != ""
}

var notUTF8 = &ArgumentError{Name: "p", Problem: "a text message must be UTF-8: send these bytes as MessageBinary"}

func checkContext(ctx context.Context) error {
	if ctx == nil {
		return argument("ctx", "is nil: pass context.Background() when there is no bound")
	}
	return nil
}

func checkType(typ MessageType) error {
	if typ.Valid() {
		return nil
	}
	return argument("typ", typ.String()+": use MessageText or MessageBinary")
}

// checkClose says why code and reason cannot be sent, nil when they can.
func (c *Conn) checkClose(code StatusCode, reason string) error {
	name, problem := "code", ""
	switch {
	case code == StatusNoStatusRcvd && reason == "":
		return nil
	case !code.Sendable():
		problem = " may not be sent (RFC 6455 section 7.4): use 1000 or 3000-4999"
	case !c.b.CanSend(code):
		problem = " cannot be sent by a browser: use 1000 or 3000-4999"
	case len(reason) > api.MaxReason:
		name, problem = "reason", strconv.Itoa(len(reason))+" bytes are more than the 123 that fit a close frame"
	case !utf8.ValidString(reason):
		name, problem = "reason", "is not UTF-8"
	default:
		return nil
	}
	if name == "code" {
		problem = code.String() + problem
	}
	return argument(name, problem+"; the connection was closed without it")
}

// argument is not inlined, to keep pages small.
//
//go:noinline
func argument(name, problem string) error { return &ArgumentError{Name: name, Problem: problem} }

// opError is an error with the operation that failed: "ws: read: ...". It is a
// net.Error.
type opError struct {
	_   [0]func() // not comparable: no code for it in a page
	op  string
	err error
}

func (e *opError) Error() string { return "ws: " + e.op + ": " + e.err.Error() }
func (e *opError) Unwrap() error { return e.err }

// Timeout reports whether the deadline of the operation has passed. The error
// of a connection that ended because of a timeout is not a timeout of the
// operation that detects it.
func (e *opError) Timeout() bool { return errors.Is(e.err, context.DeadlineExceeded) }

// Temporary is Timeout; the interface net.Error requires it.
func (e *opError) Temporary() bool { return e.Timeout() }

// wrap is not inlined, to keep pages small: it is called everywhere.
//
//go:noinline
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &opError{op: op, err: err}
}

// reader and writer add the operation's name to the errors of a message's
// streams, and keep the Conn from being garbage-collected. io.EOF is not
// wrapped, as io.Reader requires.
type reader struct {
	c *Conn
	r io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	runtime.KeepAlive(r.c)
	if err != nil && err != io.EOF {
		err = wrap("read", err)
	}
	return n, err
}

type writer struct {
	c *Conn
	w io.WriteCloser
}

func (w writer) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	runtime.KeepAlive(w.c)
	return n, wrap("write", err)
}

func (w writer) Close() error {
	err := w.w.Close()
	runtime.KeepAlive(w.c)
	return wrap("write", err)
}
