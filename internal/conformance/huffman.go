package conformance

// fastBits is how long a code may be to be found in one step.
const fastBits = 10

// huffman finds symbols by their codes (RFC 1951 section 3.2.2).
type huffman struct {
	// fast holds for the next bits the symbol and the length of its code, 0 for
	// none so short.
	fast [1 << fastBits]struct {
		symbol uint16
		length uint8
	}
	long map[uint32]uint16 // length<<16 | mirrored code > symbol
}

var fixedTable, fixedDistTable = newHuffman(fixedLengths), newHuffman(fixedDistLengths)

func newHuffman(lengths []byte) *huffman {
	h := &huffman{}
	for symbol, code := range assign(lengths) {
		n := lengths[symbol]
		switch {
		case n == 0:
		case n <= fastBits:
			for i := int(code); i < len(h.fast); i += 1 << n {
				h.fast[i].symbol, h.fast[i].length = uint16(symbol), n
			}
		default:
			if h.long == nil {
				h.long = map[uint32]uint16{}
			}
			h.long[uint32(n)<<16|uint32(code)] = uint16(symbol)
		}
	}
	return h
}

// huffman makes a table. Lengths must leave no code unused, and use none twice;
// a single code of one bit, and none at all, are allowed.
func (r *reader) huffman(lengths []byte) *huffman {
	used, single := 0, 0
	for _, n := range lengths {
		if n > 0 {
			used += 1 << (15 - n)
			single++
		}
	}
	if used != 1<<15 && used != 0 && !(single == 1 && used == 1<<14) {
		r.fail(errInflateCode)
		return &huffman{}
	}
	return newHuffman(lengths)
}

// symbol reads a symbol. After an error it is the end of the block.
func (r *reader) symbol(h *huffman) int {
	r.need(15)
	if f := h.fast[r.acc&(1<<fastBits-1)]; f.length > 0 {
		r.bits(int(f.length))
		return int(f.symbol)
	}
	for n := fastBits + 1; n <= 15; n++ {
		if s, ok := h.long[uint32(n)<<16|uint32(r.acc&(1<<n-1))]; ok {
			r.bits(n)
			return int(s)
		}
	}
	r.fail(errInflateCode)
	return endOfBlock
}
