//go:build !js

package ws

import (
	"context"
	"log"
	"net"
	"net/http"
	"reflect"
	"runtime/debug"

	"github.com/twinws/ws/internal/engine"
)

// Handler returns an http.Handler that accepts WebSocket connections, as Accept
// does, and calls f for each of them. A request that is not a handshake, or not
// allowed, gets a response, and f is not called. With invalid options Handler
// panics, with an [*ArgumentError].
//
// It does what Accept does with less memory: f runs on a goroutine of its own,
// whose stack is small, and the goroutine of net/http ends, releasing its
// buffers and its stack. A connection that is blocked in Read then takes about
// 4 KB instead of 18 KB when a handler that called Accept does not return.
//
// ctx has the values of the request's context. It ends with the connection,
// whose error is its cause, as Conn.Context does: an operation has to detect
// the end, such as a blocked Read. When f returns, the connection is closed as
// by Close with StatusNormalClosure.
//
// A panic in f closes the connection with StatusInternalError and is logged,
// with its stack, to http.Server.ErrorLog. A panic with [http.ErrAbortHandler],
// and [runtime.Goexit], end the connection as CloseNow does, and are not
// logged.
//
// Like every hijacked connection, those of f over HTTP/1.1 are unknown to
// http.Server: its Shutdown and Close neither close them nor wait for them.
// Over HTTP/2 Shutdown waits until they have ended, and Close ends them.
// AcceptOptions.Group ends all of them.
//
// Over HTTP/2 the goroutine of net/http stays until the connection has ended:
// it waits for what the peer sends, so that a context can interrupt a Read
// without ending the stream. Over HTTP/3 it ends, as over HTTP/1.1.
//
// See [RequestHandler] for an f that depends on the request.
func Handler(f func(ctx context.Context, c *Conn), opts *AcceptOptions) http.Handler {
	return RequestHandler(func(*http.Request) (func(context.Context, *Conn), error) { return f, nil }, opts)
}

// RequestHandler is Handler for programs that need the request: choose is
// called for each valid handshake whose origin is allowed, and returns the
// function that serves the connection. That function captures what it needs of
// the request, such as the user: r must not be retained, so that its memory is
// free while the connection waits. An error rejects the request, as one of
// AcceptOptions.Check does: a *HandshakeError with its Status, Header and Body,
// any other with 403 Forbidden.
func RequestHandler(choose func(r *http.Request) (func(ctx context.Context, c *Conn), error), opts *AcceptOptions) http.Handler {
	if err := opts.Validate(); err != nil {
		panic(err)
	}
	var o AcceptOptions
	if opts != nil {
		o = *opts
	}
	return &handler{choose, o}
}

type handler struct {
	choose func(*http.Request) (func(context.Context, *Conn), error) // constant
	opts   AcceptOptions                                             // constant
}

// ServeHTTP accepts a connection. It returns at once, but over HTTP/2 when the
// connection has ended.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := new(service)
	choose := func() (err error) {
		if s.f, err = h.choose(r); err == nil && s.f == nil {
			err = &HandshakeError{Status: http.StatusInternalServerError, Body: []byte("internal server error\n"),
				Problem: "RequestHandler's function returned neither a function nor an error"}
		}
		return err
	}
	stream, err := accept(&s.joined, w, r, &h.opts, choose)
	if err != nil {
		return // it has been answered
	}
	s.ctx.Init(uncancelled(r.Context(), s.engine.LocalAddr()), &s.engine)
	if stream == nil {
		go s.run()
		return
	}
	stream.Served()
	go s.run()
	stream.Serve()
}

// uncancelled returns a context that has the values of ctx, and keeps little
// else in memory. net/http makes several contexts for each request, most of
// which only add cancellation; package context has no other way to skip them.
// One adds only the local address, which engine.Context knows.
func uncancelled(ctx context.Context, local net.Addr) context.Context {
	for {
		v := reflect.ValueOf(ctx)
		kind := v.Type().String()
		if kind != "*context.cancelCtx" && kind != "*context.valueCtx" {
			return ctx
		}
		f := v.Elem().FieldByName("Context")
		if !f.IsValid() || !f.CanInterface() {
			return ctx
		}
		parent, ok := f.Interface().(context.Context)
		if !ok {
			return ctx
		}
		if kind == "*context.valueCtx" && !holds(ctx, parent, local) {
			return ctx
		}
		ctx = parent
	}
}

// holds reports whether the local address is the only value that ctx adds to
// its parent.
func holds(ctx, parent context.Context, local net.Addr) bool {
	a, ok := ctx.Value(http.LocalAddrContextKey).(*net.TCPAddr)
	b, _ := local.(*net.TCPAddr)
	return ok && a == b && parent.Value(http.LocalAddrContextKey) == nil
}

func init() { engine.LocalAddrKey = http.LocalAddrContextKey }

// service is the state of one connection being served, in one allocation.
type service struct {
	ctx engine.Context
	joined
	f func(context.Context, *Conn) // nil once it has returned
}

func (s *service) run() {
	defer s.end()
	s.f(&s.ctx, s.Conn())
	s.f = nil
}

// end ends the connection, and its context with it.
func (s *service) end() {
	defer s.conn.CloseNow()
	switch problem := recover(); {
	case s.f == nil:
		s.conn.Close(StatusNormalClosure, "")
	case problem != nil && problem != http.ErrAbortHandler:
		s.log(problem)
		s.conn.Close(StatusInternalError, "")
	}
}

// log writes to the server's log what net/http would.
func (s *service) log(problem any) {
	logf := log.Printf
	if server, ok := s.ctx.Value(http.ServerContextKey).(*http.Server); ok && server.ErrorLog != nil {
		logf = server.ErrorLog.Printf
	}
	logf("ws: panic serving %v: %v\n%s", s.ctx.Conn().RemoteAddr(), problem, debug.Stack())
}
