package ws

import (
	"context"
	"errors"
	"testing"
)

// What cannot be prepared says why, and what was not prepared is not sent.
func TestPrepareChecksArguments(t *testing.T) {
	for _, c := range []struct {
		why, argument string
		typ           MessageType
		p             string
	}{
		{"RFC 6455 section 8.1: text is UTF-8", "p", MessageText, "a\xff"},
		{"RFC 6455 section 5.6: text or binary", "typ", 0, "x"},
		{"RFC 6455 section 5.6: not a control frame", "typ", 9, "x"},
	} {
		m, err := Prepare(c.typ, []byte(c.p))
		if e, ok := errors.AsType[*ArgumentError](err); m != nil || !ok || e.Name != c.argument {
			t.Errorf("%s: Prepare = %v, %v; want an *ArgumentError about %s", c.why, m, err, c.argument)
		}
	}
	f := &fake{}
	c := &Conn{b: f}
	for _, m := range []*PreparedMessage{nil, {}} {
		if e, ok := errors.AsType[*ArgumentError](c.WritePrepared(context.Background(), m)); !ok || e.Name != "m" {
			t.Errorf("WritePrepared(%v): %v, want an *ArgumentError about m", m, e)
		}
	}
	m, err := Prepare(MessageText, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var none context.Context
	if e, ok := errors.AsType[*ArgumentError](c.WritePrepared(none, m)); !ok || e.Name != "ctx" {
		t.Errorf("WritePrepared without a context: %v", e)
	}
	if len(f.calls) != 0 {
		t.Errorf("the backend was called: %q", f.calls)
	}
	f.err = ErrClosed
	if err := c.WritePrepared(context.Background(), m); !errors.Is(err, ErrClosed) || len(f.calls) != 1 {
		t.Errorf("WritePrepared = %v after %q, want the backend's error", err, f.calls)
	}
}
