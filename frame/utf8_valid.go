package frame

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// ValidUTF8 reports whether p is valid UTF-8 (RFC 3629), as utf8.Valid does.
// For long text of Chinese characters or emoji it takes a third of the time,
// for Cyrillic letters and spaces half.
//
// ASCII is skipped in words. Runs of three-byte and of four-byte characters are
// compared with their pattern two at a time. Mixed text would cost a
// mispredicted branch at each change: a state machine without branches
// processes it, four stretches at once.
func ValidUTF8(p []byte) bool {
	p = p[:len(p):len(p)] // slices of it then have no capacity to reckon
	all, size := p, stretch
	for len(p) >= 8 {
		w := binary.LittleEndian.Uint64(p)
		if w&high == 0 {
			p, size = skipASCII(p[8:]), stretch
			continue
		}
		if lone := bits.TrailingZeros64(w&high) / 8; lone > 0 {
			p = p[lone:]
			continue
		}
		n := 0
		switch {
		case w&0xC0C0F0_C0C0F0 == 0x8080E0_8080E0:
			n = run3(p)
		case w&0xC0C0C0F8_C0C0C0F8 == 0x808080F0_808080F0:
			n = run4(p)
		case w&0x80C0E0 == 0x0080C0 && w&0x1E != 0: // two bytes, and then ASCII
			n = 2
		}
		if n == 0 {
			n = mixed(p[:min(len(p), size)])
			size = min(2*size, 32*stretch)
		}
		if n == 0 {
			return false
		}
		p = p[n:]
	}
	if n := len(all); n >= 8 && binary.LittleEndian.Uint64(all[n-8:])&high == 0 {
		return true // p is less than that
	}
	return utf8.Valid(p)
}

const (
	// high are the bits that ASCII does not have.
	high = 0x80808080_80808080
	// stretch is how many bytes go through the machine before what follows is
	// looked at again; each time they go on there it is doubled, up to 32 times
	// that.
	stretch = 128
	// quarter is the shortest that is worth a machine of its own.
	quarter = 16
)

// skipASCII drops ASCII from the beginning of p, in whole words.
func skipASCII(p []byte) []byte {
	le := binary.LittleEndian
	p = p[:len(p):len(p)]
	for len(p) >= 64 && ((le.Uint64(p)|le.Uint64(p[8:]))|(le.Uint64(p[16:])|le.Uint64(p[24:]))|
		(le.Uint64(p[32:])|le.Uint64(p[40:]))|(le.Uint64(p[48:])|le.Uint64(p[56:])))&high == 0 {
		p = p[64:]
	}
	for len(p) >= 16 && (le.Uint64(p)|le.Uint64(p[8:]))&high == 0 {
		p = p[16:]
	}
	if len(p) >= 8 && le.Uint64(p)&high == 0 {
		p = p[8:]
	}
	return p
}

// run3 returns how many bytes at the beginning of p are pairs of three-byte
// characters. The bits that distinguish what RFC 3629 section 4 excludes are
// the last four of the first byte and the third of the second: with E0 all of
// them are 0 (overlong), with ED they are 2D (a surrogate).
func run3(p []byte) (n int) {
	for len(p)-n >= 8 {
		w := binary.LittleEndian.Uint64(p[n:])
		a, b := w&0x200F, w>>24&0x200F
		if w&0xC0C0F0_C0C0F0 != 0x8080E0_8080E0 || a == 0 || b == 0 || a == 0x200D || b == 0x200D {
			break
		}
		n += 6
	}
	return n
}

// run4 does the same for four-byte characters. The bits above 16 of their code
// points, in the last three bits of the first byte and two of the second, are 1
// to 16.
func run4(p []byte) (n int) {
	for len(p)-n >= 8 {
		w := binary.LittleEndian.Uint64(p[n:])
		a, b := w&7<<2|w>>12&3, w>>32&7<<2|w>>44&3
		if w&0xC0C0C0F8_C0C0C0F8 != 0x808080F0_808080F0 || a-1 > 15 || b-1 > 15 {
			break
		}
		n += 8
	}
	return n
}

// mixed returns how many bytes of p are whole characters, of which at most the
// last is omitted when p ends within it; 0 when p is not UTF-8.
func mixed(p []byte) int {
	p = p[:len(p)-openTail(p)]
	if len(p) < 4*quarter {
		if run(good, p)&63 != good {
			return 0
		}
		return len(p)
	}
	i, j, k := begin(p, len(p)/4), begin(p, len(p)/2), begin(p, len(p)/4*3)
	n := min(i, j-i, k-j, len(p)-k)
	a, b, c, d := runs(p[:n], p[i:i+n], p[j:j+n], p[k:k+n])
	a, b, c, d = run(a, p[n:i]), run(b, p[i+n:j]), run(c, p[j+n:k]), run(d, p[k+n:])
	if a&63 != good || b&63 != good || c&63 != good || d&63 != good {
		return 0
	}
	return len(p)
}

// begin returns the beginning of the character that p[i] may be in.
func begin(p []byte, i int) int {
	for lowest := i - 3; i > lowest && p[i]&0xC0 == 0x80; {
		i--
	}
	return i
}
