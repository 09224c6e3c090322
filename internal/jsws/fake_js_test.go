//go:build js && wasm

package jsws

import (
	"syscall/js"
	"testing"
)

// fakeWebSocket replaces the global WebSocket: an EventTarget on which the test
// fires events, and which records what was sent.
type fakeWebSocket struct {
	target js.Value
	state  js.Value // its value is the readyState
	closes [][]js.Value
	sent   []js.Value // strings, and copies of arrays
}

// replaceWebSocket sets the global WebSocket to v until the test ends.
func replaceWebSocket(t *testing.T, v js.Value) {
	t.Helper()
	global := js.Global()
	old := global.Get("WebSocket")
	if v.IsUndefined() {
		global.Delete("WebSocket")
	} else {
		global.Set("WebSocket", v)
	}
	t.Cleanup(func() { global.Set("WebSocket", old) })
}

func funcOf(t *testing.T, f func(args []js.Value) any) js.Value {
	t.Helper()
	fn := js.FuncOf(func(_ js.Value, args []js.Value) any { return f(args) })
	t.Cleanup(fn.Release)
	return fn.Value
}

// dialFake returns a Socket over a fakeWebSocket. Its send is treated as the
// platform's own, since it copies its argument.
func dialFake(t *testing.T) (*Socket, *fakeWebSocket) {
	t.Helper()
	f := &fakeWebSocket{target: js.Global().Get("EventTarget").New()}
	f.state = js.ValueOf(map[string]any{"value": 1})
	f.target.Call("__defineGetter__", "readyState",
		js.Global().Get("Reflect").Get("get").Call("bind", js.Null(), f.state, "value"))
	f.target.Set("bufferedAmount", 1<<40)
	f.target.Set("protocol", "chat")
	f.target.Set("send", funcOf(t, func(args []js.Value) any {
		f.sent = append(f.sent, snapshot(args[0]))
		return nil
	}))
	f.target.Set("close", funcOf(t, func(args []js.Value) any {
		f.closes = append(f.closes, args)
		return nil
	}))
	replaceWebSocket(t, funcOf(t, func([]js.Value) any { return f.target }))
	s, err := New("ws://example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.foreign = false
	t.Cleanup(s.Release)
	return s, f
}

// snapshot does what send does with its argument: it copies an array, and
// converts anything else to a string.
func snapshot(data js.Value) js.Value {
	if data.InstanceOf(js.Global().Get("Uint8Array")) {
		return data.Call("slice")
	}
	return js.Global().Get("String").Invoke(data)
}

func (f *fakeWebSocket) fire(class, event string, init map[string]any) {
	f.target.Call("dispatchEvent", js.Global().Get(class).New(event, init))
}

func (f *fakeWebSocket) message(data any) {
	f.fire("MessageEvent", "message", map[string]any{"data": data})
}

func arrayBuffer(p []byte) js.Value {
	a := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(a, p)
	return a.Get("buffer")
}

// utf8 encodes a JavaScript string, without the losses of js.Value.String.
func utf8(s js.Value) string {
	a := js.Global().Get("TextEncoder").New().Call("encode", s)
	p := make([]byte, a.Length())
	js.CopyBytesToGo(p, a)
	return string(p)
}

func bytesOf(a js.Value) string {
	p := make([]byte, a.Length())
	js.CopyBytesToGo(p, a)
	return string(p)
}
