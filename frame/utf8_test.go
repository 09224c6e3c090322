package frame_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/twinws/ws/frame"
)

// openings returns all beginnings of characters that are not whole yet, made
// from the encodings of all of them.
var openings = sync.OnceValue(func() map[string]bool {
	open := make(map[string]bool)
	for r := rune(0x80); r <= utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		var enc [utf8.UTFMax]byte
		n := utf8.EncodeRune(enc[:], r)
		for i := 1; i < n; i++ {
			open[string(enc[:i])] = true
		}
	}
	return open
})

// badAt returns the index of the first byte of p after which no text can
// become UTF-8, or -1.
func badAt(p []byte) int {
	for i := 0; i < len(p); {
		if r, size := utf8.DecodeRune(p[i:]); r != utf8.RuneError || size > 1 {
			i += size
			continue
		}
		for j := i + 1; j <= len(p); j++ {
			if !openings()[string(p[i:j])] {
				return j - 1
			}
		}
		return -1
	}
	return -1
}

// writeChopped writes p in pieces of the given sizes, over and over, and holds
// every answer against badAt and unicode/utf8.
func writeChopped(t *testing.T, p []byte, sizes ...int) {
	t.Helper()
	var u frame.UTF8
	bad := badAt(p)
	for end, i := 0, 0; end < len(p); i++ {
		start := end
		end = min(len(p), end+sizes[i%len(sizes)])
		if got, want := u.Write(p[start:end]), bad < 0 || end <= bad; got != want {
			t.Fatalf("% x in pieces of %v: Write of bytes %d to %d = %v, want %v (first bad byte: %d)",
				p, sizes, start, end, got, want, bad)
		}
		if got, want := u.Done(), utf8.Valid(p[:end]); got != want {
			t.Fatalf("% x in pieces of %v: Done after byte %d = %v, want %v", p, sizes, end, got, want)
		}
	}
}

// utf8Texts has every class of RFC 3629 section 4. bad is the index of the
// first byte that cannot be, -1 for none; done says that the text is whole.
var utf8Texts = []struct {
	why  string
	text string
	bad  int
	done bool
}{
	{"empty", "", -1, true},
	{"first of one byte", "\x00", -1, true},
	{"last of one byte", "\x7F", -1, true},
	{"first of two bytes", "\xC2\x80", -1, true},
	{"last of two bytes", "\xDF\xBF", -1, true},
	{"first of three bytes", "\xE0\xA0\x80", -1, true},
	{"last below the surrogates", "\xED\x9F\xBF", -1, true},
	{"first above the surrogates", "\xEE\x80\x80", -1, true},
	{"last of three bytes, a non-character", "\xEF\xBF\xBF", -1, true},
	{"U+FFFE, a non-character", "\xEF\xBF\xBE", -1, true},
	{"U+FDD0, a non-character", "\xEF\xB7\x90", -1, true},
	{"U+FFFD, the replacement character", "\xEF\xBF\xBD", -1, true},
	{"U+FEFF, a byte order mark", "\xEF\xBB\xBF", -1, true},
	{"first of four bytes", "\xF0\x90\x80\x80", -1, true},
	{"U+1FFFF, a non-character", "\xF0\x9F\xBF\xBF", -1, true},
	{"U+10FFFF, the last of all, a non-character", "\xF4\x8F\xBF\xBF", -1, true},
	{"words of several scripts", "ascii \u00e9\u00df \u043c\u0438\u0440 \u4e16\u754c \U0001F30D end", -1, true},
	{"ASCII longer than many words", strings.Repeat("0123456789", 10), -1, true},

	{"lead of two bytes alone", "\xC2", -1, false},
	{"lead of three bytes alone", "\xE1", -1, false},
	{"E0 alone", "\xE0", -1, false},
	{"ED alone", "\xED", -1, false},
	{"two bytes of three", "\xE2\x82", -1, false},
	{"lead of four bytes alone", "\xF4", -1, false},
	{"two bytes of four", "\xF0\x90", -1, false},
	{"three bytes of four", "\xF4\x8F\xBF", -1, false},
	{"text and an open end", "ends with a euro: \xE2\x82", -1, false},

	{"stray continuation, first", "\x80", 0, false},
	{"stray continuation, last", "\xBF", 0, false},
	{"stray continuation after a character", "\xC2\x80\x80", 2, false},
	{"four stray continuations", "ab\x80\x80\x80\x80", 2, false},
	{"five bytes of four", "\xF1\x80\x80\x80\x80", 4, false},
	{"missing continuation of two", "\xC2a", 1, false},
	{"missing second of three", "\xE2a", 1, false},
	{"missing third of three", "\xE2\x82a", 2, false},
	{"missing fourth of four", "\xF1\x80\x80a", 3, false},
	{"a lead where a continuation belongs", "\xE2\x82\xE2\x82\xAC", 2, false},
	{"C0, overlong", "\xC0\x80", 0, false},
	{"C1, overlong", "\xC1\xBF", 0, false},
	{"E0 80, overlong", "\xE0\x80\x80", 1, false},
	{"E0 9F, overlong", "\xE0\x9F\xBF", 1, false},
	{"F0 80, overlong", "\xF0\x80\x80\x80", 1, false},
	{"F0 8F, overlong", "\xF0\x8F\xBF\xBF", 1, false},
	{"U+D800, first surrogate", "\xED\xA0\x80", 1, false},
	{"U+DBFF, last high surrogate", "\xED\xAF\xBF", 1, false},
	{"U+DFFF, last surrogate", "\xED\xBF\xBF", 1, false},
	{"a pair of surrogates", "\xED\xA0\xBD\xED\xB8\x80", 1, false},
	{"U+110000, above the last", "\xF4\x90\x80\x80", 1, false},
	{"F4 BF, above the last", "\xF4\xBF\xBF\xBF", 1, false},
	{"F5, above the last", "\xF5\x80\x80\x80", 0, false},
	{"F8, five bytes", "\xF8\x88\x80\x80\x80", 0, false},
	{"FC, six bytes", "\xFC\x84\x80\x80\x80\x80", 0, false},
	{"FE", "\xFE", 0, false},
	{"FF", "\xFF", 0, false},
	{"a bad byte far inside ASCII", strings.Repeat("0123456789", 10) + "\xFF" + strings.Repeat("a", 50), 100, false},
}

func TestUTF8(t *testing.T) {
	for _, c := range utf8Texts {
		p := []byte(c.text)
		if got := badAt(p); got != c.bad {
			t.Errorf("%s: this test's own badAt(% x) = %d, want %d", c.why, p, got, c.bad)
		}
		var u frame.UTF8
		if ok, done := u.Write(p), u.Done(); ok != (c.bad < 0) || done != c.done {
			t.Errorf("%s: Write(% x) = %v, then Done() = %v, want %v, %v", c.why, p, ok, done, c.bad < 0, c.done)
		}
	}
}

func TestUTF8Split(t *testing.T) {
	for _, c := range utf8Texts {
		// Around each text ASCII, so that the cuts meet whole words too.
		for _, around := range []string{"", "a", "12345678", "0123456789abcdef"} {
			p := []byte(around + c.text + around)
			writeChopped(t, p, 1)
			for i := range p {
				writeChopped(t, p, max(i, 1), len(p))
			}
		}
	}
}

// TestUTF8EveryByte walks through all beginnings of characters, and at each
// tries all bytes that could follow.
func TestUTF8EveryByte(t *testing.T) {
	var walk func(u frame.UTF8, prefix []byte)
	walk = func(u frame.UTF8, prefix []byte) {
		for b := range 256 {
			text := append(prefix, byte(b))
			v := u
			ok, open, whole := v.Write(text[len(prefix):]), openings()[string(text)], utf8.Valid(text)
			if ok != (open || whole) || v.Done() != whole {
				t.Fatalf("after % x: Write(%02x) = %v, then Done() = %v, want %v, %v",
					prefix, b, ok, v.Done(), open || whole, whole)
			}
			if open {
				walk(v, text)
			}
		}
	}
	walk(frame.UTF8{}, make([]byte, 0, utf8.UTFMax))
}

func TestUTF8RandomChops(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		var p []byte
		for n := r.IntN(60); len(p) < n; {
			p = append(p, utf8Texts[r.IntN(len(utf8Texts))].text...)
			if r.IntN(8) > 0 && badAt(p) >= 0 {
				p = p[:badAt(p)] // go on mostly with good text
			}
		}
		writeChopped(t, p, 1+r.IntN(5), 1+r.IntN(20), 1+r.IntN(5), 1+r.IntN(100))
	}
}

func TestUTF8StaysBadUntilReset(t *testing.T) {
	for _, bad := range []string{"\xFF", "\xE0\x80", "good\x80good"} {
		var u frame.UTF8
		u.Write([]byte(bad))
		for _, next := range []string{"", "a", "\x80", "0123456789abcdef"} {
			if u.Write([]byte(next)) || u.Done() {
				t.Errorf("after % x and then %q the text is taken for good", bad, next)
			}
		}
		u.Reset()
		if !u.Write([]byte("good")) || !u.Done() {
			t.Errorf("after % x and Reset good text is taken for bad", bad)
		}
	}
	var u frame.UTF8
	u.Write([]byte("\xE2\x82"))
	if u.Reset(); !u.Done() || u.Write([]byte("\xAC")) {
		t.Error("Reset kept the open character")
	}
}

func TestUTF8EmptyPieces(t *testing.T) {
	var u frame.UTF8
	for _, b := range []byte("\xF0\x9F\x8C\x8D") {
		if !u.Write(nil) || !u.Write([]byte{b}) || !u.Write([]byte{}) {
			t.Fatalf("an empty piece near %02x makes the text bad", b)
		}
	}
	if !u.Done() {
		t.Error("empty pieces left the text open")
	}
}

func TestUTF8Size(t *testing.T) {
	if n := unsafe.Sizeof(frame.UTF8{}); n > 8 {
		t.Errorf("UTF8 takes %d bytes in every connection, want 8 at most", n)
	}
}

func FuzzUTF8(f *testing.F) {
	for i, c := range utf8Texts {
		f.Add([]byte(c.text), byte(i), byte(3*i))
	}
	f.Fuzz(func(t *testing.T, p []byte, a, b byte) {
		writeChopped(t, p, 1)
		writeChopped(t, p, 1+int(a), 1+int(b))
	})
}

func BenchmarkUTF8(b *testing.B) {
	for _, c := range []struct{ name, unit string }{
		{"ASCII", "plain text, "},
		{"German", "\u00fcber allen Gipfeln ist Ruh, "},
		{"Russian", "\u043c\u0438\u0440 \u0442\u0435\u0441\u0435\u043d "},
		{"Chinese", "\u4e16\u754c\u4f60\u597d"},
		{"emoji", "\U0001F30D\U0001F680"},
	} {
		for _, n := range []int{32, 125, 4096, 65536} {
			p := []byte(strings.Repeat(c.unit, n/len(c.unit)+1))[:n]
			b.Run(fmt.Sprintf("%s/%dB", c.name, n), func(b *testing.B) {
				b.SetBytes(int64(n))
				var u frame.UTF8
				for b.Loop() {
					u.Reset()
					if !u.Write(p) {
						b.Fatal("good text is taken for bad")
					}
				}
			})
		}
	}
}
