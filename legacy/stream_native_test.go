//go:build !js

package legacy

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// wire is a connection whose input is given, and whose output is kept, of at
// most room bytes in all.
type wire struct {
	net.Conn
	in     io.Reader
	out    []byte
	room   int
	writes int
}

func (w *wire) Read(p []byte) (int, error) { return w.in.Read(p) }

func (w *wire) Write(p []byte) (int, error) {
	w.writes++
	n := min(len(p), max(w.room-len(w.out), 0))
	w.out = append(w.out, p[:n]...)
	if n < len(p) {
		return n, os.ErrDeadlineExceeded
	}
	return n, nil
}

func (w *wire) Close() error { return nil }

// masked is a frame as the engine reads it: masked with zeros.
func masked(op frame.Opcode, fin bool, payload string) string {
	h := frame.Header{Fin: fin, Opcode: op, Masked: true, Length: int64(len(payload))}
	return string(frame.AppendHeader(nil, h)) + payload
}

func text(s string) string { return masked(frame.OpText, true, s) }

// golden are bytes on the wire and what they mean (hixie-76 sections 4.2 and
// 6): the messages, and whether the peer closes. in75 is what hixie-75 makes of
// it, if that is something else.
var golden = []struct {
	name, wire string
	messages   []string
	closes     bool
	in75       []string
}{
	{name: "nothing"},
	{name: "an empty message", wire: "\x00\xff", messages: []string{""}},
	{name: "hello", wire: "\x00hello\xff", messages: []string{"hello"}},
	{name: "two messages", wire: "\x00a\xff\x00b\xff", messages: []string{"a", "b"}},
	{name: "UTF-8 of every length", wire: "\x00aé水🌊\xff", messages: []string{"aé水🌊"}},
	{name: "NUL is a character", wire: "\x00\x00\x00\xff", messages: []string{"\x00\x00"}},
	{name: "a type without its high bit is discarded", wire: "\x01abc\xff\x7f\xff\x00a\xff", messages: []string{"a"}},
	{name: "a type with its high bit has a length, and is discarded", wire: "\x80\x03\x00\xff\x00\x00a\xff", messages: []string{"a"}},
	{name: "an empty one", wire: "\x80\x00\x00a\xff", messages: []string{"a"}},
	{name: "a length of two bytes", wire: "\x90\x81\x01" + strings.Repeat("\xff", 129) + "\x00a\xff", messages: []string{"a"}},
	{name: "a length with leading zeros", wire: "\xa0\x80\x80\x02xx\x00a\xff", messages: []string{"a"}},
	{name: "type FF with a length", wire: "\xff\x02\x00x\x00a\xff", messages: []string{"a"}},
	{name: "the closing frame", wire: "\x00a\xff\xff\x00\x00b\xff", messages: []string{"a"}, closes: true, in75: []string{"a", "b"}},
	{name: "the closing frame, its length in two bytes", wire: "\xff\x80\x00", closes: true},
}

// read reads all that s translates, and joins the fragments of a message.
func readAll(t *testing.T, s io.Reader) (messages []string, closes bool, err error) {
	t.Helper()
	p, err := io.ReadAll(s)
	rules := frame.Rules{Masked: true}
	for open := false; len(p) > 0; {
		h, n, bad := frame.ParseHeader(p)
		if bad != nil || int64(len(p)-n) < h.Length || h.Key != [4]byte{} {
			t.Fatalf("%x is no frame: %v", p, bad)
		}
		if broken := rules.Check(h); broken != nil {
			t.Fatal(broken)
		}
		payload := string(p[n : n+int(h.Length)])
		p = p[n+int(h.Length):]
		switch {
		case h.Opcode == frame.OpClose:
			return messages, true, err
		case open:
			messages[len(messages)-1] += payload
		default:
			messages = append(messages, payload)
		}
		if open = !h.Fin; open && len(p) == 0 {
			messages = messages[:len(messages)-1] // half a message is none
		}
	}
	return messages, closes, err
}

func equal(a, b []string) bool {
	return strings.Join(a, "\xff")+"." == strings.Join(b, "\xff")+"." && len(a) == len(b)
}

func TestGoldenInput(t *testing.T) {
	for _, g := range golden {
		for _, draft := range []frame.Version{frame.Hixie75, frame.Hixie76} {
			want, closes := g.messages, g.closes
			if draft == frame.Hixie75 && g.closes {
				want, closes = g.in75, false
			}
			for name, in := range map[string]io.Reader{
				"at once":      strings.NewReader(g.wire),
				"byte by byte": iotest.OneByteReader(strings.NewReader(g.wire)),
			} {
				got, closed, err := readAll(t, translate(&wire{in: in}, nil, draft))
				if err != nil || !equal(got, want) || closed != closes {
					t.Errorf("%v, %s, %s: %q %v, %v; want %q %v", draft, g.name, name, got, closed, err, want, closes)
				}
			}
			got, closed, err := readAll(t, translate(&wire{in: strings.NewReader("")}, []byte(g.wire), draft))
			if err != nil || !equal(got, want) || closed != closes {
				t.Errorf("%v, %s, read with the head: %q %v, %v", draft, g.name, got, closed, err)
			}
		}
	}
}

// Cut at every byte, input is what has arrived whole, and never more.
func TestTruncatedInput(t *testing.T) {
	for _, g := range golden {
		for i := range len(g.wire) {
			got, closed, err := readAll(t, translate(&wire{in: strings.NewReader(g.wire[:i])}, nil, frame.Hixie76))
			if err != nil || len(got) > len(g.messages) || !equal(got, g.messages[:len(got)]) || closed && !g.closes {
				t.Errorf("%s, %d bytes: %q %v, %v", g.name, i, got, closed, err)
			}
		}
	}
}

// Length bytes without end fail the connection after nine, whatever the type;
// what came before is delivered.
func TestLengthWithoutEnd(t *testing.T) {
	for _, typ := range []string{"\x80", "\xff", "\xc3"} {
		for _, digit := range []string{"\x80", "\x81", "\xff"} {
			in := io.MultiReader(strings.NewReader("\x00a\xff"+typ), io.LimitReader(endless{digit[0]}, 1<<20))
			got, _, err := readAll(t, translate(&wire{in: in}, nil, frame.Hixie76))
			broken, ok := errors.AsType[*api.ProtocolError](err)
			if !ok || !strings.Contains(broken.Rule, "4.2") || !equal(got, []string{"a"}) {
				t.Errorf("%x %x...: %q, %v", typ, digit, got, err)
			}
		}
	}
	const most = "\xff\xff\xff\xff\xff\xff\xff\xff\x7f" // 2^63-1
	s := translate(&wire{in: io.MultiReader(strings.NewReader("\x80"+most), io.LimitReader(endless{0xff}, 10<<20))}, nil, frame.Hixie76)
	if got, _, err := readAll(t, s); err != nil || len(got) > 0 {
		t.Errorf("the largest length: %q, %v", got, err)
	}
}

// endless is one byte without end.
type endless struct{ b byte }

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.b
	}
	return len(p), nil
}

// Frames that never end, and floods of small ones, take no memory.
func TestNothingGrows(t *testing.T) {
	for name, in := range map[string]string{
		"a text without end":       "\x00" + strings.Repeat("a", 1<<20),
		"a type to discard":        "\x01" + strings.Repeat("a", 1<<20),
		"empty messages":           strings.Repeat("\x00\xff", 1<<19),
		"frames that mean nothing": strings.Repeat("\x80\x00", 1<<19),
	} {
		s := translate(&wire{in: strings.NewReader(in)}, nil, frame.Hixie76).(*stream)
		if _, err := io.Copy(io.Discard, s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if room := cap(s.out) + cap(s.raw); room > 64<<10 {
			t.Errorf("%s: %d bytes are kept", name, room)
		}
	}
}

// sent are frames of the engine and what they become.
func sent(op frame.Opcode, payload string) string {
	h := frame.Header{Fin: true, Opcode: op, Length: int64(len(payload))}
	return string(frame.AppendHeader(nil, h)) + payload
}

var goldenOutput = []struct{ name, frames, wire, in75 string }{
	{"an empty message", sent(frame.OpText, ""), "\x00\xff", "\x00\xff"},
	{"hello", sent(frame.OpText, "hello"), "\x00hello\xff", "\x00hello\xff"},
	{"several", sent(frame.OpText, "a") + sent(frame.OpText, "bc"), "\x00a\xff\x00bc\xff", "\x00a\xff\x00bc\xff"},
	{"a long one", sent(frame.OpText, strings.Repeat("x", 70_000)), "\x00" + strings.Repeat("x", 70_000) + "\xff", "\x00" + strings.Repeat("x", 70_000) + "\xff"},
	{"a close frame", sent(frame.OpText, "a") + sent(frame.OpClose, ""), "\x00a\xff\xff\x00", "\x00a\xff"},
	{"a close frame with a code", sent(frame.OpClose, "\x03\xe8bye"), "\xff\x00", ""},
	{"pings and pongs", sent(frame.OpPing, "") + sent(frame.OpPong, "x") + sent(frame.OpText, "a"), "\x00a\xff", "\x00a\xff"},
}

func TestGoldenOutput(t *testing.T) {
	for _, g := range goldenOutput {
		for draft, want := range map[frame.Version]string{frame.Hixie75: g.in75, frame.Hixie76: g.wire} {
			for _, cut := range []int{len(g.frames), 1, 2, 3, 7} {
				w := &wire{room: 1 << 20}
				s := translate(w, nil, draft)
				for rest := g.frames; len(rest) > 0; {
					p := rest[:min(cut, len(rest))]
					if n, err := s.Write([]byte(p)); n != len(p) || err != nil {
						t.Fatalf("%s: %d, %v", g.name, n, err)
					}
					rest = rest[len(p):]
				}
				if string(w.out) != want {
					t.Errorf("%v, %s, %d at a time: %.40q, want %.40q", draft, g.name, cut, w.out, want)
				}
				if cut == len(g.frames) && w.writes > 1 {
					t.Errorf("%s: %d writes", g.name, w.writes)
				}
			}
		}
	}
}

// A write that is cut off says how much was sent, and goes on from there,
// wherever it was cut: no byte is lost, none is sent twice. What says 0 has
// sent nothing.
func TestCutOffOutput(t *testing.T) {
	for _, g := range goldenOutput {
		if len(g.wire) > 1000 {
			continue
		}
		for room := range len(g.wire) + 1 {
			for again := range len(g.wire) - room + 1 {
				w := &wire{room: room}
				s := translate(w, nil, frame.Hixie76)
				p, sum := []byte(g.frames), 0
				for i := 0; len(p) > 0; i++ {
					n, err := s.Write(p)
					if sum+n == 0 && len(w.out) > 0 {
						t.Fatalf("%s: %d bytes were sent, and none reported", g.name, len(w.out))
					}
					if (err == nil) != (n == len(p)) {
						t.Fatalf("%s: %d of %d, %v", g.name, n, len(p), err)
					}
					p, sum = p[n:], sum+n
					if w.room = room + again; i > 0 {
						w.room = 1 << 20
					}
				}
				if string(w.out) != g.wire || sum != len(g.frames) {
					t.Fatalf("%s, cut at %d and %d: %q, want %q", g.name, room, room+again, w.out, g.wire)
				}
			}
		}
	}
}

// Whatever arrives becomes valid frames, the same however it is cut.
func FuzzInput(f *testing.F) {
	for _, g := range golden {
		f.Add([]byte(g.wire), uint8(3), true)
	}
	f.Add([]byte("\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff"), uint8(1), false)
	f.Fuzz(func(t *testing.T, in []byte, cut uint8, in76 bool) {
		draft := frame.Hixie75
		if in76 {
			draft = frame.Hixie76
		}
		a, closesA, errA := readAll(t, translate(&wire{in: bytes.NewReader(in)}, nil, draft))
		b, closesB, errB := readAll(t, translate(&wire{in: &chopped{in, int(cut) + 1}}, nil, draft))
		if !equal(a, b) || closesA != closesB || (errA == nil) != (errB == nil) {
			t.Errorf("%s: %q %v %v, and chopped %q %v %v", hex.EncodeToString(in), a, closesA, errA, b, closesB, errB)
		}
	})
}

// chopped returns at most n bytes at a time.
type chopped struct {
	p []byte
	n int
}

func (c *chopped) Read(p []byte) (int, error) {
	if len(c.p) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.n)], c.p)
	c.p = c.p[n:]
	return n, nil
}

// What one side sends the other receives, whatever is cut off on the way.
func FuzzOutput(f *testing.F) {
	f.Add("hello", "", uint64(1))
	f.Add(strings.Repeat("水", 300), "\x00", uint64(2))
	f.Fuzz(func(t *testing.T, a, b string, seed uint64) {
		if !frame.ValidUTF8([]byte(a)) || !frame.ValidUTF8([]byte(b)) || len(a)+len(b) > 2000 {
			return // a long one takes many writes of few bytes
		}
		random := rand.New(rand.NewPCG(seed, 0))
		w := &wire{}
		s := translate(w, nil, frame.Hixie76)
		for p := []byte(sent(frame.OpText, a) + sent(frame.OpText, b) + sent(frame.OpClose, "")); len(p) > 0; {
			w.room = len(w.out) + random.IntN(20)
			n, err := s.Write(p)
			if err == nil && n < len(p) {
				t.Fatalf("%d of %d, nil", n, len(p))
			}
			p = p[n:]
		}
		got, closes, err := readAll(t, translate(&wire{in: bytes.NewReader(w.out)}, nil, frame.Hixie76))
		if err != nil || !closes || !equal(got, []string{a, b}) {
			t.Errorf("%q %v, %v; want %q and the close", got, closes, err, []string{a, b})
		}
	})
}

func TestHelpers(t *testing.T) {
	if got := text("a"); hex.EncodeToString([]byte(got)) != "81810000000061" {
		t.Errorf("%x", got)
	}
}
