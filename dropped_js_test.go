//go:build js && wasm

package ws

import (
	"context"
	"errors"
	"runtime"
	"syscall/js"
	"testing"
	"time"
)

// openFake returns a Conn over an EventTarget that stands in for the WebSocket
// object, and a channel that gets a value for each call of its close.
func openFake(t *testing.T) (*Conn, js.Value, chan struct{}) {
	t.Helper()
	global := js.Global()
	target := global.Get("EventTarget").New()
	closed := make(chan struct{}, 8)
	shut := js.FuncOf(func(js.Value, []js.Value) any {
		closed <- struct{}{}
		return nil
	})
	class := js.FuncOf(func(js.Value, []js.Value) any { return target })
	target.Call("__defineGetter__", "readyState", global.Get("Number").Call("bind", nil, 1))
	target.Set("send", global.Get("Object"))
	target.Set("close", shut)
	old := global.Get("WebSocket")
	global.Set("WebSocket", class)
	t.Cleanup(func() {
		global.Set("WebSocket", old)
		class.Release()
		shut.Release()
	})
	// In a task of JavaScript's, which comes when Dial waits.
	global.Call("setTimeout", target.Get("dispatchEvent").Call("bind", target, global.Get("Event").New("open")))
	c, err := Dial(t.Context(), "ws://example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, target, closed
}

func message(target js.Value, data any) {
	target.Call("dispatchEvent", js.Global().Get("MessageEvent").New("message", map[string]any{"data": data}))
}

// collect has Go collect until closed has a value; it reports false when it has
// none after n collections.
func collect(closed chan struct{}, n int) bool {
	for range n {
		runtime.GC()
		tick := time.NewTimer(time.Millisecond) // lets finalizers and JavaScript run
		select {
		case <-closed:
			return true
		case <-tick.C:
		}
	}
	return false
}

// A Conn that nobody refers to any more is closed, whatever JavaScript refers
// to.
func TestDroppedConnIsClosed(t *testing.T) {
	c, target, closed := openFake(t)
	message(target, "unread")
	if collect(closed, 5) {
		t.Fatal("a Conn in use was closed")
	}
	runtime.KeepAlive(c)
	c = nil
	if !collect(closed, 1000) {
		t.Fatal("a dropped Conn was not closed")
	}
	message(target, "late") // enters no function that was freed: that would be on the console
}

// The Context of a Conn that nobody refers to any more ends with it: it keeps
// neither the Conn nor a goroutine.
func TestDroppedConnsContextEnds(t *testing.T) {
	c, _, closed := openFake(t)
	before := runtime.NumGoroutine()
	ctx := c.Context()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("Context has started %d goroutines", n-before)
	}
	if collect(closed, 5) {
		t.Fatal("a Conn in use was closed")
	}
	runtime.KeepAlive(c)
	c = nil
	if !collect(closed, 1000) {
		t.Fatal("a dropped Conn was not closed")
	}
	<-ctx.Done()
	if e, ok := errors.AsType[*CloseError](context.Cause(ctx)); !ok || !e.Local || e.Code != -1 {
		t.Errorf("its cause is %v, want the end by this side", context.Cause(ctx))
	}
}

// A call under way, a stream and CloseRead's goroutine keep their Conn.
func TestUsedConnIsKept(t *testing.T) {
	t.Run("Read", func(t *testing.T) {
		c, target, closed := openFake(t)
		got := make(chan error, 1)
		go func(c *Conn) {
			_, _, err := c.Read(t.Context())
			got <- err
		}(c)
		c = nil
		if collect(closed, 20) {
			t.Error("closed while a Read waits")
		}
		message(target, "at last")
		if err := <-got; err != nil {
			t.Error(err)
		}
		if !collect(closed, 1000) {
			t.Error("not closed after the last Read")
		}
	})
	t.Run("Writer", func(t *testing.T) {
		c, _, closed := openFake(t)
		w, err := c.Writer(t.Context(), MessageText)
		if err != nil {
			t.Fatal(err)
		}
		c = nil
		if collect(closed, 20) {
			t.Error("closed while a Writer is open")
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		w = nil
		if !collect(closed, 1000) {
			t.Error("not closed after the Writer")
		}
	})
	t.Run("CloseRead", func(t *testing.T) {
		c, target, closed := openFake(t)
		ctx := c.CloseRead(t.Context())
		c = nil
		if collect(closed, 20) || ctx.Err() != nil {
			t.Error("closed while CloseRead reads")
		}
		target.Call("dispatchEvent", js.Global().Get("CloseEvent").New("close", map[string]any{"code": 4000}))
		<-ctx.Done()
	})
}

// Messages nobody reads are bounded though no Read waits, and ReadBuffered
// tells how many bytes they have.
func TestReadBufferInABrowser(t *testing.T) {
	c, target, closed := openFake(t)
	message(target, "next to be read")
	message(target, js.Global().Get("ArrayBuffer").New(1<<20))
	if n := c.ReadBuffered(); n != 1<<20+15 {
		t.Errorf("ReadBuffered = %d, want %d", n, 1<<20+15)
	}
	for range 15 {
		message(target, js.Global().Get("ArrayBuffer").New(1<<20))
	}
	if len(closed) != 0 {
		t.Fatal("closed at the bound")
	}
	message(target, "one too many")
	<-closed
	for range 17 {
		if _, _, err := c.Read(t.Context()); err != nil {
			t.Fatalf("a message that came before: %v", err)
		}
	}
	_, _, err := c.Read(t.Context())
	if e, ok := errors.AsType[*ReadBufferFullError](err); !ok || e.Limit != DefaultReadBuffer || !errors.Is(err, ErrReadBufferFull) {
		t.Errorf("Read = %v, want a ReadBufferFullError", err)
	}
}
