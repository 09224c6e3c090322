package frame

import (
	"encoding/binary"
	"errors"
)

const (
	// MaxHeaderLen is the length in bytes of the longest header: two bytes, a
	// 64-bit length and a masking key (RFC 6455 section 5.2).
	MaxHeaderLen = 14

	// MaxControlPayload is the largest payload of a close, ping or pong frame,
	// in bytes (RFC 6455 section 5.5).
	MaxControlPayload = 125
)

// The bits of a header's first two bytes, and the two values of the 7-bit
// length that announce a longer one (RFC 6455 section 5.2).
const (
	bitFin  = 0x80
	bitRSV1 = 0x40
	bitRSV2 = 0x20
	bitRSV3 = 0x10
	bitMask = 0x80

	opcodeBits = 0x0F
	lengthBits = 0x7F
	length16   = 126
	length64   = 127
)

// ErrShort is returned by ParseHeader for an incomplete header. It is not a
// protocol error: read more bytes and parse again.
var ErrShort = errors.New("frame: the header is not complete yet")

// Header is a frame without its payload (RFC 6455 section 5.2).
type Header struct {
	Fin    bool    // the last frame of its message
	RSV1   bool    // the message is compressed, once RFC 7692 was agreed on
	RSV2   bool    // reserved for extensions
	RSV3   bool    // reserved for extensions
	Opcode Opcode  // the type of the payload
	Masked bool    // the payload is masked with Key
	Key    [4]byte // the masking key; meaningless unless Masked
	Length int64   // payload bytes, 0 to 1<<63 - 1
}

// AppendHeader appends h to dst and returns the extended slice: 2 to
// MaxHeaderLen bytes, with the length in the shortest form, as section 5.2
// requires.
//
// It encodes h as given, valid or not, and never panics. A negative Length is a
// mistake of the caller and is encoded as 0: a frame without payload.
func AppendHeader(dst []byte, h Header) []byte {
	b0 := byte(h.Opcode)&opcodeBits |
		bit(h.Fin, bitFin) | bit(h.RSV1, bitRSV1) | bit(h.RSV2, bitRSV2) | bit(h.RSV3, bitRSV3)
	mask := bit(h.Masked, bitMask)
	switch n := max(h.Length, 0); {
	case n < length16:
		dst = append(dst, b0, mask|byte(n))
	case n < 1<<16:
		dst = append(dst, b0, mask|length16)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, b0, mask|length64)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	if h.Masked {
		dst = append(dst, h.Key[:]...)
	}
	return dst
}

// bit returns b when it is set, else 0.
func bit(set bool, b byte) byte {
	if set {
		return b
	}
	return 0
}

// ParseHeader returns the header at the start of src, and its size in bytes.
// Bytes after it are ignored.
//
// The error is ErrShort when src ends within the header, and an
// *api.ProtocolError with status 1002 when the length is not encoded as section
// 5.2 requires; that is reported as soon as the length is complete.
// [Rules.Check] checks the rest of the header. On error, h is zero and n is 0.
func ParseHeader(src []byte) (h Header, n int, err error) {
	if len(src) < 2 {
		return Header{}, 0, ErrShort
	}
	length, n, err := parseLength(src)
	if err != nil {
		return Header{}, 0, err
	}
	h = Header{
		Fin:    src[0]&bitFin != 0,
		RSV1:   src[0]&bitRSV1 != 0,
		RSV2:   src[0]&bitRSV2 != 0,
		RSV3:   src[0]&bitRSV3 != 0,
		Opcode: Opcode(src[0] & opcodeBits),
		Masked: src[1]&bitMask != 0,
		Length: length,
	}
	if h.Masked {
		if len(src) < n+len(h.Key) {
			return Header{}, 0, ErrShort
		}
		h.Key = [4]byte(src[n:])
		n += len(h.Key)
	}
	return h, n, nil
}

// HoldsMessage reports whether src begins with a complete message in one frame:
// FIN, OpText or OpBinary, and all of the payload. The header may violate other
// rules.
func HoldsMessage(src []byte) bool {
	if len(src) < 2 || src[0]&bitFin == 0 {
		return false
	}
	if op := Opcode(src[0] & opcodeBits); op != OpText && op != OpBinary {
		return false
	}
	length, n, err := parseLength(src)
	if src[1]&bitMask != 0 {
		n += len(Header{}.Key)
	}
	return err == nil && length <= int64(len(src)-n)
}

// parseLength returns the payload length of the header in src, which has at
// least two bytes, and where in src the length ends.
func parseLength(src []byte) (length int64, end int, err error) {
	switch b := src[1] & lengthBits; b {
	case length16:
		if len(src) < 4 {
			return 0, 0, ErrShort
		}
		v := binary.BigEndian.Uint16(src[2:])
		if v < length16 {
			return 0, 0, violation("RFC 6455 section 5.2: a length below 126 must be encoded in 7 bits, not in 16")
		}
		return int64(v), 4, nil
	case length64:
		if len(src) < 10 {
			return 0, 0, ErrShort
		}
		v := binary.BigEndian.Uint64(src[2:])
		if v < 1<<16 {
			return 0, 0, violation("RFC 6455 section 5.2: a length below 65536 must be encoded in 7 or 16 bits, not in 64")
		}
		if v >= 1<<63 {
			return 0, 0, violation("RFC 6455 section 5.2: the top bit of a 64-bit length must be 0")
		}
		return int64(v), 10, nil
	default:
		return int64(b), 2, nil
	}
}
