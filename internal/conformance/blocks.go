package conformance

import "math/bits"

// The DEFLATE format (RFC 1951), as the peer knows it.
const (
	storedBlock  = 0b00
	fixedBlock   = 0b01
	dynamicBlock = 0b10

	endOfBlock  = 256
	firstLength = 257 // the symbols of lengths
	lengthCodes = 29
	distCodes   = 30

	minMatch = 3
	maxMatch = 258
)

// syncTail is what a sender takes off the end of a message, and a receiver puts
// back (RFC 7692 sections 7.2.1 and 7.2.2).
const syncTail = "\x00\x00\xFF\xFF"

// interval is what a code of a length or of a distance stands for: from base
// on, as much as extra bits can tell.
type interval struct{ base, extra int }

// The tables of RFC 1951 section 3.2.5. Lengths have the same number of extra
// bits in fours, distances in pairs.
var (
	lengthIntervals = intervals(lengthCodes, minMatch, 4)
	distIntervals   = intervals(distCodes, 1, 2)
)

func intervals(n, base, group int) []interval {
	all := make([]interval, n)
	for i := range all {
		all[i] = interval{base, max(i/group-1, 0)}
		base += 1 << all[i].extra
	}
	if n == lengthCodes {
		all[n-1] = interval{maxMatch, 0} // the longest has a code of its own
	}
	return all
}

// codeOf is the code for v.
func codeOf(all []interval, v int) int {
	low, high := 0, len(all)
	for high-low > 1 {
		if middle := (low + high) / 2; all[middle].base <= v {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// fixedLengths are the lengths of the fixed codes in bits (RFC 1951 section
// 3.2.6).
var fixedLengths, fixedDistLengths = func() (literals, distances []byte) {
	literals, distances = make([]byte, 288), make([]byte, 32)
	for i := range literals {
		switch {
		case i < 144, i >= 280:
			literals[i] = 8
		case i < 256:
			literals[i] = 9
		default:
			literals[i] = 7
		}
	}
	for i := range distances {
		distances[i] = 5
	}
	return literals, distances
}()

// assign gives out the codes for symbols with these lengths (RFC 1951 section
// 3.2.2), mirrored, since they go on the wire from their highest bit.
func assign(lengths []byte) []uint16 {
	var count, next [16]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	for n := 1; n < len(next); n++ {
		next[n] = (next[n-1] + count[n-1]) << 1
	}
	codes := make([]uint16, len(lengths))
	for symbol, n := range lengths {
		if n > 0 {
			codes[symbol] = bits.Reverse16(uint16(next[n])) >> (16 - n)
			next[n]++
		}
	}
	return codes
}

var fixedCodes, fixedDistCodes = assign(fixedLengths), assign(fixedDistLengths)

// blocks writes DEFLATE blocks, right ones and wrong ones.
type blocks struct {
	out []byte
	acc uint64 // bits that do not fill a byte yet
	n   int
}

// write appends the n lowest bits of v.
func (b *blocks) write(v, n int) *blocks {
	b.acc |= uint64(v) << b.n
	for b.n += n; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.acc))
		b.acc >>= 8
	}
	return b
}

// align fills the last byte.
func (b *blocks) align() *blocks {
	if b.n > 0 {
		b.write(0, 8-b.n)
	}
	return b
}

// begin writes a block's header.
func (b *blocks) begin(kind int, last bool) *blocks {
	if last {
		return b.write(kind<<1|1, 3)
	}
	return b.write(kind<<1, 3)
}

// stored writes a block that holds p as it is, 65,535 bytes at most.
func (b *blocks) stored(p []byte, last bool) *blocks {
	b.begin(storedBlock, last).align().write(len(p), 16).write(^len(p)&0xFFFF, 16)
	b.out = append(b.out, p...)
	return b
}

// symbol writes a symbol by the fixed codes.
func (b *blocks) symbol(s int) *blocks { return b.write(int(fixedCodes[s]), int(fixedLengths[s])) }

// literals writes p by the fixed codes.
func (b *blocks) literals(p string) *blocks {
	for i := range len(p) {
		b.symbol(int(p[i]))
	}
	return b
}

// match writes that length bytes are those that came distance bytes before.
func (b *blocks) match(length, distance int) *blocks {
	l, d := codeOf(lengthIntervals, length), codeOf(distIntervals, distance)
	b.symbol(firstLength+l).write(length-lengthIntervals[l].base, lengthIntervals[l].extra)
	return b.dist(d).write(distance-distIntervals[d].base, distIntervals[d].extra)
}

// dist writes the code of a distance.
func (b *blocks) dist(code int) *blocks { return b.write(int(fixedDistCodes[code]), 5) }

func (b *blocks) end() *blocks { return b.symbol(endOfBlock) }

// fixed writes a block of literals.
func (b *blocks) fixed(p string, last bool) *blocks {
	return b.begin(fixedBlock, last).literals(p).end()
}

// flush ends at a byte: an empty stored block with its length (RFC 7692 section
// 7.2.1).
func (b *blocks) flush() *blocks { return b.stored(nil, false) }

// finish is flush without what a sender takes off the end of a message.
func (b *blocks) finish() []byte { return b.begin(storedBlock, false).align().out }
