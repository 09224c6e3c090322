package frame

// The states of a machine that takes UTF-8 byte by byte. A state is the place
// of a six-bit field in a word; a byte is a word, which holds in the field of
// every state the one that follows. So a step is a look-up of the byte and a
// shift by the state, whatever the text.
const (
	refused = 6 * iota // a byte that cannot be was seen
	good               // between two characters
	want1              // any one continuation byte
	want2
	want3
	wantE0 // the second byte of three, not overlong
	wantED // not a surrogate
	wantF0 // the second byte of four, not overlong
	wantF4 // at most U+10FFFF
	states = iota
)

// steps is the transition table; only the lowest six bits of a step's result
// are the state.
var steps = func() (table [256]uint64) {
	for b := range 256 {
		for s := range states {
			table[b] |= follow(6*s, byte(b)) << (6 * s)
		}
	}
	return table
}()

// follow returns the state after s and b, by the table of RFC 3629 section 4.
func follow(s int, b byte) uint64 {
	tail := b >= 0x80 && b <= 0xBF
	switch {
	case s == good:
		return first(b)
	case s == want1 && tail:
		return good
	case s == want2 && tail, s == wantE0 && tail && b >= 0xA0, s == wantED && tail && b <= 0x9F:
		return want1
	case s == want3 && tail, s == wantF0 && tail && b >= 0x90, s == wantF4 && tail && b <= 0x8F:
		return want2
	}
	return refused
}

// first returns the state after a character's first byte.
func first(b byte) uint64 {
	switch {
	case b <= 0x7F:
		return good
	case b >= 0xC2 && b <= 0xDF:
		return want1
	case b == 0xE0:
		return wantE0
	case b == 0xED:
		return wantED
	case b >= 0xE1 && b <= 0xEF:
		return want2
	case b == 0xF0:
		return wantF0
	case b >= 0xF1 && b <= 0xF3:
		return want3
	case b == 0xF4:
		return wantF4
	}
	return refused
}

// run continues with p from state s.
func run(s uint64, p []byte) uint64 {
	for _, b := range p {
		s = steps[b] >> (s & 63)
	}
	return s
}

// runs processes four texts of the same length at once: each step depends only
// on the previous one in its own text.
func runs(a, b, c, d []byte) (uint64, uint64, uint64, uint64) {
	var s, t, u, v uint64 = good, good, good, good
	b, c, d = b[:len(a)], c[:len(a)], d[:len(a)]
	for i := range a {
		s = steps[a[i]] >> (s & 63)
		t = steps[b[i]] >> (t & 63)
		u = steps[c[i]] >> (u & 63)
		v = steps[d[i]] >> (v & 63)
	}
	return s, t, u, v
}
