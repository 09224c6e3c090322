//go:build js && wasm

package jsws

import (
	"errors"
	"reflect"
	"strings"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

func TestNoWebSocket(t *testing.T) {
	for name, v := range map[string]js.Value{
		"deleted": js.Undefined(), "null": js.Null(), "no function": js.ValueOf("WebSocket"),
	} {
		t.Run(name, func(t *testing.T) {
			replaceWebSocket(t, v)
			if s, err := New("ws://example.com", nil); s != nil || err != ErrNoWebSocket {
				t.Errorf("New = %v, %v; want ErrNoWebSocket", s, err)
			}
		})
	}
}

// A global WebSocket that is something else is an error, not a panic.
func TestStrangeWebSocket(t *testing.T) {
	for _, class := range []string{"Symbol", "Promise", "Object", "EventTarget"} {
		t.Run(class, func(t *testing.T) {
			replaceWebSocket(t, js.Global().Get(class))
			if s, err := New("ws://example.com", nil); s != nil || err == nil {
				t.Errorf("New = %v, %v; want an error", s, err)
			}
		})
	}
}

// WebSockets standard section 3.1, the constructor: what it throws.
func TestConstructorThrows(t *testing.T) {
	tests := []struct {
		why, url  string
		protocols []string
	}{
		{"step 2: the URL does not parse", "ws://", nil},
		{"step 2: a port over 65535", "ws://example.com:65536", nil},
		{"step 6: a scheme that is none of ws, wss, http, https", "ftp://example.com", nil},
		{"step 7: a fragment", "ws://example.com/#x", nil},
		{"step 9: a subprotocol that is no token", "ws://example.com", []string{"a b"}},
		{"step 9: a subprotocol twice", "ws://example.com", []string{"a", "a"}},
	}
	for _, test := range tests {
		t.Run(test.why, func(t *testing.T) {
			s, err := New(test.url, test.protocols)
			e, ok := errors.AsType[*Exception](err)
			if s != nil || !ok || e.Name != "SyntaxError" || e.Message == "" {
				t.Fatalf("New = %v, %v; want a SyntaxError", s, err)
			}
			if !strings.Contains(e.Error(), e.Message) {
				t.Errorf("%q does not have the browser's text %q", e.Error(), e.Message)
			}
		})
	}
}

// WebSockets standard section 3.1, the close method, steps 1 and 2.
func TestCloseWithThrows(t *testing.T) {
	s, err := New("ws://127.0.0.1:65534/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	defer s.HangUp()
	for _, code := range []api.StatusCode{0, 999, 1001, 1005, 1006, 1009, 2999, 5000} {
		if e, ok := errors.AsType[*Exception](s.CloseWith(code, "")); !ok || e.Name != "InvalidAccessError" {
			t.Errorf("close(%d) did not throw an InvalidAccessError", code)
		}
	}
	if e, ok := errors.AsType[*Exception](s.CloseWith(1000, strings.Repeat("x", 124))); !ok || e.Name != "SyntaxError" {
		t.Error("close with a reason of 124 bytes did not throw a SyntaxError")
	}
	if s.State() != 0 {
		t.Errorf("state %d after close has thrown, want 0 (CONNECTING)", s.State())
	}
}

// A port on which no server listens: "error", "close" 1006, and the wake-ups
// for them.
func TestRefused(t *testing.T) {
	s, err := New("ws://127.0.0.1:65534/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	woken := make(chan struct{}, 8)
	s.Wake(func() { woken <- struct{}{} })
	var got []event.Event
	for len(got) < 2 {
		<-woken
		for e, ok := s.Next(); ok; e, ok = s.Next() {
			got = append(got, e)
		}
	}
	if got[0].Kind != event.Failed || !reflect.DeepEqual(got[1], event.Event{Kind: event.Ended, Code: 1006}) {
		t.Errorf("events %+v, want error and close 1006", got)
	}
	if s.State() != 3 {
		t.Errorf("state %d, want 3 (CLOSED)", s.State())
	}
}

func TestReads(t *testing.T) {
	s, f := dialFake(t)
	if s.State() != 1 || s.BufferedAmount() != 1<<40 || s.Protocol() != "chat" {
		t.Errorf("state %d, buffered %d, protocol %q", s.State(), s.BufferedAmount(), s.Protocol())
	}
	if got := f.target.Get("binaryType").String(); got != "arraybuffer" {
		t.Errorf("binaryType %q, want arraybuffer", got)
	}
	f.state.Set("value", 2)
	if s.State() != 2 {
		t.Errorf("state %d, want 2", s.State())
	}
	s.foreign = true
	if s.State() != 2 {
		t.Errorf("state %d, want 2", s.State())
	}
	f.state.Set("value", js.Null())
	for _, name := range []string{"bufferedAmount", "protocol"} {
		f.target.Set(name, js.Null())
	}
	if s.State() != 3 || s.BufferedAmount() != 0 || s.Protocol() != "" {
		t.Errorf("unreadable: state %d, buffered %d, protocol %q", s.State(), s.BufferedAmount(), s.Protocol())
	}
}

// A message wakes Go once after Next has reported false; other events always
// do.
func TestWake(t *testing.T) {
	s, f := dialFake(t)
	f.message("not armed")
	f.fire("Event", "open", nil) // there is no function of Wake yet
	woken := 0
	s.Wake(func() { woken++ })
	drainAll(s)
	if _, ok := s.Next(); ok { // reporting false twice arms once
		t.Error("an event was left")
	}
	f.message("armed")
	f.message("not armed any more")
	if woken != 1 {
		t.Errorf("woken %d times by two messages, want 1", woken)
	}
	f.fire("Event", "open", nil)
	f.fire("Event", "error", nil)
	f.fire("CloseEvent", "close", nil)
	if woken != 4 {
		t.Errorf("woken %d times, want 3 more by open, error and close", woken)
	}
	if n := drainAll(s); n != 5 {
		t.Errorf("%d events in the queue, want 5", n)
	}
}

func drainAll(s *Socket) (n int) {
	for _, ok := s.Next(); ok; _, ok = s.Next() {
		n++
	}
	return n
}

// If several messages arrive at a time, one wake-up in a task of its own is for
// all that arrive until then. It is tried now and then, and kept while several
// arrive.
func TestWakeLater(t *testing.T) {
	s, f := dialFake(t)
	woken := make(chan int, 64)
	now := true // the wake-up comes during the event
	s.Wake(func() {
		if now {
			woken <- 0
		} else {
			woken <- drainAll(s)
		}
	})
	drainAll(s)
	for i := range probeMin {
		f.message("alone")
		if len(woken) != 1 {
			t.Fatalf("message %d: %d wake-ups, want one at once", i, len(woken))
		}
		<-woken
		drainAll(s)
	}
	now = false
	for i := range 3 { // tried, then kept
		for range 5 {
			f.message("one of five")
		}
		if len(woken) != 0 {
			t.Fatalf("batch %d: woken at once", i)
		}
		if n := <-woken; n != 5 {
			t.Errorf("batch %d: %d messages at the wake-up, want 5", i, n)
		}
	}
	f.fire("CloseEvent", "close", nil)
	if len(woken) != 1 || <-woken != 1 {
		t.Error("a close did not wake at once")
	}
	for i := range probeMin + 1 { // the last one is an attempt
		f.message("alone again")
		if len(woken) != 0 {
			t.Fatalf("message %d alone after a batch: woken at once", i)
		}
		if n := <-woken; n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
	}
	f.message("at once again")
	if len(woken) != 1 {
		t.Errorf("not woken at once after %d messages that came alone", probeMin+1)
	}
	<-woken
}

// A call of a released function prints an error, so that no listener may call
// it.
func TestRelease(t *testing.T) {
	s, f := dialFake(t)
	var errs []string
	console := js.Global().Get("console")
	old := console.Get("error")
	console.Set("error", funcOf(t, func(args []js.Value) any {
		errs = append(errs, args[0].String())
		return nil
	}))
	defer console.Set("error", old)

	woken := 0
	s.Wake(func() { woken++ })
	drainAll(s)
	f.message("queued")
	drainAll(s)
	woken = 0
	function := s.woken.Value
	s.Release()
	s.Release()
	f.fire("Event", "open", nil)
	f.message("late")
	f.fire("CloseEvent", "close", nil)
	if e, ok := s.Next(); ok {
		t.Errorf("Next after Release = %+v", e)
	}
	s.Wake(func() { woken++ })
	f.message("later")
	if woken != 0 || len(errs) != 0 {
		t.Errorf("after Release: woken %d times, console %q", woken, errs)
	}
	if function.Invoke(); len(errs) != 1 {
		t.Errorf("the function is not released: console %q", errs)
	}
	if s.State() != 1 || s.BufferedAmount() != 1<<40 {
		t.Error("state and buffered amount cannot be read any more")
	}
	s.HangUp()
	if len(f.closes) != 1 || len(f.closes[0]) != 0 {
		t.Errorf("calls of close: %v, want one without arguments", f.closes)
	}
}

func TestCloseWith(t *testing.T) {
	s, f := dialFake(t)
	const reason = "\ufeffgrüße" // U+FEFF stays
	if err := s.CloseWith(4000, reason); err != nil {
		t.Fatal(err)
	}
	if got := f.closes[0]; got[0].Int() != 4000 || utf8(snapshot(got[1])) != reason {
		t.Errorf("close(%v, %q)", got[0], utf8(snapshot(got[1])))
	}
}
