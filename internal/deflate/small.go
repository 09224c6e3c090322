package deflate

import (
	"encoding/binary"
	"math/bits"
	"sync"
)

const (
	// smallMessage is up to where a message is compressed here, in bytes: the
	// writers of the flate library find no match in less, not even in their
	// dictionary, which is where the matches of a small message are.
	smallMessage = 128
	// toldMessage is up to where one is at level 1 behind a dictionary of
	// toldBefore bytes at least: it takes half of the library's time, and few
	// bytes more. Without one, a block with codes of its own is the smaller.
	toldMessage = 1024
	toldBefore  = 2048
)

const (
	hashBits  = 13
	longest   = 257 // match; 258 has a code of its own that is not used
	hashBytes = 4   // what is hashed, and so the shortest match
	// dictStep is how many bytes of the dictionary lie between two that are
	// looked up. A match is extended backwards, so that few are missed.
	dictStep = 2
)

// matcher finds what a small message has in common with its dictionary and with
// itself.
type matcher struct {
	text [1<<takeoverBits + toldMessage]byte // the dictionary, then the message
	n    int                                 // bytes of text
	at   [1 << hashBits]uint16               // hash > newest position in text, plus 1
}

var matchers = sync.Pool{New: func() any { return new(matcher) }}

// appendSmall appends p, compressed as one block with the fixed codes of RFC
// 1951 section 3.2.6. Their header is one of three bits: a block's own codes
// would take more than a small message can save.
func appendSmall(dst, dict, p []byte) []byte {
	m := matchers.Get().(*matcher)
	defer matchers.Put(m)
	m.load(dict, p)
	b := bitWriter{dst: dst}
	b.write(0b010, 3) // not the last block, fixed codes
	m.encode(&b, len(dict))
	b.symbol(endOfBlock)
	b.write(0b000, 3) // an empty stored block, whose length is the tail
	return b.close()
}

// load stores the text and hashes the dictionary.
func (m *matcher) load(dict, p []byte) {
	m.n = copy(m.text[:], dict)
	m.n += copy(m.text[m.n:], p)
	clear(m.at[:])
	for i := 0; i+hashBytes <= len(dict); i += dictStep {
		m.at[m.hash(i)] = uint16(i + 1)
	}
}

func (m *matcher) hash(i int) uint32 {
	return binary.LittleEndian.Uint32(m.text[i:]) * 2654435761 >> (32 - hashBits)
}

// encode writes the text from start on: literals, and matches as they are
// found.
func (m *matcher) encode(b *bitWriter, start int) {
	literal := start // the first byte that has not been written
	for i := start; i+hashBytes <= m.n; {
		from, to, n := m.match(i, literal)
		if n < hashBytes {
			i++
			continue
		}
		for i+1+hashBytes <= m.n { // one that begins later may be longer
			laterFrom, laterTo, later := m.match(i+1, literal)
			if later <= n+1 {
				break
			}
			from, to, n, i = laterFrom, laterTo, later, i+1
		}
		b.literals(m.text[literal:to])
		b.match(n, to-from)
		for literal = to + n; i < literal && i+hashBytes <= m.n; i++ {
			m.at[m.hash(i)] = uint16(i + 1)
		}
		i = literal
	}
	b.literals(m.text[literal:m.n])
}

// match returns the n bytes at to, in which i lies, and from, where they stood
// before; it makes i known. Nothing under start may be part of it. Where i is
// known already, since it was looked at as a later match's beginning, there is
// none.
func (m *matcher) match(i, start int) (from, to, n int) {
	h := m.hash(i)
	from, to = int(m.at[h])-1, i
	m.at[h] = uint16(i + 1)
	if from < 0 || from == i {
		return 0, 0, 0
	}
	for n < longest && to+n < m.n && m.text[from+n] == m.text[to+n] {
		n++
	}
	for 0 < n && n < longest && from > 0 && to > start && m.text[from-1] == m.text[to-1] {
		from, to, n = from-1, to-1, n+1
	}
	return from, to, n
}

// bitWriter writes the symbols of RFC 1951, whose bits fill bytes from the
// lowest up.
type bitWriter struct {
	dst []byte
	acc uint64 // bits not yet in dst
	n   int    // how many
}

func (b *bitWriter) write(v uint32, n int) {
	b.acc |= uint64(v) << b.n
	for b.n += n; b.n >= 8; b.n -= 8 {
		b.dst = append(b.dst, byte(b.acc))
		b.acc >>= 8
	}
}

// close fills the last byte.
func (b *bitWriter) close() []byte {
	if b.n > 0 {
		b.dst = append(b.dst, byte(b.acc))
	}
	return b.dst
}

const endOfBlock = 256

// symbol writes a literal, endOfBlock or the code of a length (RFC 1951 section
// 3.2.6). Codes go in from their highest bit.
func (b *bitWriter) symbol(s uint32) {
	switch {
	case s < 144:
		b.write(reversed(0b00110000+s, 8), 8)
	case s < 256:
		b.write(reversed(0b110010000+s-144, 9), 9)
	case s < 280:
		b.write(reversed(s-256, 7), 7)
	default:
		b.write(reversed(0b11000000+s-280, 8), 8)
	}
}

func reversed(code uint32, n int) uint32 { return bits.Reverse32(code) >> (32 - n) }

func (b *bitWriter) literals(p []byte) {
	for _, c := range p {
		b.symbol(uint32(c))
	}
}

// match writes a length of 3 to 257 and a distance of 1 to 32,768 (RFC 1951
// section 3.2.5). In both, codes with the same number of extra bits come in
// groups, of four for a length and of two for a distance.
func (b *bitWriter) match(length, distance int) {
	l := uint32(length - 3)
	extra := max(bits.Len32(l)-3, 0)
	b.symbol(257 + 4*uint32(extra) + l>>extra)
	b.write(l&(1<<extra-1), extra)

	d := uint32(distance - 1)
	extra = max(bits.Len32(d)-2, 0)
	b.write(reversed(2*uint32(extra)+d>>extra, 5), 5)
	b.write(d&(1<<extra-1), extra)
}
