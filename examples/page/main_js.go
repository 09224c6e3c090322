//go:build js && wasm

// Command page is the program of index.html: a console for a WebSocket server.
// Package session handles the connection. The same program runs in the window,
// where it shows the page, and optionally a second time in a Worker, where it
// only has the connection.
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
