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
	if len(dst) < len(src) {
		panic("frame: MaskCopy: dst is shorter than src")
	}
	next := (pos + len(src)) & 3
	// key[pos] in the lowest byte, so that a word in memory begins with it.
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
	xorWords(dst[:len(src)], src, uint64(k)<<32|uint64(k))
	return next
}

// xorWords sets dst to src XOR the repeated bytes of word, lowest first. The two
// are of one length; that dst is asked for its own spares the bounds checks.
//
// Blocks of 64 bytes measured faster than any larger work by
// subtle.XORBytes, which wants a block of repeated keys in memory first.
func xorWords(dst, src []byte, word uint64) {
	le := binary.LittleEndian
	for len(src) >= 64 && len(dst) >= 64 {
		le.PutUint64(dst[0:8], le.Uint64(src[0:8])^word)
		le.PutUint64(dst[8:16], le.Uint64(src[8:16])^word)
		le.PutUint64(dst[16:24], le.Uint64(src[16:24])^word)
		le.PutUint64(dst[24:32], le.Uint64(src[24:32])^word)
		le.PutUint64(dst[32:40], le.Uint64(src[32:40])^word)
		le.PutUint64(dst[40:48], le.Uint64(src[40:48])^word)
		le.PutUint64(dst[48:56], le.Uint64(src[48:56])^word)
		le.PutUint64(dst[56:64], le.Uint64(src[56:64])^word)
		dst, src = dst[64:], src[64:]
	}
	for len(src) >= 8 && len(dst) >= 8 {
		le.PutUint64(dst, le.Uint64(src)^word)
		dst, src = dst[8:], src[8:]
	}
	if len(src) >= 4 && len(dst) >= 4 {
		le.PutUint32(dst, le.Uint32(src)^uint32(word))
		dst, src = dst[4:], src[4:]
	}
	for i, b := range src {
		dst[i] = b ^ byte(word>>(8*i))
	}
}
