//go:build js && wasm

package jsws

import (
	"strings"
	"syscall/js"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/glue"
)

// A prepared message is one object, which every Socket sends.
func TestSendPrepared(t *testing.T) {
	for _, text := range []string{"", "a", "\ufeffa\u00e9\u4e16\U0001F30D", strings.Repeat("x", glue.MemorySize+1)} {
		for _, typ := range []api.MessageType{api.MessageText, api.MessageBinary} {
			m, err := Prepare(typ, []byte(text))
			if err != nil || m.Size() != len(text) {
				t.Fatalf("Prepare of %d bytes: %v", len(text), err)
			}
			for range 2 {
				s, f := dialFake(t)
				for range 2 {
					if err := s.SendPrepared(m); err != nil {
						t.Fatal(err)
					}
				}
				for _, got := range f.sent {
					isText := got.Type() == js.TypeString
					if isText != (typ == api.MessageText) || isText && utf8(got) != text || !isText && bytesOf(got) != text {
						t.Errorf("%d bytes of %v were sent as %v, which is something else", len(text), typ, got.Type())
					}
				}
				if len(f.sent) != 2 {
					t.Errorf("%d messages were sent, want 2", len(f.sent))
				}
			}
		}
	}
}

// Exceptions are returned as errors: of text that is not UTF-8, and of send.
func TestPreparedThrows(t *testing.T) {
	if m, err := Prepare(api.MessageText, []byte("a\xff")); m != nil || err == nil {
		t.Errorf("Prepare of what is not UTF-8 = %v, %v", m, err)
	}
	m, err := Prepare(api.MessageText, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	_, f := dialFake(t)
	f.target.Set("send", js.Global().Get("JSON").Get("parse"))
	s, err := New("ws://example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release()
	if err := s.SendPrepared(m); err == nil {
		t.Error("SendPrepared, while send throws: no error")
	}
}
