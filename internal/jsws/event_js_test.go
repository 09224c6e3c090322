//go:build js && wasm

package jsws

import (
	"strings"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

func next(t *testing.T, s *Socket) event.Event {
	t.Helper()
	e, ok := s.Next()
	if !ok {
		t.Fatal("the queue is empty")
	}
	return e
}

func TestNextKeepsTheOrder(t *testing.T) {
	s, f := dialFake(t)
	if e, ok := s.Next(); ok {
		t.Errorf("Next of an empty queue = %+v", e)
	}
	f.fire("Event", "open", nil)
	f.message("text")
	f.message(arrayBuffer([]byte{1}))
	f.fire("Event", "error", nil)
	reason := js.Global().Get("String").Call("fromCharCode", 0xfeff, '!') // a Go string would lose U+FEFF
	f.fire("CloseEvent", "close", map[string]any{"code": 4001, "reason": reason, "wasClean": true})
	if e := next(t, s); e != (event.Event{Kind: event.Opened}) {
		t.Errorf("first %+v", e)
	}
	if e := next(t, s); e.Message == nil || e.Message.Type() != api.MessageText {
		t.Errorf("second %+v", e)
	}
	if e := next(t, s); e.Message == nil || e.Message.Type() != api.MessageBinary {
		t.Errorf("third %+v", e)
	}
	if e := next(t, s); e != (event.Event{Kind: event.Failed}) {
		t.Errorf("fourth %+v", e)
	}
	want := event.Event{Kind: event.Ended, Code: 4001, Reason: "\ufeff!", Clean: true}
	if e := next(t, s); e != want {
		t.Errorf("fifth %+v, want %+v", e, want)
	}
	if e, ok := s.Next(); ok {
		t.Errorf("sixth %+v", e)
	}
}

func TestMessage(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<13) // 128 KiB: detached
	tests := []struct {
		name string
		data js.Value
		want string
		min  int
	}{
		{"binary", arrayBuffer([]byte("\x00\xff\x80")), "\x00\xff\x80", 3},
		{"empty binary", arrayBuffer(nil), "", 0},
		{"large binary", arrayBuffer([]byte(big)), big, len(big)},
		{"text", js.ValueOf("hello"), "hello", 5},
		{"empty text", js.ValueOf(""), "", 0},
		{"one to four bytes a character", js.ValueOf("aä€😀"), "aä€😀", 5}, // the last has two units
		{"leading U+FEFF", js.Global().Get("String").Call("fromCharCode", 0xfeff, 'a'), "\ufeffa", 2},
		{"U+0000", js.ValueOf("\x00"), "\x00", 1},
		{"large text", js.ValueOf(big), big, len(big)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, f := dialFake(t)
			for _, sized := range []bool{false, true} {
				data := test.data
				if data.Type() == js.TypeObject {
					data = data.Call("slice", 0)
				}
				f.message(data)
				m := next(t, s).Message
				if got := m.MinSize(); got != test.min {
					t.Errorf("MinSize = %d, want %d", got, test.min)
				}
				if n, err := m.Size(); sized && (n != len(test.want) || err != nil) {
					t.Errorf("Size = %d, %v; want %d", n, err, len(test.want))
				}
				p, err := m.AppendTo([]byte("> "))
				if err != nil || string(p) != "> "+test.want {
					t.Errorf("AppendTo = %d bytes, %v; want %d", len(p), err, len(test.want)+2)
				}
				if data.Type() == js.TypeObject && len(test.want) > detachFrom && data.Get("byteLength").Int() != 0 {
					t.Error("the buffer still holds its memory")
				}
			}
		})
	}
}

// A Blob, which binaryType excludes, or anything else: an error, and no panic.
func TestMessageUnreadable(t *testing.T) {
	s, f := dialFake(t)
	for _, data := range []js.Value{js.Null(), js.ValueOf(7), js.Global().Get("Object").New()} {
		f.message(data)
		m := next(t, s).Message
		if _, err := m.Size(); err == nil {
			t.Errorf("Size of %v: no error", data)
		}
		if p, err := m.AppendTo([]byte("x")); err == nil || string(p) != "x" {
			t.Errorf("AppendTo of %v = %q, %v", data, p, err)
		}
	}
}
