// Package tunnel is the byte stream of an extended CONNECT (RFC 8441, RFC 9220)
// that a server of net/http, or of HTTP/3, has accepted: from an
// http.ResponseWriter and the body of a request, what the engine needs of a
// connection.
package tunnel

import (
	"context"
	"io"
	"net"
	"net/http"
	"reflect"
	"sync"
	"time"
)

// responder is a ResponseWriter that can carry a stream. Those of net/http and
// quic-go can. Middleware that hides these methods may also hold back, count or
// compress what is written, and has to be unwrapped.
type responder interface {
	http.ResponseWriter
	FlushError() error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// responderOf returns the innermost ResponseWriter of w, nil if that cannot
// carry a stream. As with Hijack, middleware does not see what is written: a
// compressing one would break the stream.
func responderOf(w http.ResponseWriter) responder {
	for {
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			r, _ := w.(responder)
			return r
		}
		w = u.Unwrap()
	}
}

// Conn is the byte stream: what the engine needs, and what it uses if it is
// there.
type Conn interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Abort() error
	RemoteAddr() net.Addr
	LocalAddr() net.Addr
	HTTPVersion() string
}

// Stream is a Conn over a ResponseWriter and the body of a request. One Read,
// AwaitRead or Write may be in progress in each direction; all other methods
// may be called at any time.
//
// Over HTTP/2 a Read of the body cannot be interrupted without ending the body.
// So nobody but a waiting goroutine blocks in it: it finds out that there is
// something to read, and whoever calls Read waits for that until its deadline,
// and then reads without blocking. The waiting goroutine is the handler's own
// if it calls Serve, otherwise one that is started for each wait.
//
// net/http panics when a ResponseWriter is used after the handler has returned,
// and reuses what is below it. So each use is counted: Serve, Close, Abort and
// Settle do not return before the last one has ended. A body may be used later.
type Stream struct {
	ends                   // constant
	w      responder       // constant
	body   io.ReadCloser   // constant
	ctx    context.Context // constant: of the request
	silent bool            // constant: a Read of 0 bytes of the body waits for some

	mu      sync.Mutex
	cond    sync.Cond   // of every change
	serving bool        // protected by mu: Serve is the waiting goroutine
	waiting bool        // protected by mu: it waits for the body, or is about to
	ready   bool        // protected by mu: there is something to read, or err
	closed  bool        // protected by mu
	cut     bool        // protected by mu: a write deadline has reset the stream
	over    bool        // protected by mu: the handler returns
	users   int         // protected by mu: uses of w in progress
	err     error       // protected by mu: the end of the body
	held    *held       // protected by mu: what had to be read to find out; nil for none
	limit   time.Time   // protected by mu: the read deadline
	alarm   *time.Timer // protected by mu: of the read deadline; nil for none
}

// held is what a waiting goroutine has read.
type held struct {
	mem  [4 << 10]byte
	from int // where the unread bytes begin,
	to   int // and end
}

var helds = sync.Pool{New: func() any { return new(held) }}

// Open answers r, which is an extended CONNECT, with status 200 and header, and
// returns the stream that follows; limit bounds the answer unless it is zero.
// It returns ErrNoStream, and has answered nothing, if w cannot carry one.
//
// If the Conn is a *Stream, the handler must not return before it is closed.
func Open(w http.ResponseWriter, r *http.Request, header map[string][]string, limit time.Time) (Conn, error) {
	inner := responderOf(w)
	if inner == nil {
		return nil, ErrNoStream
	}
	h := inner.Header()
	clear(h)
	for name, values := range header {
		h[name] = values
	}
	if _, ok := h["Date"]; !ok {
		// net/http sends it anyway, but waits until a head is sent, before
		// anything can follow, only if the handler has set a field.
		h["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	}
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	e := ends{r.RemoteAddr, local, r.ProtoMajor}
	if take := taker(inner); take != nil {
		return take.open(inner, e, limit)
	}
	if err := answer(inner, limit); err != nil {
		return nil, err
	}
	body := r.Body
	if body == nil {
		body = http.NoBody
	}
	s := &Stream{ends: e, w: inner, body: body, ctx: r.Context(), silent: waitsForNothing(body)}
	s.cond.L = &s.mu
	return s, nil
}

// answer sends the head of the response. The server's ReadTimeout and
// WriteTimeout, which are for requests and not for what goes on for hours, are
// lifted.
func answer(w responder, limit time.Time) error {
	if err := w.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err := w.SetWriteDeadline(limit); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	if err := w.FlushError(); err != nil || limit.IsZero() {
		return ended(err)
	}
	return w.SetWriteDeadline(time.Time{})
}

// waitsForNothing reports whether a Read of 0 bytes of body waits until there
// are some. That is so for the bodies of net/http's and x/net's servers of
// HTTP/2, and saves the buffer; others may return at once.
func waitsForNothing(body io.Reader) bool {
	t := reflect.TypeOf(body)
	if t == nil || t.Kind() != reflect.Pointer {
		return false
	}
	switch t = t.Elem(); t.PkgPath() {
	case "net/http":
		return t.Name() == "http2requestBody"
	case "net/http/internal/http2", "golang.org/x/net/http2":
		return t.Name() == "requestBody"
	}
	return false
}

// Serve waits for the body on behalf of Read, and returns after Close or Abort,
// when w is no longer used. The handler must call it, and may return then. It
// has to be called before the stream is used.
func (s *Stream) Serve() {
	for s.awaited() {
		s.wait()
	}
	s.Settle()
}

// Served says, before the stream is used, that Serve will be called.
func (s *Stream) Served() { s.serving = true }
