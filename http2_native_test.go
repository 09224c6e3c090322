//go:build !js

package ws_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/twinws/ws"
)

// servers are the ways to serve a WebSocket.
func servers(opts *ws.AcceptOptions, f func(ctx context.Context, c *ws.Conn)) map[string]http.Handler {
	return map[string]http.Handler{
		"Handler": ws.Handler(f, opts),
		"Accept": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := ws.Accept(w, r, opts)
			if err != nil {
				return
			}
			defer c.CloseNow()
			f(context.Background(), c)
			c.Close(ws.StatusNormalClosure, "")
		}),
	}
}

// RFC 8441 section 5.1: the handshake, and frames in DATA.
func TestHTTP2Echo(t *testing.T) {
	for name, h := range servers(nil, echoing) {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			c := n.dial2(t, n.serve2(t, h, nil)).connect(t)
			for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
				says2(t, c, ws.MessageText, make([]byte, size))
				says2(t, c, ws.MessageBinary, make([]byte, size))
			}
			if err := c.Close(ws.StatusNormalClosure, "bye"); err != nil {
				t.Errorf("Close = %v", err)
			}
		})
	}
}
