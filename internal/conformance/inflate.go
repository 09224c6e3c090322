package conformance

import (
	"errors"
	"fmt"
)

// inflater inflates what the target sends, and holds it to what was agreed on:
// nothing may lie farther back than the window, and without takeover nothing
// before the message.
type inflater struct {
	window   int // bytes
	takeover bool
	said     []byte // what a message may refer to
}

// message inflates the payload of a message (RFC 7692 section 7.2.2).
func (z *inflater) message(payload []byte) ([]byte, error) {
	in := append(payload[:len(payload):len(payload)], syncTail...)
	r := reader{in: in, out: append(make([]byte, 0, len(z.said)+4*len(payload)), z.said...), window: z.window}
	for r.at < len(in) || r.n > 0 {
		if r.block(); r.err != nil {
			return nil, fmt.Errorf("byte %d of %d of a compressed message: %w", r.at, len(payload), r.err)
		}
	}
	if r.length != len(payload) {
		return nil, errInflateShort
	}
	message := r.out[len(z.said):]
	if z.takeover {
		z.said = append([]byte(nil), r.out[max(len(r.out)-z.window, 0):]...)
	}
	return message, nil
}

var (
	errInflateShort = errors.New("it ends inside a block (RFC 7692 section 7.2.2)")
	errInflateCode  = errors.New("a code that means nothing (RFC 1951 section 3.2)")
)

// reader reads DEFLATE blocks (RFC 1951 section 3.2.3).
type reader struct {
	in     []byte
	at     int // of the next byte
	acc    uint64
	n      int // bits in acc
	out    []byte
	window int
	length int // where the last stored block has its length: that should be the tail
	err    error
}

// need has at least n bits ready, or as many as there are.
func (r *reader) need(n int) {
	for ; r.n < n && r.at < len(r.in); r.n += 8 {
		r.acc |= uint64(r.in[r.at]) << r.n
		r.at++
	}
}

func (r *reader) bits(n int) int {
	if r.need(n); r.n < n {
		r.fail(errInflateShort)
		return 0
	}
	v := int(r.acc & (1<<n - 1))
	r.acc >>= n
	r.n -= n
	return v
}

// fail keeps the first error.
func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// block reads a block. One that says it is the last ends at a byte, and the
// next one follows there (RFC 7692 section 7.2.3.4).
func (r *reader) block() {
	last := r.bits(1) == 1
	switch kind := r.bits(2); {
	case r.err != nil:
	case kind == storedBlock:
		r.stored()
	case kind == fixedBlock:
		r.symbols(fixedTable, fixedDistTable)
	case kind == dynamicBlock:
		r.dynamic()
	default:
		r.fail(errors.New("a block of the reserved type (RFC 1951 section 3.2.3)"))
	}
	if last {
		r.align()
	}
}

// align goes on at the next byte, of which need may have taken too many.
func (r *reader) align() {
	r.bits(r.n % 8)
	r.at -= r.n / 8
	r.acc, r.n = 0, 0
}

func (r *reader) stored() {
	r.align()
	r.length = r.at
	size, complement := r.bits(16), r.bits(16)
	r.align()
	switch {
	case r.err != nil:
	case size != ^complement&0xFFFF:
		r.fail(errors.New("a stored block whose length is not confirmed (RFC 1951 section 3.2.4)"))
	case size > len(r.in)-r.at:
		r.fail(errInflateShort)
	default:
		r.add(r.in[r.at : r.at+size])
		r.at += size
	}
}

// add takes inflated bytes, up to what the peer reads at all.
func (r *reader) add(p []byte) {
	if r.out = append(r.out, p...); len(r.out) > maxPayload {
		r.fail(fmt.Errorf("it inflates to more than %d bytes", maxPayload))
	}
}

// symbols reads the data of a block with codes.
func (r *reader) symbols(literals, distances *huffman) {
	for r.err == nil {
		switch s := r.symbol(literals); {
		case s < endOfBlock:
			r.out = append(r.out, byte(s))
		case s == endOfBlock:
			return
		default:
			length := r.value(lengthIntervals, s-firstLength)
			r.match(length, r.value(distIntervals, r.symbol(distances)))
		}
	}
}

func (r *reader) value(all []interval, code int) int {
	if code >= len(all) {
		r.fail(errInflateCode)
		return 0
	}
	return all[code].base + r.bits(all[code].extra)
}

// match repeats what came before.
func (r *reader) match(length, distance int) {
	switch {
	case r.err != nil:
		return
	case distance > r.window:
		r.fail(fmt.Errorf("it refers %d bytes back, over its window of %d (RFC 7692 section 7.1.2)", distance, r.window))
		return
	case distance > len(r.out):
		r.fail(fmt.Errorf("it refers %d bytes back, where there are %d (RFC 7692 section 7.1.1)", distance, len(r.out)))
		return
	}
	for length > 0 {
		from := len(r.out) - distance
		n := min(length, distance)
		r.add(r.out[from : from+n])
		length -= n
	}
}

// dynamic reads the codes of a block, and then its data (RFC 1951 section
// 3.2.7).
func (r *reader) dynamic() {
	literals, distances, n := r.bits(5)+257, r.bits(5)+1, r.bits(4)+4
	order := [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var first [19]byte
	for _, i := range order[:n] {
		first[i] = byte(r.bits(3))
	}
	codes := r.huffman(first[:])
	lengths := make([]byte, 0, 320)
	for r.err == nil && len(lengths) < literals+distances {
		s, again := r.symbol(codes), 1
		length := byte(s)
		switch s {
		case 16:
			if len(lengths) == 0 {
				r.fail(errInflateCode)
				return
			}
			length, again = lengths[len(lengths)-1], 3+r.bits(2)
		case 17:
			length, again = 0, 3+r.bits(3)
		case 18:
			length, again = 0, 11+r.bits(7)
		}
		for range again {
			lengths = append(lengths, length)
		}
	}
	switch {
	case r.err != nil:
	case len(lengths) > literals+distances, literals > endOfBlock+1+lengthCodes, distances > distCodes:
		r.fail(errInflateCode)
	default:
		r.symbols(r.huffman(lengths[:literals]), r.huffman(lengths[literals:]))
	}
}
