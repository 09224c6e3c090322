//go:build js && wasm

package wasmtest

import (
	"context"
	"errors"
	"os"
	"syscall/js"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// TestEndsOfConnections ends connections in every way. In Node.js nothing of
// them may keep the process alive afterwards, see TestNodeEndsByItself; except
// that Node.js keeps the TCP connection if the server never answers the close
// frame.
func TestEndsOfConnections(t *testing.T) {
	url := serverURL(t)
	dial := func(path string) *ws.Conn {
		c, err := ws.Dial(t.Context(), url+path, nil)
		if err != nil {
			t.Fatalf("dialing %s: %v", path, err)
		}
		return c
	}
	read := func(c *ws.Conn) error {
		_, _, err := c.Read(t.Context())
		return err
	}
	for name, end := range map[string]func() error{
		"Close": func() error {
			c := dial("/echo")
			if err := c.Write(t.Context(), ws.MessageText, []byte("hello")); err != nil {
				return err
			}
			if err := read(c); err != nil {
				return err
			}
			return c.Close(1000, "")
		},
		"CloseNow":                  func() error { return dial("/echo").CloseNow() },
		"CloseNow, messages unread": func() error { return dial("/flood?n=1000").CloseNow() },
		"the peer's close": func() error {
			return as[*ws.CloseError](read(dial("/close?code=4000")))
		},
		"a reset": func() error { return as[*ws.CloseError](read(dial("/reset"))) },
		"a message over the limit": func() error {
			return as[*ws.MessageTooBigError](read(dial("/flood?n=1&size=2000000")))
		},
		"a Read beside it": func() error {
			c := dial("/echo")
			got := make(chan error, 1)
			go func() { got <- read(c) }()
			c.Close(1000, "")
			return as[*ws.CloseError](<-got)
		},
		"refused": func() error {
			_, err := ws.Dial(t.Context(), url+"/refuse", nil)
			return as[*ws.HandshakeError](err)
		},
		"given up": func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := ws.Dial(ctx, url+"/hang?most=5", nil)
			if errors.Is(err, context.DeadlineExceeded) {
				return nil
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := end(); err != nil {
				t.Error(err)
			}
		})
	}
}

// as returns nil if err is an E, else err, or an error if err is nil.
func as[E error](err error) error {
	if _, ok := errors.AsType[E](err); ok {
		return nil
	}
	if err == nil {
		return errors.New("no error at all")
	}
	return err
}

// TestWithoutWebSocket dials without a global WebSocket, as in Node.js 20.
func TestWithoutWebSocket(t *testing.T) {
	if os.Getenv("WS_NONE") == "" {
		t.Skip("there is a WebSocket here: this runs from TestNodeWithoutWebSocket of the native build")
	}
	if !js.Global().Get("WebSocket").IsUndefined() {
		t.Fatal("there is a WebSocket")
	}
	for range 2 {
		c, err := ws.Dial(t.Context(), "ws://127.0.0.1:1/", nil)
		if e, ok := errors.AsType[*ws.HandshakeError](err); c != nil || !ok || !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("Dial = %v, %v; want a HandshakeError that matches ErrUnsupported", c, err)
		} else {
			t.Log(e.Problem)
		}
	}
}
