//go:build !js

package ws

import (
	"context"
	"net/http"

	"github.com/twinws/ws/handshake"
)

// GuardConnect returns a handler that calls h, and makes sure that an extended
// CONNECT (RFC 8441, RFC 9220) succeeds only if it was accepted by [Accept] or
// [Handler]. Put it in front of an http.ServeMux:
//
//	server.Handler = ws.GuardConnect(mux)
//
// Over HTTP/2 and HTTP/3 the response to the request for a WebSocket is status
// 200, and a page has it too. So any handler that the request reaches opens the
// WebSocket, as far as the client and the proxies in between can tell, unless
// it looks at the method. In an http.ServeMux the pattern "GET /chat" does not
// match the request, whose method is CONNECT, and "/" does: use "/chat".
//
// A response of status 200 to 299 that neither Accept nor Handler has made, to
// an extended CONNECT of any protocol, is replaced by 501 Not Implemented (RFC
// 9220 section 3). Other responses and other requests pass unchanged.
func GuardConnect(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handshake.ConnectProtocol(r) == "" {
			h.ServeHTTP(w, r)
			return
		}
		g := &guarded{ResponseWriter: w, r: r}
		h.ServeHTTP(g, r.WithContext(context.WithValue(r.Context(), guardKey{}, g)))
		if !g.begun {
			g.WriteHeader(http.StatusOK) // as net/http does
		}
	})
}

// guarded is the ResponseWriter of an extended CONNECT.
type guarded struct {
	http.ResponseWriter
	r       *http.Request
	begun   bool // the status is decided
	refused bool // the handler's response is replaced
}

// guardKey is the key of the guarded in the context of a request.
type guardKey struct{}

// tookGuarded notes that Accept has answered r.
func tookGuarded(r *http.Request) {
	if g, ok := r.Context().Value(guardKey{}).(*guarded); ok {
		g.begun = true
	}
}

func (g *guarded) WriteHeader(status int) {
	if g.begun || status/100 == 1 {
		g.pass(status)
		return
	}
	g.begun = true
	if g.refused = status/100 == 2; !g.refused {
		g.pass(status)
		return
	}
	clear(g.Header())
	writeRefusal(g.ResponseWriter, g.r, &HandshakeError{Status: http.StatusNotImplemented,
		Problem: "nothing here accepts the protocol of this CONNECT (RFC 9220 section 3)"})
}

func (g *guarded) pass(status int) {
	if !g.refused {
		g.ResponseWriter.WriteHeader(status)
	}
}

func (g *guarded) Write(p []byte) (int, error) {
	if !g.begun {
		g.WriteHeader(http.StatusOK)
	}
	if g.refused {
		return len(p), nil
	}
	return g.ResponseWriter.Write(p)
}

// FlushError keeps the status of a handler that flushes first from passing.
func (g *guarded) FlushError() error {
	if !g.begun {
		g.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(g.ResponseWriter).Flush()
}

func (g *guarded) Flush() { g.FlushError() }

// Unwrap is for http.ResponseController, and Accept.
func (g *guarded) Unwrap() http.ResponseWriter { return g.ResponseWriter }
