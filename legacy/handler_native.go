//go:build !js

package legacy

import (
	"context"
	"net/http"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/variant"
)

// Handler returns an http.Handler that accepts connections, as Accept does, and
// calls f for each of them. A request that is not a handshake, or not allowed,
// gets a response, and f is not called. With invalid options Handler panics,
// with an [*api.ArgumentError].
//
// For RFC 6455 it is ws.Handler. For a draft f runs on the goroutine of
// net/http, which logs a panic. ctx has the values of the request's context,
// and ends with the connection, whose error is its cause. When f returns, the
// connection is closed: with StatusNormalClosure, where the draft has codes.
func Handler(f func(ctx context.Context, c api.Conn), opts *AcceptOptions) http.Handler {
	if err := opts.Validate(); err != nil {
		panic(err)
	}
	t, _ := opts.resolve()
	t.opts = new(*t.opts)
	return &handler{f, t, ws.Handler(func(ctx context.Context, c *ws.Conn) { f(ctx, c) }, t.opts)}
}

type handler struct {
	f     func(context.Context, api.Conn) // constant
	terms                                 // constant
	ws    http.Handler                    // constant: for RFC 6455
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := h.server(handshake.FromHTTP(r))
	if v == nil {
		h.ws.ServeHTTP(w, r)
		return
	}
	values := context.WithoutCancel(r.Context())
	c, err := variant.Accept(w, r, h.opts, v)
	if err != nil {
		return // it has been answered
	}
	defer c.CloseNow() // if f panics
	ctx, end := context.WithCancelCause(values)
	stop := context.AfterFunc(c.Context(), func() { end(context.Cause(c.Context())) })
	defer stop()
	h.f(ctx, c)
	c.Close(v.Version.Signal(api.StatusNormalClosure), "")
	end(context.Cause(c.Context()))
}
