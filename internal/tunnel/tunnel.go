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

// Stream is the byte stream. Its methods are those of an engine.Stream: one
// Read, AwaitRead or Write at a time in each direction, all others at any time.
//
// Over HTTP/2 a Read of the body cannot be interrupted without ending the body.
// So nobody but a waiting goroutine blocks in it: it finds out that there is
// something to read, and whoever calls Read waits for that until its deadline,
// and then reads without blocking. The waiting goroutine is the handler's own
// if it calls Serve, otherwise one that is started for each wait.
//
// net/http panics when a ResponseWriter is used after the handler has returned,
// and reuses what is below it. So each use is counted: Serve does not return
// before the last one has ended.
type Stream struct {
	w      responder       // constant
	body   io.Reader       // constant
	ctx    context.Context // constant: of the request
	remote string          // constant
	major  int             // constant: of the version of HTTP
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
func Open(w http.ResponseWriter, r *http.Request, header map[string][]string, limit time.Time) (*Stream, error) {
	inner := responderOf(w)
	if inner == nil {
		return nil, ErrNoStream
	}
	s := &Stream{w: inner, body: r.Body, ctx: r.Context(), remote: r.RemoteAddr, major: r.ProtoMajor, silent: waitsForNothing(r.Body)}
	s.cond.L = &s.mu
	h := inner.Header()
	clear(h)
	for name, values := range header {
		h[name] = values
	}
	// The server's ReadTimeout and WriteTimeout are for requests, not for what
	// goes on for hours.
	err := inner.SetReadDeadline(time.Time{})
	if err == nil && !limit.IsZero() {
		err = inner.SetWriteDeadline(limit)
	}
	if err == nil {
		inner.WriteHeader(http.StatusOK)
		err = inner.FlushError()
	}
	if err == nil {
		err = inner.SetWriteDeadline(time.Time{})
	}
	if err != nil {
		return nil, err
	}
	return s, nil
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for s.users > 0 {
		s.cond.Wait()
	}
}

// Served says, before the stream is used, that Serve will be called.
func (s *Stream) Served() { s.serving = true }

// HTTPVersion returns "HTTP/2.0" or "HTTP/3.0".
func (s *Stream) HTTPVersion() string {
	if s.major == 3 {
		return "HTTP/3.0"
	}
	return "HTTP/2.0"
}

// RemoteAddr returns the peer's address.
func (s *Stream) RemoteAddr() net.Addr { return peerAddr(s.remote, s.major) }

// LocalAddr returns the server's address, nil if it is unknown.
func (s *Stream) LocalAddr() net.Addr {
	a, _ := s.ctx.Value(http.LocalAddrContextKey).(net.Addr)
	return a
}
