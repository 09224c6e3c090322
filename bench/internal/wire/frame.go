// Package wire is the load generator's own WebSocket: precomputed frames, and a
// reader of the replies. It shares no code with any contestant, so that no
// contestant is checked by its own code.
package wire

import (
	"encoding/binary"
	"math/rand/v2"
)

// The first byte of a frame (RFC 6455 section 5.2).
const (
	Fin  = 0x80
	RSV1 = 0x40 // the message is compressed: RFC 7692 section 6

	OpText   = 1
	OpBinary = 2
	OpClose  = 8
)

const (
	masked = 0x80
	len16  = 126
	len64  = 127
)

// AppendFrame appends a frame with its payload, masked with key as a client
// must; with a nil key as a server's, unmasked.
func AppendFrame(dst []byte, first byte, payload []byte, key *[4]byte) []byte {
	dst = AppendHeader(dst, first, len(payload), key)
	at := len(dst)
	dst = append(dst, payload...)
	if key != nil {
		Mask(dst[at:], *key)
	}
	return dst
}

// AppendHeader appends the header of a frame with n bytes of payload.
func AppendHeader(dst []byte, first byte, n int, key *[4]byte) []byte {
	var bit byte
	if key != nil {
		bit = masked
	}
	switch {
	case n < len16:
		dst = append(dst, first, bit|byte(n))
	case n <= 0xffff:
		dst = binary.BigEndian.AppendUint16(append(dst, first, bit|len16), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, bit|len64), uint64(n))
	}
	if key != nil {
		dst = append(dst, key[:]...)
	}
	return dst
}

// Mask masks p, or unmasks it (RFC 6455 section 5.3).
func Mask(p []byte, key [4]byte) {
	k := binary.LittleEndian.Uint32(key[:])
	k2 := uint64(k)<<32 | uint64(k)
	for ; len(p) >= 8; p = p[8:] {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^k2)
	}
	for i := range p {
		p[i] ^= key[i&3]
	}
}

// NewKey returns a key for Mask.
func NewKey(r *rand.Rand) *[4]byte {
	var k [4]byte
	binary.LittleEndian.PutUint32(k[:], r.Uint32())
	return &k
}

// Header is a frame's header.
type Header struct {
	First  byte
	Length int
	Masked bool
	Key    [4]byte
}

// ParseHeader reads the header at the start of p and returns how long it is, 0
// when it is not all there.
func ParseHeader(p []byte) (h Header, n int) {
	if len(p) < 2 {
		return h, 0
	}
	h.First, h.Masked, h.Length = p[0], p[1]&masked != 0, int(p[1]&^masked)
	n = 2
	switch h.Length {
	case len16:
		n = 4
	case len64:
		n = 10
	}
	end := n
	if h.Masked {
		end += 4
	}
	if len(p) < end {
		return h, 0
	}
	switch n {
	case 4:
		h.Length = int(binary.BigEndian.Uint16(p[2:]))
	case 10:
		h.Length = int(binary.BigEndian.Uint64(p[2:]))
	}
	if h.Masked {
		copy(h.Key[:], p[n:end])
	}
	return h, end
}
