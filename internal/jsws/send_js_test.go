//go:build js && wasm

package jsws

import (
	"errors"
	"strings"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/glue"
)

// TestSend sends messages of lengths up to the memory's size, and larger ones.
func TestSend(t *testing.T) {
	s, f := dialFake(t)
	lengths := []int{0, 1, 1, 125, 126, 125, 1024, 65535, 65536, 2, glue.MemorySize, glue.MemorySize + 1, 3, 0}
	for i, n := range lengths {
		p := strings.Repeat(string(rune('a'+i)), n)
		for _, typ := range []api.MessageType{api.MessageBinary, api.MessageText, api.MessageText, api.MessageBinary} {
			f.sent = nil
			if err := s.Send(typ, []byte(p)); err != nil {
				t.Fatalf("Send of %d bytes: %v", n, err)
			}
			got, isText := f.sent[0], f.sent[0].Type() == js.TypeString
			if isText != (typ == api.MessageText) {
				t.Fatalf("%d bytes of %v were sent as %v", n, typ, got.Type())
			}
			if isText && utf8(got) != p || !isText && bytesOf(got) != p {
				t.Fatalf("%d bytes of %v arrived as something else", n, typ)
			}
		}
	}
}

// The runtime's own decoder of Go strings drops a leading U+FEFF.
func TestSendTextIsExact(t *testing.T) {
	s, f := dialFake(t)
	for _, text := range []string{"\ufeff", "\ufeffa", "a\ufeff", "aä€😀", "\x00", "\ufffd", strings.Repeat("\ufeff€", glue.MemorySize/6+1)} {
		f.sent = nil
		if err := s.Send(api.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := utf8(f.sent[0]); got != text {
			t.Errorf("sent %d bytes of %q..., want %d", len(got), got[:min(9, len(got))], len(text))
		}
	}
}

// A message sent from the memory does not change when the next one is copied
// there.
func TestSendDoesNotShare(t *testing.T) {
	s, f := dialFake(t)
	s.Send(api.MessageBinary, []byte("one"))
	s.Send(api.MessageText, []byte("two"))
	if got := bytesOf(f.sent[0]) + utf8(f.sent[1]); got != "onetwo" {
		t.Errorf("sent %q", got)
	}
}

func TestSendThrows(t *testing.T) {
	tests := []struct {
		name      string
		send      js.Value // a built-in function that does what the case needs
		bad, good string
		exception string
		foreign   bool
	}{
		{"send throws", js.Global().Get("JSON").Get("parse"), "x", "1", "SyntaxError", false},
		{"send of a foreign class throws", js.Global().Get("JSON").Get("parse"), "x", "1", "SyntaxError", true},
		{"a large message, send throws", js.Global().Get("JSON").Get("parse"), strings.Repeat("x", glue.MemorySize+1), "1", "SyntaxError", false},
		{"text that is not UTF-8", js.Global().Get("String"), "a\xff", "ab", "TypeError", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, f := dialFake(t)
			f.target.Set("send", test.send)
			s, err := New("ws://example.com", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Release()
			if !s.foreign {
				t.Error("send is treated as the platform's own")
			}
			s.foreign = test.foreign
			err = s.Send(api.MessageText, []byte(test.bad))
			if e, ok := errors.AsType[*Exception](err); !ok || e.Name != test.exception {
				t.Errorf("Send = %v, want a %s", err, test.exception)
			}
			if err := s.Send(api.MessageText, []byte(test.good)); err != nil {
				t.Errorf("Send after it has thrown = %v", err)
			}
		})
	}
}

// Sent messages do not stay in memory: neither those sent from the glue's
// memory nor the buffers of large ones make JavaScript's heap grow, whose size
// includes buffers.
func TestSendKeepsNothing(t *testing.T) {
	_, f := dialFake(t)
	f.target.Set("send", js.Global().Get("Object")) // accepts anything, keeps nothing
	s, err := New("ws://example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	s.foreign = false
	heap := func() int {
		m := js.Global().Get("performance").Get("memory")
		if m.IsUndefined() {
			t.Fatal("this test needs performance.memory: run it in Chrome")
		}
		return m.Get("usedJSHeapSize").Int()
	}
	for _, n := range []int{glue.MemorySize, glue.MemorySize + 1} {
		p := make([]byte, n)
		before := heap()
		for range 500 {
			if err := s.Send(api.MessageBinary, p); err != nil {
				t.Fatal(err)
			}
		}
		grown := heap() - before
		if grown > 64<<20 {
			t.Errorf("500 messages of %d bytes made the heap %d MiB larger, want 64 at most", n, grown>>20)
		}
		t.Logf("500 messages of %d bytes made the heap %d KiB larger", n, grown>>10)
	}
}

// ECMAScript section 20.2.3.5, Function.prototype.toString: by its source text
// the platform's own send is recognized, which copies its argument.
func TestForeignSend(t *testing.T) {
	for source, want := range map[string]bool{
		"function send() { [native code] }":                     false, // V8
		"function send() {\n    [native code]\n}":               false, // SpiderMonkey, JavaScriptCore
		"function () { [native code] }":                         true,  // bound, or a Proxy
		"function send(data) { this.queue.push(data) }":         true,
		"send(data) { this.inner.send(data) }":                  true,
		"(data) => queue.push(data)":                            true,
		"async send() { await this.open; /* [native code] */ }": true,
	} {
		for _, getter := range []string{"function get readyState() { [native code] }", "function get readyState() {\n    [native code]\n}"} {
			if got := !builtin(getter + source); got != want {
				t.Errorf("%q: foreign %v, want %v", source, got, want)
			}
		}
		if builtin("get readyState() { return 1 }" + source) {
			t.Errorf("a getter other than the platform's beside %q is not foreign", source)
		}
	}
	s, err := New("ws://127.0.0.1:65534/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	defer s.HangUp()
	if s.foreign {
		t.Error("the platform's own send is foreign")
	}
}
