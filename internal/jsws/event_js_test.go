//go:build js && wasm

package jsws

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
	"github.com/twinws/ws/internal/glue"
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
	if e := next(t, s); !reflect.DeepEqual(e, event.Event{Kind: event.Opened}) {
		t.Errorf("first %+v", e)
	}
	if e := next(t, s); e.Message == nil || e.Message.Type() != api.MessageText {
		t.Errorf("second %+v", e)
	}
	if e := next(t, s); e.Message == nil || e.Message.Type() != api.MessageBinary {
		t.Errorf("third %+v", e)
	}
	if e := next(t, s); !reflect.DeepEqual(e, event.Event{Kind: event.Failed}) {
		t.Errorf("fourth %+v", e)
	}
	want := event.Event{Kind: event.Ended, Code: 4001, Reason: "\ufeff!", Clean: true}
	if e := next(t, s); !reflect.DeepEqual(e, want) {
		t.Errorf("fifth %+v, want %+v", e, want)
	}
	if e, ok := s.Next(); ok {
		t.Errorf("sixth %+v", e)
	}
}

// Small messages arrive through the glue's memory, many at once, others one by
// one: in order, and unchanged at the limits between them.
func TestMessage(t *testing.T) {
	tests := []struct {
		name string
		data js.Value
		want string
		min  int // of MinSize
	}{
		{"binary", arrayBuffer([]byte("\x00\xff\x80")), "\x00\xff\x80", 3},
		{"empty binary", arrayBuffer(nil), "", 0},
		{"the largest small binary", arrayBuffer([]byte(strings.Repeat("b", glue.SmallSize))), strings.Repeat("b", glue.SmallSize), glue.SmallSize},
		{"the smallest large binary", arrayBuffer([]byte(strings.Repeat("b", glue.SmallSize+1))), strings.Repeat("b", glue.SmallSize+1), glue.SmallSize + 1},
		{"large binary, detached", arrayBuffer([]byte(strings.Repeat("b", viewFrom))), strings.Repeat("b", viewFrom), viewFrom},
		{"binary over the memory", arrayBuffer([]byte(strings.Repeat("b", glue.MemorySize+1))), strings.Repeat("b", glue.MemorySize+1), glue.MemorySize + 1},
		{"text", js.ValueOf("hello"), "hello", 5},
		{"empty text", js.ValueOf(""), "", 0},
		{"one to four bytes a character", js.ValueOf("aä€😀"), "aä€😀", 10},
		{"leading U+FEFF", js.Global().Get("String").Call("fromCharCode", 0xfeff, 'a'), "\ufeffa", 4},
		{"U+0000", js.ValueOf("\x00"), "\x00", 1},
		{"the largest small text", js.ValueOf(strings.Repeat("€", glue.SmallSize)), strings.Repeat("€", glue.SmallSize), 3 * glue.SmallSize},
		{"the smallest large text", js.ValueOf(strings.Repeat("€", glue.SmallSize+1)), strings.Repeat("€", glue.SmallSize+1), glue.SmallSize + 1},
		{"the largest text for the memory", js.ValueOf(strings.Repeat("€", glue.MemorySize/3)), strings.Repeat("€", glue.MemorySize/3), glue.MemorySize / 3},
		{"text over the memory", js.ValueOf(strings.Repeat("€", glue.MemorySize/3+1)), strings.Repeat("€", glue.MemorySize/3+1), glue.MemorySize/3 + 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, prefix := range []string{"", "> "} {
				s, f := dialFake(t)
				data := test.data
				if data.Type() == js.TypeObject {
					data = data.Call("slice", 0)
				}
				f.message("before")
				f.message(data)
				f.message("after")
				wantMessage(t, s, "before")
				m := next(t, s).Message
				if got := m.MinSize(); got != test.min {
					t.Errorf("MinSize = %d, want %d", got, test.min)
				}
				var dst []byte
				if prefix != "" {
					dst = []byte(prefix)
				}
				p, fits, err := m.AppendTo(dst, int64(len(test.want)))
				if err != nil || !fits || string(p) != prefix+test.want {
					t.Errorf("AppendTo = %d bytes, %v, %v; want %d", len(p), fits, err, len(prefix+test.want))
				}
				if (m.Type() == api.MessageText) != (test.data.Type() == js.TypeString) {
					t.Errorf("type %v of %v", m.Type(), test.data.Type())
				}
				if data.Type() == js.TypeObject && len(test.want) >= viewFrom && data.Get("byteLength").Int() != 0 {
					t.Error("the buffer was not detached")
				}
				wantMessage(t, s, "after")
				if e, ok := s.Next(); ok {
					t.Errorf("one more: %+v", e)
				}
			}
		})
	}
}

func wantMessage(t *testing.T, s *Socket, want string) {
	t.Helper()
	e := next(t, s)
	if e.Kind != event.Received {
		t.Fatalf("%+v, want a message", e)
	}
	if p, fits, err := e.Message.AppendTo(nil, -1); string(p) != want || !fits || err != nil {
		t.Errorf("a message of %d bytes, %v, %v; want %d", len(p), fits, err, len(want))
	}
}

// Messages of all kinds of sizes in random order, more than fit into the glue's
// memory and into its queue's initial size.
func TestManyMessages(t *testing.T) {
	s, f := dialFake(t)
	random := rand.New(rand.NewPCG(1, 2))
	sizes := []int{0, 1, 100, glue.SmallSize - 1, glue.SmallSize, glue.SmallSize + 1, 10 * glue.SmallSize}
	for range 20 {
		var want []string
		for range random.IntN(200) {
			p := []byte(strings.Repeat(string(rune('a'+random.IntN(26))), sizes[random.IntN(len(sizes))]))
			if random.IntN(2) == 0 {
				f.message(string(p))
			} else {
				f.message(arrayBuffer(p))
			}
			want = append(want, string(p))
		}
		for _, p := range want {
			wantMessage(t, s, p)
		}
		if e, ok := s.Next(); ok {
			t.Fatalf("one more: %+v", e)
		}
	}
}

// A Blob, which binaryType excludes, or anything else is an error, not a panic.
func TestMessageUnreadable(t *testing.T) {
	s, f := dialFake(t)
	for _, data := range []js.Value{js.Global().Get("Object").New(), js.Global().Get("Blob").New()} {
		f.message(data)
		m := next(t, s).Message
		if p, _, err := m.AppendTo([]byte("x"), -1); err == nil || string(p) != "x" {
			t.Errorf("AppendTo of %v = %q, %v", data, p, err)
		}
	}
}

// Slots of large messages are reused. Forget drops the messages; later ones are
// kept as before.
func TestForget(t *testing.T) {
	s, f := dialFake(t)
	large := strings.Repeat("x", glue.SmallSize+1)
	for range 3 {
		f.message(large)
		f.message(arrayBuffer([]byte(large)))
	}
	m := next(t, s).Message.(*Message)
	wantMessage(t, s, large)
	first := m.slot
	m.AppendTo(nil, -1)
	dropped := []event.Message{next(t, s).Message, next(t, s).Message, next(t, s).Message, next(t, s).Message}
	drainAll(s)
	f.message(large)
	if again := next(t, s).Message.(*Message); again.slot != first {
		t.Errorf("kept in slot %d, want %d, which is free", again.slot, first)
	}
	s.Forget()
	for i, m := range dropped {
		if p, _, err := m.AppendTo(nil, -1); err == nil || p != nil {
			t.Errorf("message %d after Forget: %d bytes, %v", i, len(p), err)
		}
	}
	drainAll(s)
	f.message(large)
	wantMessage(t, s, large)
}
