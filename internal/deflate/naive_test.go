package deflate

import (
	"errors"
	"fmt"
	"sync"
)

var (
	errNaive  = errors.New("naive: not DEFLATE")
	errEmpty  = fmt.Errorf("%w: a code without a symbol is used", errNaive)
	errWindow = errors.New("naive: a distance is over the window")
)

// naive inflates by the letter of RFC 1951: one bit after the other, each code
// looked for in a list. It is what the fast ways are held against, and fails
// when a distance is over its window.
type naive struct {
	in     []byte
	bit    int    // the next, counted from the start of in
	out    []byte // the dictionary, then what was inflated
	window int
	lasts  int  // blocks before the end that said they were the last
	empty  bool // the block was stored and held nothing
}

// naiveInflate inflates the payload of a message (RFC 7692 section 7.2.2). dict
// is what was said before it.
func naiveInflate(dict, payload []byte, window int) (message []byte, lasts int, err error) {
	n := &naive{in: append(append([]byte(nil), payload...), tail...), out: append([]byte(nil), dict...), window: window}
	if len(payload) == 0 {
		return nil, 0, nil // leniently: an empty message
	}
	defer func() {
		if p := recover(); p != nil {
			cause, ok := p.(error)
			if !ok || !errors.Is(cause, errNaive) && !errors.Is(cause, errWindow) {
				panic(p)
			}
			err = cause
		}
	}()
	for n.bit < 8*len(n.in) {
		end := 8 * len(payload)
		if !n.block() {
			if n.empty && n.bit == end {
				break // leniently: the tail was left on
			}
			continue
		}
		n.align()
		switch {
		case n.bit == end:
			return n.out[len(dict):], n.lasts, nil // leniently: no block behind the last
		case n.bit > end:
			panic(errNaive) // the last block was not sent whole
		}
		n.lasts++
	}
	return n.out[len(dict):], n.lasts, nil
}

func (n *naive) bits(count int) (v int) {
	for i := range count {
		if n.bit == 8*len(n.in) {
			panic(errNaive)
		}
		v |= int(n.in[n.bit/8]>>(n.bit%8)&1) << i
		n.bit++
	}
	return v
}

func (n *naive) align() { n.bit = (n.bit + 7) / 8 * 8 }

// block reads a block (section 3.2.3) and reports whether it is the last.
func (n *naive) block() (last bool) {
	last, n.empty = n.bits(1) == 1, false
	switch n.bits(2) {
	case 0:
		n.stored()
	case 1:
		n.compressed(fixedCodes())
	case 2:
		n.compressed(n.dynamicCodes())
	default:
		panic(errNaive)
	}
	return last
}

// stored reads the rest of a block of section 3.2.4.
func (n *naive) stored() {
	n.align()
	size := n.bits(16)
	if n.bits(16) != ^size&0xFFFF {
		panic(errNaive)
	}
	for range size {
		n.out = append(n.out, byte(n.bits(8)))
	}
	n.empty = size == 0
}

// codes is a Huffman code: symbols by their code, before which stands a 1 to
// tell its length.
type codes map[int]int

// newCodes gives out codes by section 3.2.2. A set must be complete, or a
// single code of one bit, or empty.
func newCodes(lengths []int) codes {
	c, code, used := codes{}, 0, 0
	for length := 1; length <= 15; length++ {
		code <<= 1
		for symbol, l := range lengths {
			if l == length {
				c[1<<length|code] = symbol
				code++
				used += 1 << (15 - length)
			}
		}
	}
	_, single := c[0b10]
	if used != 1<<15 && len(c) > 0 && !(single && len(c) == 1) {
		panic(errNaive)
	}
	return c
}

func (n *naive) symbol(c codes) int {
	if len(c) == 0 {
		panic(errEmpty)
	}
	for code := 1; code < 1<<15; {
		code = code<<1 | n.bits(1)
		if symbol, ok := c[code]; ok {
			return symbol
		}
	}
	panic(errNaive)
}

// fixedCodes are those of section 3.2.6.
var fixedCodes = sync.OnceValues(func() (literals, distances codes) {
	l, d := make([]int, 288), make([]int, 32)
	for i := range l {
		switch {
		case i < 144, i >= 280:
			l[i] = 8
		case i < 256:
			l[i] = 9
		default:
			l[i] = 7
		}
	}
	for i := range d {
		d[i] = 5
	}
	return newCodes(l), newCodes(d)
})

// dynamicCodes reads the codes of section 3.2.7.
func (n *naive) dynamicCodes() (literals, distances codes) {
	hlit, hdist, hclen := n.bits(5)+257, n.bits(5)+1, n.bits(4)+4
	if hlit > 286 || hdist > 30 {
		panic(errNaive)
	}
	order := [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	first := make([]int, 19)
	for _, i := range order[:hclen] {
		first[i] = n.bits(3)
	}
	c := newCodes(first)
	var lengths []int
	for len(lengths) < hlit+hdist {
		repeat, value := 1, n.symbol(c)
		switch value {
		case 16:
			if len(lengths) == 0 {
				panic(errNaive)
			}
			repeat, value = 3+n.bits(2), lengths[len(lengths)-1]
		case 17:
			repeat, value = 3+n.bits(3), 0
		case 18:
			repeat, value = 11+n.bits(7), 0
		}
		for range repeat {
			lengths = append(lengths, value)
		}
	}
	if len(lengths) > hlit+hdist {
		panic(errNaive)
	}
	return newCodes(lengths[:hlit]), newCodes(lengths[hlit:])
}

// The bases and extra bits of section 3.2.5.
var (
	lengthBase    = []int{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra   = []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase  = []int{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = []int{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// compressed reads the data of a block up to its end.
func (n *naive) compressed(literals, distances codes) {
	for {
		s := n.symbol(literals)
		if s == 256 {
			return
		}
		if s < 256 {
			n.out = append(n.out, byte(s))
			continue
		}
		if s -= 257; s >= len(lengthBase) {
			panic(errNaive)
		}
		length := lengthBase[s] + n.bits(lengthExtra[s])
		d := n.symbol(distances)
		if d >= len(distanceBase) {
			panic(errNaive)
		}
		distance := distanceBase[d] + n.bits(distanceExtra[d])
		switch {
		case distance > n.window:
			panic(errWindow)
		case distance > len(n.out):
			panic(errNaive)
		}
		for range length {
			n.out = append(n.out, n.out[len(n.out)-distance])
		}
	}
}
