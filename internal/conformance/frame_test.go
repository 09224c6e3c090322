package conformance

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// The examples of RFC 6455 section 5.7, and frames that break the rules.
func TestFrameVectors(t *testing.T) {
	key := [4]byte{0x37, 0xFA, 0x21, 0x3D}
	for _, tt := range []struct {
		name   string
		f      Frame
		masked bool
		want   string // the beginning, in hexadecimal
	}{
		{"unmasked text", text("Hello"), false, "810548656c6c6f"},
		{"masked text", text("Hello"), true, "818537fa213d7f9f4d5158"},
		{"first fragment", text("Hel").more(), false, "010348656c"},
		{"last fragment", rest("lo"), false, "80026c6f"},
		{"ping", ping("Hello"), false, "890548656c6c6f"},
		{"masked pong", pong("Hello"), true, "8a8537fa213d7f9f4d5158"},
		{"256 bytes", message(OpBinary, 256, 0), false, "827e0100"},
		{"65,536 bytes", message(OpBinary, 65536, 0), false, "827f0000000000010000"},
		{"close", closing(1000, "bye"), false, "880503e8627965"},
		{"empty close", empty, true, "888037fa213d"},
		{"reserved bits", text("").rsv(RSV1 | RSV3), false, "d100"},
		{"a wide length", text("a").wide(2), false, "817e000161"},
		{"a wider length", text("a").wide(8), false, "817f000000000000000161"},
		{"an announcement", text("").announcing(1 << 63), false, "817f8000000000000000"},
		{"a flipped mask", Frame{Fin: true, Op: OpText, Flip: true}, false, "818037fa213d"},
	} {
		wire := tt.f.append(nil, tt.masked, key)
		if got := hex.EncodeToString(wire[:min(len(wire), len(tt.want)/2)]); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.name, got, tt.want)
		}
		if tt.f.Width != 0 {
			continue
		}
		got, masked, err := readFrame(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil || !same(got, tt.f) || got.Fin != tt.f.Fin || masked != (tt.masked != tt.f.Flip) {
			t.Errorf("%s is read as %v, masked %v, %v", tt.name, got, masked, err)
		}
		for n := range len(wire[:min(len(wire), 20)]) {
			_, _, err := readFrame(bufio.NewReader(bytes.NewReader(wire[:n])))
			if want := io.ErrUnexpectedEOF; n > 1 && err != want || n == 0 && err != io.EOF || err == nil {
				t.Errorf("%s cut to %d bytes is read with %v", tt.name, n, err)
			}
		}
	}
}

// A target that takes the long way to say a length is to be caught.
func TestReadFrameWantsShortestLength(t *testing.T) {
	for _, wire := range []string{"\x81\x7E\x00\x7D", "\x81\x7F\x00\x00\x00\x00\x00\x00\xFF\xFF", "\x81\x7F\x80\x00\x00\x00\x00\x00\x00\x00"} {
		if _, _, err := readFrame(bufio.NewReader(strings.NewReader(wire + strings.Repeat("p", 1<<16)))); err == nil {
			t.Errorf("[% x...] was read", wire)
		}
	}
}

func TestFragments(t *testing.T) {
	for _, size := range []int{1, 2, 5, 6, 100} {
		var whole []byte
		all := binaryOf("twelve bytes").rsv(RSV1).fragments(size)
		for i, f := range all {
			if first := i == 0; f.Fin != (i == len(all)-1) || first != (f.Op == OpBinary) || first != (f.RSV == RSV1) {
				t.Errorf("fragment %d of %d is %v", i, len(all), f)
			}
			whole = append(whole, f.Payload...)
		}
		if string(whole) != "twelve bytes" {
			t.Errorf("fragments of %d make up %q", size, whole)
		}
	}
}

// The tables of text are held to the standard library, and the model of the
// first bad byte to what it means.
func TestTexts(t *testing.T) {
	for _, s := range validText() {
		if !utf8.ValidString(s.text) || firstBad([]byte(s.text)) != len(s.text) {
			t.Errorf("%s is not valid", s.name)
		}
	}
	for _, s := range append(invalidText(), strayBytes()...) {
		p := []byte(around(s.text))
		bad := firstBad(p)
		if utf8.Valid(p) || bad == len(p) {
			t.Errorf("%s is valid", s.name)
			continue
		}
		if !completes(p[:bad]) || completes(p[:bad+1]) {
			t.Errorf("%s: byte %d of [% x] is not the first bad one", s.name, bad, p)
		}
	}
	for _, s := range brokenOff() {
		if utf8.ValidString(s.text) || !completes([]byte(s.text)) {
			t.Errorf("%s is whole, or beyond repair", s.name)
		}
	}
	for _, typ := range types {
		for n := range 100 {
			m := message(typ.op, n*7, n)
			if len(m.Payload) != n*7 || typ.op == OpText && !utf8.Valid(m.Payload) {
				t.Errorf("%s %d of %d bytes is [% x]", typ.name, n, n*7, m.Payload)
			}
		}
	}
}

// completes reports whether up to three more bytes make p UTF-8. It tries them.
func completes(p []byte) bool {
	tries := []byte{0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF}
	for longer := [][]byte{p}; len(longer[0]) <= len(p)+3; {
		var next [][]byte
		for _, q := range longer {
			if utf8.Valid(q) {
				return true
			}
			for _, b := range tries {
				next = append(next, append(q[:len(q):len(q)], b))
			}
		}
		longer = next
	}
	return false
}
