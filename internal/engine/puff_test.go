package engine

import (
	"slices"
	"sync"
)

// This is an inflater written for the tests from RFC 1951 and RFC 7692 alone:
// it is slow, bit by bit, and has no code in common with the one that is used.

// inflated is what became of a payload.
type inflated struct {
	out   []byte
	short bool // the payload ended before it should have
	bad   bool // what is there cannot be
}

// slowInflate inflates payload behind history, the bytes that it may refer to.
// whole says that the message has ended, so that its tail is put back (RFC 7692
// section 7.2.2), unless it was left on; an empty one is an empty message.
func slowInflate(history, payload []byte, whole bool) inflated {
	if whole && len(payload) == 0 {
		return inflated{}
	}
	s := &slow{in: payload, out: append([]byte(nil), history[max(len(history)-32768, 0):]...)}
	if whole {
		s.in = append(append([]byte(nil), payload...), 0, 0, 0xFF, 0xFF)
	}
	begin := len(s.out)
	for lasts := 0; ; {
		last := s.bits(1) == 1
		s.block(s.bits(2))
		if s.short || s.bad {
			break
		}
		if last {
			// Others may follow it (RFC 7692 section 7.2.3.4), up to a limit of
			// ours.
			s.at = (s.at + 7) &^ 7
			if s.at == 8*len(payload) {
				break
			}
			if lasts++; s.at > 8*len(payload) || lasts > 1024 {
				s.bad = true
				break
			}
		} else if whole && (s.at == 8*len(s.in) || s.empty && s.at == 8*len(payload)) {
			break // exactly at the end of the tail, be it put back or left on
		}
	}
	return inflated{s.out[begin:], s.short, s.bad}
}

type slow struct {
	in         []byte
	at         int // in bits
	out        []byte
	short, bad bool
	empty      bool // the block was a stored one of no bytes
}

// bits reads n bits, the least significant first (RFC 1951 section 3.1.1).
func (s *slow) bits(n int) (v int) {
	for i := range n {
		if s.at == 8*len(s.in) {
			s.short = true
			return 0
		}
		v |= int(s.in[s.at/8]>>(s.at%8)&1) << i
		s.at++
	}
	return v
}

func (s *slow) block(kind int) {
	s.empty = false
	switch {
	case s.short:
	case kind == 0:
		s.stored()
	case kind == 1:
		s.symbols(fixed())
	case kind == 2:
		s.dynamic()
	default:
		s.bad = true
	}
}

// fixed is section 3.2.6.
var fixed = sync.OnceValues(func() (literals, distances code) {
	lengths := make([]int, 288)
	for i := range lengths {
		switch {
		case i < 144, i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	return newCode(lengths), newCode(slices.Repeat([]int{5}, 32))
})

// stored is section 3.2.4.
func (s *slow) stored() {
	s.at = (s.at + 7) &^ 7
	n, complement := s.bits(16), s.bits(16)
	if !s.short && n != complement^0xFFFF {
		s.bad = true
	}
	s.empty = n == 0
	for ; n > 0 && !s.short && !s.bad; n-- {
		if b := s.bits(8); !s.short {
			s.out = append(s.out, byte(b))
		}
	}
}

// code is a Huffman code: bits, as a string of 0 and 1, to symbols.
type code map[string]int

// newCode is section 3.2.2. Symbols of length 0 have no code.
func newCode(lengths []int) code {
	c := code{}
	next := 0
	for n := 1; n <= 15; n++ {
		next <<= 1
		for symbol, length := range lengths {
			if length == n {
				bits := ""
				for i := n - 1; i >= 0; i-- {
					bits += string(rune('0' + next>>i&1))
				}
				c[bits] = symbol
				next++
			}
		}
	}
	return c
}

// fits reports whether lengths make a code that is neither over-full nor, but
// for a single symbol of one bit, incomplete.
func fits(lengths []int) (ok, empty bool) {
	sum, n := 0, 0
	for _, l := range lengths {
		if l > 0 {
			sum += 1 << (15 - l)
			n++
		}
	}
	return sum == 1<<15 || n == 1 && sum == 1<<14, n == 0
}

func (s *slow) symbol(c code) int {
	for bits := ""; len(bits) < 15; {
		bits += string(rune('0' + s.bits(1)))
		if s.short {
			return 0
		}
		if symbol, ok := c[bits]; ok {
			return symbol
		}
		if len(c) < 2 {
			break // the one code there is has one bit; others are complete
		}
	}
	s.bad = true
	return 0
}

// dynamic is section 3.2.7.
func (s *slow) dynamic() {
	literals, distances, n := s.bits(5)+257, s.bits(5)+1, s.bits(4)+4
	if s.short {
		return
	}
	if literals > 286 || distances > 30 {
		s.bad = true
		return
	}
	var of [19]int
	for _, i := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[:n] {
		of[i] = s.bits(3)
	}
	if ok, _ := fits(of[:]); s.short || !ok {
		s.bad = !s.short
		return
	}
	lengths, c := []int{}, newCode(of[:])
	for !s.bad && len(lengths) < literals+distances {
		v, again := s.symbol(c), 1
		switch {
		case s.short || s.bad:
			return
		case v == 16 && len(lengths) == 0:
			s.bad = true
			return
		case v == 16:
			v, again = lengths[len(lengths)-1], 3+s.bits(2)
		case v == 17:
			v, again = 0, 3+s.bits(3)
		case v == 18:
			v, again = 0, 11+s.bits(7)
		}
		for ; again > 0; again-- {
			lengths = append(lengths, v)
		}
		s.bad = len(lengths) > literals+distances
	}
	if s.short || s.bad {
		return
	}
	okL, _ := fits(lengths[:literals])
	okD, none := fits(lengths[literals:])
	if s.bad = !okL || !okD && !none; s.bad {
		return
	}
	s.symbols(newCode(lengths[:literals]), newCode(lengths[literals:]))
}

// symbols is section 3.2.3, the data of a compressed block.
func (s *slow) symbols(literals, distances code) {
	for {
		v := s.symbol(literals)
		switch {
		case s.short || s.bad || v == 256:
			return
		case v < 256:
			s.out = append(s.out, byte(v))
			continue
		case v > 285:
			s.bad = true
			return
		}
		length := s.length(v - 257)
		d := s.symbol(distances)
		if s.short || s.bad {
			return
		}
		if d > 29 {
			s.bad = true
			return
		}
		distance := s.distance(d)
		if s.short || distance > len(s.out) || distance > 32768 {
			s.bad = !s.short
			return
		}
		for ; length > 0; length-- {
			s.out = append(s.out, s.out[len(s.out)-distance])
		}
	}
}

// length and distance are the tables of section 3.2.5.
func (s *slow) length(i int) int {
	switch {
	case i < 8:
		return 3 + i
	case i == 28:
		return 258
	}
	extra := i/4 - 1
	return 3 + (4+i%4)<<extra + s.bits(extra)
}

func (s *slow) distance(i int) int {
	if i < 4 {
		return 1 + i
	}
	extra := i/2 - 1
	return 1 + (2+i%2)<<extra + s.bits(extra)
}
