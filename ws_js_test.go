//go:build js && wasm

package ws

import (
	"context"
	"errors"
	"syscall/js"
	"testing"
	"time"
)

// These need no server; what does is in the suite of wasm_test.

// nobody is an address where nothing listens.
const nobody = "ws://me:secret@127.0.0.1:65534/"

func TestDialWithoutWebSocket(t *testing.T) {
	global := js.Global()
	class := global.Get("WebSocket")
	defer global.Set("WebSocket", class)
	global.Delete("WebSocket")
	c, err := Dial(t.Context(), nobody, nil)
	e, ok := errors.AsType[*HandshakeError](err)
	if c != nil || !ok || !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("Dial = %v, %v; want a HandshakeError that matches ErrUnsupported", c, err)
	}
	if e.URL != "ws://127.0.0.1:65534/" {
		t.Errorf("the error names %q, want the URL without its userinfo", e.URL)
	}
}

func TestDialArguments(t *testing.T) {
	tests := []struct {
		why, url  string
		protocols []string
		name      string
	}{
		{"WebSockets standard section 3.1, constructor, step 2: does not parse", "ws://[", nil, "url"},
		{"step 6: another scheme", "ftp://example.com/", nil, "url"},
		{"step 7: a fragment", "ws://example.com/#part", nil, "url"},
		{"step 9: no token; told by the shared layer", "ws://example.com/", []string{"a b"}, "Subprotocols"},
	}
	for _, test := range tests {
		c, err := Dial(t.Context(), test.url, &DialOptions{Subprotocols: test.protocols})
		if e, ok := errors.AsType[*ArgumentError](err); c != nil || !ok || e.Name != test.name {
			t.Errorf("%s: Dial = %v, %v; want an ArgumentError of %s", test.why, c, err, test.name)
		}
	}
}

// What throws anything but a SyntaxError says nothing about the URL: a strange
// global WebSocket, or the SecurityError of ws in a page loaded over https.
func TestDialNotConstructed(t *testing.T) {
	global := js.Global()
	class := global.Get("WebSocket")
	defer global.Set("WebSocket", class)
	global.Set("WebSocket", global.Get("Symbol")) // no constructor
	c, err := Dial(t.Context(), nobody, nil)
	if e, ok := errors.AsType[*HandshakeError](err); c != nil || !ok || e.Cause == nil {
		t.Errorf("Dial = %v, %v; want a HandshakeError with its cause", c, err)
	}
}

func TestDialHeader(t *testing.T) {
	c, err := Dial(t.Context(), nobody, &DialOptions{Header: map[string][]string{"X": {"y"}}})
	if c != nil || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Dial = %v, %v; want ErrUnsupported", c, err)
	}
}

func TestDialEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	global := js.Global()
	class := global.Get("WebSocket")
	defer global.Set("WebSocket", class)
	global.Delete("WebSocket") // to show that none is made
	if c, err := Dial(ctx, nobody, nil); c != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Dial = %v, %v; want the context's error", c, err)
	}
}

func TestDialRefused(t *testing.T) {
	c, err := Dial(t.Context(), nobody, nil)
	e, ok := errors.AsType[*HandshakeError](err)
	if c != nil || !ok || e.Problem == "" || e.URL != "ws://127.0.0.1:65534/" {
		t.Errorf("Dial = %v, %v; want a HandshakeError that names the URL", c, err)
	}
}

// CSP level 3 section 6.1.2, connect-src. Chromium fires "error" and never
// "close": Dial must end all the same, long before its 10 s are over.
func TestDialForbiddenByPolicy(t *testing.T) {
	document := js.Global().Get("document")
	if document.IsUndefined() {
		t.Fatal("this test needs a page: run it in a browser's window")
	}
	frame := document.Call("createElement", "iframe")
	loaded := make(chan struct{}, 1)
	onload := js.FuncOf(func(js.Value, []js.Value) any {
		loaded <- struct{}{}
		return nil
	})
	defer onload.Release()
	frame.Call("addEventListener", "load", onload)
	frame.Set("srcdoc", `<meta http-equiv="Content-Security-Policy" content="connect-src 'none'">`)
	document.Get("body").Call("appendChild", frame)
	defer frame.Call("remove")
	<-loaded

	global := js.Global()
	class := global.Get("WebSocket")
	defer global.Set("WebSocket", class)
	global.Set("WebSocket", frame.Get("contentWindow").Get("WebSocket"))
	start := time.Now()
	c, err := Dial(t.Context(), nobody, nil)
	if _, ok := errors.AsType[*HandshakeError](err); c != nil || !ok {
		t.Errorf("Dial = %v, %v; want a HandshakeError", c, err)
	}
	if d := time.Since(start); d >= 10*time.Second {
		t.Errorf("Dial took %v", d)
	}
	t.Log(err)
}
