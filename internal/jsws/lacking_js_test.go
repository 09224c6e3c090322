//go:build js && wasm

package jsws

import (
	"strings"
	"syscall/js"
	"testing"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/internal/event"
	"github.com/twinws/ws/internal/glue"
)

// unprepare has the next Socket look everything up anew, and the test's end
// restores what was there.
func unprepare(t *testing.T) {
	t.Helper()
	before := builtins
	builtins.ready = false
	t.Cleanup(func() {
		builtins = before
		memory.view = safejs.Unsafe(value(builtins.registers.values[glue.Memory]))
	})
}

// replace sets a property of an object until the test ends, Undefined for none.
func replace(t *testing.T, object js.Value, name string, v js.Value) {
	t.Helper()
	old := object.Get(name)
	if v.IsUndefined() {
		object.Delete(name)
	} else {
		object.Set(name, v)
	}
	t.Cleanup(func() {
		if old.IsUndefined() {
			object.Delete(name)
		} else {
			object.Set(name, old)
		}
	})
}

// thrower returns a class whose constructor throws.
func thrower() js.Value {
	return js.Global().Call("eval", `(class { constructor() { throw new TypeError("not here"); } })`)
}

// Where something is missing, every New says what, the second one as well.
func TestMissing(t *testing.T) {
	global, assembly := js.Global(), js.Global().Get("WebAssembly")
	for name, test := range map[string]struct {
		object   js.Value
		property string
		v        js.Value
		want     string
	}{
		"no TextDecoder":         {global, "TextDecoder", js.Undefined(), "there is no TextDecoder"},
		"no TextEncoder":         {global, "TextEncoder", js.ValueOf("text"), "there is no TextEncoder"},
		"no Memory":              {assembly, "Memory", js.Undefined(), "there is no Memory"},
		"no Module":              {assembly, "Module", js.Undefined(), "there is no Module"},
		"a Module that throws":   {assembly, "Module", thrower(), "TypeError: not here"},
		"an Instance of nothing": {assembly, "Instance", thrower(), "TypeError: not here"},
		"another glue":           {global, glue.HandedIn, otherModule(), "glue_wasm_"},
	} {
		t.Run(name, func(t *testing.T) {
			unprepare(t)
			replace(t, test.object, test.property, test.v)
			for range 2 {
				s, err := New("ws://127.0.0.1:1/", nil)
				if s != nil || err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "README") {
					t.Errorf("New = %v, %v; want an error with %q", s, err, test.want)
				}
			}
		})
	}
}

// otherModule is a WebAssembly.Module without imports and exports.
func otherModule() js.Value {
	return js.Global().Get("WebAssembly").Get("Module").New(arrayBuffer([]byte("\x00asm\x01\x00\x00\x00")))
}

// A program may hand the glue in where nothing compiles at run time.
func TestGlueIsHandedIn(t *testing.T) {
	unprepare(t)
	assembly := js.Global().Get("WebAssembly")
	module := assembly.Get("Module").New(arrayBuffer([]byte(glue.Module)))
	replace(t, js.Global(), glue.HandedIn, module)
	replace(t, assembly, "Module", thrower())
	s, f := dialFake(t)
	f.message("handed in")
	if got := contents(t, next(t, s)); got != "handed in" {
		t.Errorf("got %q", got)
	}
}

// MessageEvent has no accessor of data in Deno, workerd and happy-dom: there it
// is a property of each event.
func TestDataIsAProperty(t *testing.T) {
	unprepare(t)
	global := js.Global()
	class := global.Call("eval", `(class extends Event { constructor(type, init) { super(type); this.data = init.data; } })`)
	replace(t, global, "MessageEvent", class)
	s, f := dialFake(t)
	f.message("own")
	f.message(arrayBuffer([]byte("bytes")))
	for _, want := range []string{"own", "bytes"} {
		if got := contents(t, next(t, s)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// jsdom and happy-dom have no MessageChannel: a time-out takes its place.
func TestWithoutMessageChannel(t *testing.T) {
	replace(t, js.Global(), "MessageChannel", js.Undefined())
	s, f := dialFake(t)
	woken := make(chan struct{}, 1)
	s.Wake(func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	})
	s.Poke()
	<-woken
	if _, ok := s.Next(); ok {
		t.Error("Next of an empty queue")
	}
	f.message("later")
	<-woken
	if e := next(t, s); e.Kind != event.Received || contents(t, e) != "later" {
		t.Errorf("got %+v", e)
	}
	s.Poke()
	s.Release() // before the time-out: it must not call what is released
}

// Constructors before 2024, and those of jsdom, happy-dom and workerd, read
// neither http nor relative URLs (WebSockets standard section 3.1, the
// constructor, steps 1 to 6).
func TestOldConstructor(t *testing.T) {
	global := js.Global()
	old := global.Call("eval", `(class extends WebSocket { constructor(url, protocols) {
		if (!/^wss?:/.test(url)) throw new DOMException("the scheme must be ws or wss", "SyntaxError");
		super(url, protocols);
	} })`)
	replaceWebSocket(t, old)
	host := global.Get("location").Get("host").String()
	for url, want := range map[string]string{
		"http://127.0.0.1:1/a": "ws://127.0.0.1:1/a", "HTTPS://127.0.0.1:1/a": "wss://127.0.0.1:1/a",
		"/b?c": "ws://" + host + "/b?c", "ws://127.0.0.1:1/d": "ws://127.0.0.1:1/d",
	} {
		s, err := New(url, nil)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if s.URL() != want {
			t.Errorf("%s: dialed %s, want %s", url, s.URL(), want)
		}
		s.HangUp()
		s.Release()
	}
	if s, err := New("ftp://127.0.0.1/", nil); s != nil || err == nil || !strings.Contains(err.Error(), "the scheme must be") {
		t.Errorf("ftp: %v, %v; want what the constructor threw", s, err)
	}
}

// contents returns the bytes of a message.
func contents(t *testing.T, e event.Event) string {
	t.Helper()
	if e.Message == nil {
		t.Fatalf("%+v is no message", e)
	}
	p, _, err := e.Message.AppendTo(nil, -1)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}
