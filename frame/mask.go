package frame

import (
	"encoding/binary"
	"math/bits"
)

// Mask masks p in place with key, or unmasks it, which is the same (RFC 6455
// section 5.3). pos says which byte of key, 0 to 3, is for p[0]; the result is
// the pos of the byte after p, so that a payload can be masked in pieces.
func Mask(p []byte, key [4]byte, pos int) int { return MaskCopy(p, p, key, pos) }

// MaskCopy is Mask from src into dst, which must be as long as src at least,
// else it panics. src stays as it is. The two may be the same memory or
// disjoint, and must not overlap otherwise.
func MaskCopy(dst, src []byte, key [4]byte, pos int) int {
	dst = dst[:len(src)]
	next := (pos + len(src)) & 3
	k := rotate(key, pos)
	word := uint64(k)<<32 | uint64(k)
	for len(src) >= 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(src)^word)
		dst, src = dst[8:], src[8:]
	}
	for i := range src {
		dst[i] = src[i] ^ byte(word>>(8*i))
	}
	return next
}

// rotate returns key as a little-endian word whose lowest byte is key[pos].
func rotate(key [4]byte, pos int) uint32 {
	return bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
}
