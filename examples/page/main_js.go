//go:build js && wasm

// Command page is index.html's program: a console for a WebSocket server. What
// it does with the connection is package session's. The same program runs in
// the window, where it shows the page, and at a click a second time in a
// Worker, where it has the connection alone.
package main

import (
	"context"
	"syscall/js"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/examples/page/session"
)

func main() {
	if js.Global().Get("document").IsUndefined() {
		serve()
	} else {
		show()
	}
	select {} // events do the rest
}

func dial(ctx context.Context, url string, subprotocols []string) (api.Conn, error) {
	c, err := ws.Dial(ctx, url, &ws.DialOptions{Subprotocols: subprotocols, ReadLimit: session.MaxSize})
	if err != nil {
		return nil, err // a nil *ws.Conn in an api.Conn would not be nil
	}
	return c, nil
}
