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
// does, and has f serve each of them. What is no handshake, or not allowed, is
// answered, and f is not called. Options that cannot be used panic at once,
// with an [*ArgumentError].
//
// It is Accept with less memory: f runs on a goroutine of its own, whose stack
// is small, and that of net/http ends, with its buffers and its stack. A
// connection that waits in Read then holds about 4 KB where it holds 18 KB when
// a handler that called Accept does not return.
//
// ctx has the values of the request's context. It ends with the connection,
// whose error is its cause, as Conn.Context does: somebody has to find out that
// it has ended, such as a Read that waits. When f returns, the connection is
// closed as by Close with StatusNormalClosure.
//
// A panic in f closes the connection with StatusInternalError and is logged,
// with its stack, to http.Server.ErrorLog; that of [http.ErrAbortHandler] ends
// it as CloseNow does, and is not. So does [runtime.Goexit].
//
// Like every connection that was taken over, those of f are none of
// http.Server's: its Shutdown and Close neither end them nor wait for them.
// Have http.Server.RegisterOnShutdown tell f to return.
//
// See [RequestHandler] for an f that depends on the request.
func Handler(f func(ctx context.Context, c *Conn), opts *AcceptOptions) http.Handler {
	return RequestHandler(func(*http.Request) (func(context.Context, *Conn), error) { return f, nil }, opts)
}

// RequestHandler is Handler for programs that look at the request: choose is
// asked about each that is a valid handshake and whose origin is allowed, and
// returns the function that serves its connection. What that needs of the
// request, such as the user, it captures: r is not to be kept, so that its
// memory is free while the connection waits. An error refuses the request, as
// one of AcceptOptions.Check does: a *HandshakeError with its Status, Header
// and Body, any other with 403 Forbidden.
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

// ServeHTTP accepts a connection and returns.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := new(service)
	choose := func() (err error) {
		if s.f, err = h.choose(r); err == nil && s.f == nil {
			err = &HandshakeError{Status: http.StatusInternalServerError, Body: []byte("internal server error\n"),
				Problem: "RequestHandler's function returned neither a function nor an error"}
		}
		return err
	}
	if accept(&s.joined, w, r, &h.opts, choose) != nil {
		return // it has been answered
	}
	s.ctx.Init(uncancelled(r.Context(), s.engine.LocalAddr()), &s.engine)
	go s.run()
}

// uncancelled returns a context that has the values of ctx, and keeps little
// else in memory. net/http makes several contexts for each request, most of
// which can only be cancelled; package context has no other way past them. One
// has nothing but the local address, which engine.Context knows.
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

// holds reports whether what ctx has and its parent has not is the local
// address.
func holds(ctx, parent context.Context, local net.Addr) bool {
	a, ok := ctx.Value(http.LocalAddrContextKey).(*net.TCPAddr)
	b, _ := local.(*net.TCPAddr)
	return ok && a == b && parent.Value(http.LocalAddrContextKey) == nil
}

func init() { engine.LocalAddrKey = http.LocalAddrContextKey }

// service is the work on one connection: all that it needs in one piece.
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

// log tells the server's log what net/http would.
func (s *service) log(problem any) {
	logf := log.Printf
	if server, ok := s.ctx.Value(http.ServerContextKey).(*http.Server); ok && server.ErrorLog != nil {
		logf = server.ErrorLog.Printf
	}
	logf("ws: panic serving %v: %v\n%s", s.ctx.Conn().RemoteAddr(), problem, debug.Stack())
}
