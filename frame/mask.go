package frame

import (
	"encoding/binary"
	"math/bits"
)

// Mask masks p in place with key, or unmasks it, which is the same (RFC 6455
// section 5.3). pos is the index in key, 0 to 3, for p[0]; the result is the
// index for the byte after p, so that a payload can be masked in pieces.
func Mask(p []byte, key [4]byte, pos int) int { return MaskCopy(p, p, key, pos) }

// MaskCopy is Mask from src into dst, which must be at least as long as src, or
// it panics. It does not modify src. The two may be the same memory or
// disjoint, and must not overlap otherwise.
func MaskCopy(dst, src []byte, key [4]byte, pos int) int {
	xorWords(cut(dst, len(src)), src, keyWord(key, pos))
	return (pos + len(src)) & 3
}

// MaskCopyASCII is MaskCopy, and reports whether the bytes written to dst are
// ASCII: most text is, and ASCII is valid UTF-8 (RFC 3629 section 1). It is
// faster than MaskCopy followed by a check of dst.
func MaskCopyASCII(dst, src []byte, key [4]byte, pos int) (next int, ascii bool) {
	or := xorWordsOr(cut(dst, len(src)), src, keyWord(key, pos))
	return (pos + len(src)) & 3, or&high == 0
}

// cut is dst[:n], which must not exceed the length of dst.
func cut(dst []byte, n int) []byte {
	if len(dst) < n {
		panic("frame: MaskCopy: dst is shorter than src")
	}
	return dst[:n]
}

// keyWord is key, rotated to start with key[pos], as a little-endian word.
func keyWord(key [4]byte, pos int) uint64 {
	k := bits.RotateLeft32(binary.LittleEndian.Uint32(key[:]), -8*(pos&3))
	return uint64(k)<<32 | uint64(k)
}

// xorWords sets dst to src XOR the repeated bytes of word, lowest first. Both
// have the same length; taking the length of dst saves the bounds checks.
//
// Blocks of 64 bytes were measured to be faster than any use of
// subtle.XORBytes, which needs a block of repeated keys in memory first.
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
	xorWordsOr(dst, src, word)
}

// xorWordsOr does the same, and returns the OR of all words that it stored in
// dst.
func xorWordsOr(dst, src []byte, word uint64) (or uint64) {
	le := binary.LittleEndian
	for len(src) >= 64 && len(dst) >= 64 {
		a, b, c, d := le.Uint64(src[0:8])^word, le.Uint64(src[8:16])^word, le.Uint64(src[16:24])^word, le.Uint64(src[24:32])^word
		le.PutUint64(dst[0:8], a)
		le.PutUint64(dst[8:16], b)
		le.PutUint64(dst[16:24], c)
		le.PutUint64(dst[24:32], d)
		e, f, g, h := le.Uint64(src[32:40])^word, le.Uint64(src[40:48])^word, le.Uint64(src[48:56])^word, le.Uint64(src[56:64])^word
		le.PutUint64(dst[32:40], e)
		le.PutUint64(dst[40:48], f)
		le.PutUint64(dst[48:56], g)
		le.PutUint64(dst[56:64], h)
		or |= (a | b) | (c | d) | (e | f) | (g | h)
		dst, src = dst[64:], src[64:]
	}
	for len(src) >= 8 && len(dst) >= 8 {
		w := le.Uint64(src) ^ word
		le.PutUint64(dst, w)
		or |= w
		dst, src = dst[8:], src[8:]
	}
	if len(src) >= 4 && len(dst) >= 4 {
		w := le.Uint32(src) ^ uint32(word)
		le.PutUint32(dst, w)
		or |= uint64(w)
		dst, src = dst[4:], src[4:]
	}
	for i, b := range src {
		b ^= byte(word >> (8 * i))
		dst[i] = b
		or |= uint64(b)
	}
	return or
}
