package frame_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/twinws/ws/frame"
)

// naiveMask is the formula of RFC 6455 section 5.3.
func naiveMask(p []byte, key [4]byte, pos int) []byte {
	out := make([]byte, len(p))
	for i := range p {
		out[i] = p[i] ^ key[(pos+i)%4]
	}
	return out
}

// randomBytes returns n bytes that are the same in every run.
func randomBytes(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// maskLengths covers no word, some words, some blocks, and every tail.
func maskLengths() []int {
	var lengths []int
	for n := range 200 {
		lengths = append(lengths, n)
	}
	return append(lengths, 1023, 1024, 1025, 4095, 65536, 65543)
}

func TestMaskGolden(t *testing.T) {
	plain := []byte("Hello")
	masked := []byte{0x7f, 0x9f, 0x4d, 0x51, 0x58} // RFC 6455 section 5.7

	p := bytes.Clone(plain)
	if next := frame.Mask(p, rfcKey, 0); !bytes.Equal(p, masked) || next != 1 {
		t.Errorf("Mask(%q) = % x, next %d, want % x, next 1", plain, p, next, masked)
	}
	if next := frame.Mask(p, rfcKey, 0); !bytes.Equal(p, plain) || next != 1 {
		t.Errorf("Mask of the masked = %q, next %d, want %q, next 1", p, next, plain)
	}
}

func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const margin = 16
	for _, n := range maskLengths() {
		for pos := range 4 {
			for offset := range 8 {
				whole := randomBytes(r, margin+offset+n+margin)
				key := [4]byte(randomBytes(r, 4))
				want := bytes.Clone(whole)
				copy(want[margin+offset:], naiveMask(whole[margin+offset:][:n], key, pos))

				next := frame.Mask(whole[margin+offset:][:n], key, pos)
				if !bytes.Equal(whole, want) {
					t.Fatalf("Mask of %d bytes at offset %d from pos %d is wrong, or went past its ends", n, offset, pos)
				}
				if next != (pos+n)%4 {
					t.Fatalf("Mask of %d bytes from pos %d: next = %d, want %d", n, pos, next, (pos+n)%4)
				}
			}
		}
	}
}

func TestMaskCopy(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range maskLengths() {
		for pos := range 4 {
			for extra := range 3 {
				src, dst := randomBytes(r, n), randomBytes(r, n+extra)
				key := [4]byte(randomBytes(r, 4))
				srcBefore := bytes.Clone(src)
				want := append(naiveMask(src, key, pos), dst[n:]...)

				next := frame.MaskCopy(dst, src, key, pos)
				if !bytes.Equal(dst, want) {
					t.Fatalf("MaskCopy of %d bytes into %d from pos %d is wrong, or went past its end", n, n+extra, pos)
				}
				if !bytes.Equal(src, srcBefore) {
					t.Fatalf("MaskCopy of %d bytes changed src", n)
				}
				if next != (pos+n)%4 {
					t.Fatalf("MaskCopy of %d bytes from pos %d: next = %d, want %d", n, pos, next, (pos+n)%4)
				}
				clear(dst[:n])
				next, ascii := frame.MaskCopyASCII(dst, src, key, pos)
				if !bytes.Equal(dst, want) || next != (pos+n)%4 || ascii != isASCII(want[:n]) {
					t.Fatalf("MaskCopyASCII of %d bytes from pos %d: next = %d, ASCII %t", n, pos, next, ascii)
				}
			}
		}
	}
}

func isASCII(p []byte) bool {
	return bytes.IndexFunc(p, func(r rune) bool { return r >= 0x80 }) < 0
}

// One byte over 0x7F is found wherever it stands.
func TestMaskCopyASCII(t *testing.T) {
	for _, n := range maskLengths()[:200] {
		p, dst := make([]byte, n), make([]byte, n)
		if _, ascii := frame.MaskCopyASCII(dst, naiveMask(p, rfcKey, 0), rfcKey, 0); !ascii {
			t.Fatalf("%d zeros are not ASCII", n)
		}
		for i := range p {
			p[i] = 0x80
			if _, ascii := frame.MaskCopyASCII(dst, naiveMask(p, rfcKey, 0), rfcKey, 0); ascii {
				t.Fatalf("0x80 at %d of %d is taken for ASCII", i, n)
			}
			p[i] = 0
		}
	}
}

func TestMaskCopyIntoTooLittle(t *testing.T) {
	dst := make([]byte, 4, 8) // room enough, but not within its length
	defer func() {
		if recover() == nil {
			t.Error("MaskCopy of 5 bytes into 4 did not panic")
		}
		if !bytes.Equal(dst[:8], make([]byte, 8)) {
			t.Errorf("MaskCopy wrote % x before it panicked", dst[:8])
		}
	}()
	frame.MaskCopy(dst, []byte("Hello"), rfcKey, 0)
}

func TestMaskInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		p := randomBytes(r, r.IntN(1000))
		key := [4]byte(randomBytes(r, 4))
		want := naiveMask(p, key, 0)
		var sizes []int
		for pos, rest := 0, p; len(rest) > 0; {
			n := min(len(rest), r.IntN(150))
			sizes = append(sizes, n)
			pos = frame.Mask(rest[:n], key, pos)
			rest = rest[n:]
		}
		if !bytes.Equal(p, want) {
			t.Fatalf("Mask in pieces of %v is not Mask of the whole", sizes)
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello"), uint32(0x37fa213d), byte(0), uint16(2))
	f.Add(bytes.Repeat([]byte("0123456789"), 20), uint32(0x01020304), byte(3), uint16(65))
	f.Fuzz(func(t *testing.T, p []byte, k uint32, pos byte, cut uint16) {
		key := [4]byte{byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)}
		start := int(pos % 4)
		want := naiveMask(p, key, start)

		dst := make([]byte, len(p))
		if next := frame.MaskCopy(dst, p, key, start); !bytes.Equal(dst, want) || next != (start+len(p))%4 {
			t.Fatalf("MaskCopy = % x, next %d, want % x", dst, next, want)
		}
		clear(dst)
		next, ascii := frame.MaskCopyASCII(dst, p, key, start)
		if !bytes.Equal(dst, want) || next != (start+len(p))%4 || ascii != isASCII(want) {
			t.Fatalf("MaskCopyASCII = % x, next %d, ASCII %t, want % x", dst, next, ascii, want)
		}
		at := min(int(cut), len(p))
		frame.Mask(p[at:], key, frame.Mask(p[:at], key, start))
		if !bytes.Equal(p, want) {
			t.Fatalf("Mask cut at %d = % x, want % x", at, p, want)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{5, 16, 29, 125, 1024, 4096, 65536, 1 << 20} {
		p := make([]byte, n)
		b.Run(fmt.Sprintf("%dB", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			pos := 0
			for b.Loop() {
				pos = frame.Mask(p, rfcKey, pos)
			}
		})
	}
}

func BenchmarkMaskCopy(b *testing.B) {
	for _, n := range []int{29, 125, 4096, 65536} {
		dst, src := make([]byte, n), make([]byte, n)
		b.Run(fmt.Sprintf("%dB", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				frame.MaskCopy(dst, src, rfcKey, 1)
			}
		})
	}
}
