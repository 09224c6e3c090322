package engine

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/deflate"
)

// everyDeflate are ways in which two sides may have agreed to compress, and
// nil.
var everyDeflate = []struct {
	name string
	d    *Deflate
}{
	{"uncompressed", nil},
	{"15 bits, takeover", agreed()},
	{"9 bits, no takeover", &Deflate{Threshold: 1, SendBits: 9, ReceiveBits: 9}},
	{"level 9, 13 bits, takeover", &Deflate{Level: 9, Threshold: 100, SendBits: 13, ReceiveBits: 13, SendTakeover: true, ReceiveTakeover: true}},
}

// preparedTexts are messages under and over the thresholds, some of which
// shrink.
var preparedTexts = []string{"", "short", strings.Repeat("prepared once, ", 20), strings.Repeat("sent to many, ", 20_000)}

// One message goes to connections of both roles and of all agreements, between
// messages of their own that refer to it or to which it must not refer.
func TestPrepared(t *testing.T) {
	for _, text := range preparedTexts {
		m := Prepare(api.MessageText, []byte(text))
		for _, way := range everyDeflate {
			for _, client := range []bool{true, false} {
				bubble(t, way.name+"/"+role(client), func(t *testing.T) {
					s, p := newLink()
					a, b := New(s, Config{Client: client, Deflate: way.d}), New(p, Config{Client: !client, Deflate: way.d, ReadLimit: 1 << 20})
					wait := start(func() error {
						own := []byte(text + "and more of " + text)
						return errors.Join(a.Write(background, api.MessageText, own), a.WritePrepared(background, m),
							a.Write(background, api.MessageText, own), a.WritePrepared(background, m), a.Close(1000, ""))
					})
					own := text + "and more of " + text
					for i, want := range []string{own, text, own, text} {
						typ, got, err := b.ReadAppend(background, nil)
						if err != nil || typ != api.MessageText || string(got) != want {
							t.Fatalf("message %d: %v, %s, %v; want %s", i, typ, brief(got), err, brief([]byte(want)))
						}
					}
					b.ReadAppend(background, nil)
					if err := wait(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// What a server sends is the frame that Write would send, byte for byte, where
// nothing was said before.
func TestPreparedAsWritten(t *testing.T) {
	for _, text := range preparedTexts {
		for _, way := range everyDeflate {
			sent := func(write func(c *Conn) error) []byte {
				s := &tape{}
				if err := write(New(s, Config{Deflate: way.d})); err != nil {
					t.Fatal(err)
				}
				return s.written()
			}
			m := Prepare(api.MessageText, []byte(text))
			got := sent(func(c *Conn) error { return c.WritePrepared(background, m) })
			want := sent(func(c *Conn) error { return c.Write(background, api.MessageText, []byte(text)) })
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %s: sent %s, want %s", len(text), way.name, brief(got), brief(want))
			}
		}
	}
}

// A message is compressed once for all connections that agreed on the same.
func TestPreparedIsCompressedOnce(t *testing.T) {
	m := Prepare(api.MessageText, []byte(preparedTexts[2]))
	for range 3 {
		for _, way := range everyDeflate {
			if err := New(&tape{}, Config{Deflate: way.d}).WritePrepared(background, m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(m.zipped) != 3 {
		t.Errorf("%d compressed forms were made, want 3", len(m.zipped))
	}
	for way, z := range m.zipped {
		want := deflate.NewCompressor(way.level, way.bits, false).Append(nil, m.payload)
		if !bytes.Equal(z.payload, want) || !bytes.HasSuffix(z.frame.mem, want) {
			t.Errorf("%+v: %s, want %s", way, brief(z.payload), brief(want))
		}
	}
}

// An ended context leaves the connection and the message as they were.
func TestPreparedInterrupted(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		m := Prepare(api.MessageBinary, []byte("later"))
		ended, cancel := context.WithCancel(background)
		cancel()
		if err := r.c.WritePrepared(ended, m); err != context.Canceled {
			r.Fatalf("WritePrepared = %v, want context.Canceled", err)
		}
		r.s.limit(0)
		ctx, cancel := context.WithCancel(background)
		wait := start(func() error { return r.c.WritePrepared(ctx, m) })
		synctest.Wait()
		cancel()
		if err := wait(); err != context.Canceled {
			r.Fatalf("WritePrepared = %v, want context.Canceled", err)
		}
		r.s.limit(-1)
		if n := r.c.BufferedAmount(); n != 0 {
			r.Errorf("BufferedAmount = %d, want 0", n)
		}
		if err := r.c.WritePrepared(background, m); err != nil {
			r.Fatal(err)
		}
		if _, p := r.next(); string(p) != "later" {
			r.Errorf("sent %q", p)
		}
	})
}

// After the end every connection says why, and the message is good for others.
func TestPreparedAfterTheEnd(t *testing.T) {
	m := Prepare(api.MessageBinary, []byte("x"))
	bothRoles(t, Config{}, func(r *rig) {
		r.c.CloseNow()
		if err := r.c.WritePrepared(background, m); !errors.Is(err, api.ErrClosed) {
			r.Errorf("WritePrepared = %v, want ErrClosed", err)
		}
	})
}

// sink is a stream that takes everything.
type sink struct{ *tape }

func (sink) Write(p []byte) (int, error) { return len(p), nil }

// A server sends a prepared message with no allocation and no copy.
func TestPreparedAllocations(t *testing.T) {
	if raced() {
		t.Log("the race detector loses pooled memory: not counted")
		return
	}
	for _, way := range everyDeflate {
		m := Prepare(api.MessageText, []byte(preparedTexts[2]))
		c := New(sink{new(tape)}, Config{Deflate: way.d})
		if n := testing.AllocsPerRun(100, func() { c.WritePrepared(background, m) }); n != 0 {
			t.Errorf("%s: %v allocations, want none", way.name, n)
		}
	}
}

// BenchmarkPrepared sends to one connection of many, beside Write.
func BenchmarkPrepared(b *testing.B) {
	p := []byte(strings.Repeat("prepared once, ", 35))
	for _, way := range everyDeflate {
		m, c := Prepare(api.MessageText, p), New(sink{new(tape)}, Config{Deflate: way.d})
		b.Run(way.name+"/WritePrepared", func(b *testing.B) {
			for b.Loop() {
				c.WritePrepared(background, m)
			}
		})
		b.Run(way.name+"/Write", func(b *testing.B) {
			for b.Loop() {
				c.Write(background, api.MessageText, p)
			}
		})
	}
}
