package frame_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/twinws/ws/frame"
)

// scripts are texts whose characters take different ways through ValidUTF8.
var scripts = []struct{ name, unit string }{
	{"ASCII", "plain text, "},
	{"German", "\u00fcber allen Gipfeln ist Ruh, "},
	{"Russian", "\u043c\u0438\u0440 \u0442\u0435\u0441\u0435\u043d "},
	{"Chinese", "\u4e16\u754c\u4f60\u597d"},
	{"emoji", "\U0001F30D\U0001F680"},
	{"all mixed", "a\u00fc\u4e16\U0001F30Dbc\u754c\u4f60d\u0438\u0440"},
}

// Each text of the table, as a whole and cut off, behind and before text of
// every script and of many lengths.
func TestValidUTF8(t *testing.T) {
	for _, s := range scripts {
		for _, n := range []int{0, 1, 2, 3, 5, 8, 13, 40, 130} {
			around := strings.Repeat(s.unit, n)
			for _, c := range utf8Texts {
				for _, p := range []string{around + c.text, c.text + around, around + c.text + around} {
					if got, want := frame.ValidUTF8([]byte(p)), utf8.ValidString(p); got != want {
						t.Fatalf("%s among %d times %q: ValidUTF8 = %v, want %v", c.why, n, s.unit, got, want)
					}
				}
			}
		}
	}
}

// One byte of a good text at a time is made each of some that break it or not.
func TestValidUTF8OneByteOff(t *testing.T) {
	for _, s := range scripts {
		good := strings.Repeat(s.unit, 600/len(s.unit))
		for i := range good {
			p := []byte(good)
			for _, b := range []byte{'a', 0x80, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5} {
				p[i] = b
				if got, want := frame.ValidUTF8(p), utf8.Valid(p); got != want {
					t.Fatalf("%s with byte %d made %02x: ValidUTF8 = %v, want %v", s.name, i, b, got, want)
				}
			}
		}
	}
}

// Every pair of characters at the edges of RFC 3629's ranges, and beside them.
func TestValidUTF8Pairs(t *testing.T) {
	edges := []string{"a", "\xC2\x80", "\xDF\xBF", "\xC1\xBF", "\xE0\xA0\x80", "\xE0\x9F\xBF", "\xED\x9F\xBF", "\xED\xA0\x80",
		"\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80"}
	for _, a := range edges {
		for _, b := range edges {
			for n := range 12 {
				p := []byte(strings.Repeat(a, 3) + strings.Repeat(a+b, n) + a)
				if got, want := frame.ValidUTF8(p), utf8.Valid(p); got != want {
					t.Errorf("% x: ValidUTF8 = %v, want %v", p, got, want)
				}
			}
		}
	}
}

func TestValidUTF8Random(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 20_000 {
		var p []byte
		for n := r.IntN(700); len(p) < n; {
			s := scripts[r.IntN(len(scripts))].unit
			for range r.IntN(20) {
				p = append(p, s...)
			}
		}
		if len(p) > 0 && r.IntN(2) == 0 {
			p[r.IntN(len(p))] = byte(r.Uint32())
		}
		p = p[r.IntN(len(p)+1):]
		if got, want := frame.ValidUTF8(p), utf8.Valid(p); got != want {
			t.Fatalf("% x: ValidUTF8 = %v, want %v", p, got, want)
		}
	}
}

func FuzzValidUTF8(f *testing.F) {
	for _, c := range utf8Texts {
		f.Add([]byte(c.text), byte(1))
	}
	for _, s := range scripts {
		f.Add([]byte(s.unit), byte(100))
	}
	f.Fuzz(func(t *testing.T, p []byte, times byte) {
		p = []byte(strings.Repeat(string(p), int(times)%64+1))
		if got, want := frame.ValidUTF8(p), utf8.Valid(p); got != want {
			t.Errorf("% x: ValidUTF8 = %v, want %v", p, got, want)
		}
	})
}

// BenchmarkValidUTF8 beside unicode/utf8.
func BenchmarkValidUTF8(b *testing.B) {
	for _, s := range scripts {
		for _, n := range []int{32, 125, 4096, 65536} {
			p := []byte(strings.Repeat(s.unit, n/len(s.unit)+1))
			for _, v := range []struct {
				name  string
				valid func([]byte) bool
			}{{"frame", frame.ValidUTF8}, {"utf8", utf8.Valid}} {
				b.Run(fmt.Sprintf("%s/%dB/%s", s.name, n, v.name), func(b *testing.B) {
					b.SetBytes(int64(len(p)))
					for b.Loop() {
						if !v.valid(p) {
							b.Fatal("good text is taken for bad")
						}
					}
				})
			}
		}
	}
}
