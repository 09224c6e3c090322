//go:build js && wasm

package wasmtest

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// foreignClasses makes classes that may be the global WebSocket of a page
// instead of the platform's own, Native. Each is like an existing polyfill,
// mock or wrapper of an instrumentation tool, reduced to what is special about
// it.
const foreignClasses = `
const Native = globalThis.WebSocket;

// wrap is a class over Native whose events change converts to events of a class
// other than the platform's.
const wrap = (change, more) => {
	class Wrapper {
		constructor(url, protocols) {
			this.readyState = 0;
			this.protocol = "";
			this.bufferedAmount = 0;
			this.inner = new Native(url, protocols);
			this.inner.binaryType = "arraybuffer";
			this.listeners = [];
			for (const type of ["open", "message", "error", "close"]) {
				this.inner.addEventListener(type, e => {
					this.readyState = this.inner.readyState;
					const event = change({type, data: e.data, code: e.code, reason: e.reason, wasClean: e.wasClean}, e);
					for (const l of this.listeners) if (l.type === type) l.f.call(this, event);
					if (this["on" + type]) this["on" + type](event);
				});
			}
		}
		addEventListener(type, f) { this.listeners.push({type, f}); }
		send(data) { this.inner.send(data); }
		close(...args) { this.inner.close(...args); }
	}
	Object.assign(Wrapper.prototype, more);
	return Wrapper;
};
const plain = e => e;
const once = () => { let done = false; return f => e => e.type === "message" && !done ? (done = true, f(e)) : e; };
const same = {};

({
	"a subclass": class extends Native {},
	"a Proxy of the class": new Proxy(Native, { construct: (C, args) => new C(...args) }),
	"a patched send and a patched addEventListener": class extends Native {
		send(data) { return super.send(data); }
		addEventListener(type, f) { super.addEventListener(type, e => f.call(this, e)); }
	},
	"events are Proxies": class extends Native {
		addEventListener(type, f) {
			super.addEventListener(type, e => f.call(this, new Proxy(e, {
				get: (e, key) => { const v = e[key]; return typeof v === "function" ? v.bind(e) : v; },
			})));
		}
	},
	"data is an own property": wrap(plain),
	"data is inherited": wrap(e => Object.create(e)),
	"data has a getter of the class": wrap((e, native) => new (class { get type() { return e.type; } get data() { return native.data; } get code() { return e.code; } get reason() { return e.reason; } get wasClean() { return e.wasClean; } })()),
	"one event for all": wrap(e => Object.assign(same, e)),
	"no addEventListener": wrap(plain, { addEventListener: undefined }),
	"no __lookupGetter__": wrap(plain, { __lookupGetter__: undefined }),
	"readyState stays 0": class extends wrap(plain) { get readyState() { return 0; } set readyState(n) {} },
	"bytes come as a Uint8Array": wrap(e => typeof e.data === "string" || !e.data ? e :
		{...e, data: new Uint8Array(new Uint8Array([1, 2, ...new Uint8Array(e.data), 3]).buffer, 2, e.data.byteLength)}),
	"send keeps what it is given": class extends wrap(plain) {
		send(data) { setTimeout(() => this.inner.send(data)); }
	},
	"close tells nothing": wrap(e => e.type === "close" ? {type: "close"} : e),
	"close tells the code alone": wrap(e => e.type === "close" ? {type: "close", code: e.code} : e),

	"!bytes come as Blob": wrap(once()(e => ({...e, data: new Blob(["x"], {type: "close"})}))),
	"!bytes come as Array": wrap(once()(e => ({...e, data: [1, 2, 3]}))),
	"!bytes come as Object": wrap(once()(e => ({...e, data: {type: "close", length: 3}}))),
	"!data is a Number": wrap(once()(e => ({...e, data: 12}))),
	"!data is null": wrap(once()(e => ({...e, data: null}))),
	"!no data": wrap(once()(e => ({type: "message"}))),
	"!no event": wrap(once()(e => undefined)),
	"!data throws": wrap(once()(e => ({type: "message", get data() { throw new Error("no data for you"); }}))),

	"-no send": wrap(plain, { send: undefined }),
	"-no close": wrap(plain, { close: undefined }),
	"-readyState is no number": class extends wrap(plain) { get readyState() { return "open"; } set readyState(n) {} },
	"-readyState throws": class extends wrap(plain) { get readyState() { throw new Error("no state"); } set readyState(n) {} },
	"-addEventListener throws": wrap(plain, { addEventListener() { throw new Error("no listeners"); } }),
	"?the instance is a Proxy": new Proxy(Native, { construct: (C, args) => new Proxy(new C(...args), {}) }),
	"-the constructor throws": class { constructor() { throw new Error("no sockets"); } },
	"-the constructor throws a string": class { constructor() { throw "no sockets"; } },
})
`

// TestForeignClasses dials with classes other than the platform's own. If the
// name begins with "!", the first message cannot be read; with "-", Dial fails;
// with "?", some engine's own WebSocket does not work through the class, and
// Dial or Write returns an error.
func TestForeignClasses(t *testing.T) {
	url := serverURL(t)
	global := js.Global()
	native := global.Get("WebSocket")
	defer global.Set("WebSocket", native)
	classes := global.Call("eval", foreignClasses)
	if path := os.Getenv("WS_NPM"); path != "" {
		classes.Set("npm's ws", global.Call("require", path))
	}
	names := global.Get("Object").Call("keys", classes)
	for i := range names.Length() {
		name := names.Index(i).String()
		t.Run(name, func(t *testing.T) {
			global.Set("WebSocket", classes.Get(name))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			c, err := ws.Dial(ctx, url+"/echo", nil)
			switch name[0] {
			case '?':
				if err == nil {
					if err := c.Write(ctx, ws.MessageText, nil); err == nil {
						t.Error("Write returned nil")
					}
					c.CloseNow()
					return
				}
				fallthrough
			case '-':
				wantUnfit(t, c, err)
				return
			case '!':
				if err == nil {
					wantUnreadable(ctx, t, c)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if name[0] != '!' {
				wantForeignEcho(ctx, t, c, name)
			}
		})
	}
}

// wantUnfit checks that Dial has failed with an error that names the class.
func wantUnfit(t *testing.T, c *ws.Conn, err error) {
	t.Helper()
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if c != nil || !ok || e.Cause == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Dial = %v, %v; want a HandshakeError with its cause", c, err)
	}
	t.Log(err)
	if !strings.Contains(t.Name(), "constructor") && !strings.Contains(err.Error(), "the global WebSocket, or this JavaScript, is not fit") {
		t.Errorf("%v does not name the class", err)
	}
	if strings.Contains(t.Name(), "constructor") && !strings.Contains(err.Error(), "no sockets") {
		t.Errorf("%v hides what was thrown", err)
	}
}

// wantUnreadable checks that Read ends the connection, with an error that says
// why.
func wantUnreadable(ctx context.Context, t *testing.T, c *ws.Conn) {
	t.Helper()
	if err := c.Write(ctx, ws.MessageBinary, []byte("bytes")); err != nil {
		t.Fatal(err)
	}
	_, p, err := c.Read(ctx)
	e, ok := errors.AsType[*ws.CloseError](err)
	if !ok || !e.Local || e.Cause == nil || !strings.Contains(err.Error(), "the global WebSocket") {
		t.Errorf("Read = %q, %v; want a CloseError that names the class", p, err)
	}
	if _, last, found := strings.Cut(t.Name(), "_come_as_"); found && !strings.Contains(err.Error(), last) {
		t.Errorf("%v does not name %s", err, last)
	}
	t.Log(err)
}

// wantForeignEcho sends messages of every kind that the glue distinguishes,
// several at once, and then closes.
func wantForeignEcho(ctx context.Context, t *testing.T, c *ws.Conn, name string) {
	t.Helper()
	type message struct {
		typ ws.MessageType
		p   string
	}
	var want []message
	for _, n := range []int{1, 0, 5, 4096, 4097, 1 << 17, 3 << 18} {
		want = append(want, message{ws.MessageText, strings.Repeat("t", n)}, message{ws.MessageBinary, strings.Repeat("b", n)},
			message{ws.MessageText, strings.Repeat("é", n/4)})
	}
	go func() {
		for _, m := range want {
			if err := c.Write(ctx, m.typ, []byte(m.p)); err != nil {
				t.Errorf("Write of %d bytes: %v", len(m.p), err)
			}
		}
	}()
	for i, m := range want {
		typ, p, err := c.Read(ctx)
		if err != nil || typ != m.typ || string(p) != m.p {
			t.Fatalf("message %d: Read = %v of %d bytes, %v; want %v of %d", i, typ, len(p), err, m.typ, len(m.p))
		}
	}
	err := c.Close(1000, "bye")
	if name == "close tells nothing" { // indistinguishable from a lost connection
		if !errors.Is(err, ws.ErrClosed) || ws.CloseStatus(err) != -1 {
			t.Errorf("Close = %v, want an error without a status", err)
		}
	} else if err != nil {
		t.Errorf("Close = %v", err)
	}
}

// TestInsideACallback calls Dial and Close directly in a js.FuncOf callback,
// which blocks the event loop. Go's timers still fire, so that the time limits
// hold, and the errors name the reason.
func TestInsideACallback(t *testing.T) {
	url := serverURL(t)
	inCallback := func(f func(ctx context.Context) error) error {
		got := make(chan error, 1)
		callback := js.FuncOf(func(js.Value, []js.Value) any {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			got <- f(ctx)
			return nil
		})
		defer callback.Release()
		js.Global().Call("setTimeout", callback)
		return <-got
	}
	want := func(t *testing.T, err error) {
		t.Helper()
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "js.FuncOf") {
			t.Errorf("%v, want an error that matches DeadlineExceeded and names js.FuncOf", err)
		}
		t.Log(err)
	}
	t.Run("Dial", func(t *testing.T) {
		err := inCallback(func(ctx context.Context) error {
			_, err := ws.Dial(ctx, url+"/echo", nil)
			return err
		})
		want(t, err)
		if err := as[*ws.HandshakeError](err); err != nil {
			t.Error(err)
		}
	})
	t.Run("Close", func(t *testing.T) {
		c, err := ws.Dial(t.Context(), url+"/echo", nil)
		if err != nil {
			t.Fatal(err)
		}
		err = inCallback(func(ctx context.Context) error { return c.CloseContext(ctx, 1000, "") })
		want(t, err)
		if err := as[*ws.CloseError](err); err != nil {
			t.Error(err)
		}
	})
	t.Run("in a goroutine", func(t *testing.T) {
		got := make(chan error, 1)
		if err := inCallback(func(context.Context) error {
			go func() {
				c, err := ws.Dial(t.Context(), url+"/echo", nil)
				if err == nil {
					err = c.Close(1000, "")
				}
				got <- err
			}()
			return nil
		}); err != nil {
			t.Error(err)
		}
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
	t.Run("a server that hangs is another matter", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := ws.Dial(ctx, url+"/hang?most=5", nil)
		if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "js.FuncOf") {
			t.Errorf("%v, want an error that matches DeadlineExceeded and does not name js.FuncOf", err)
		}
	})
}
