package frame

import "strconv"

// Opcode is the interpretation of a frame's payload (RFC 6455 section 5.2). It
// has four bits; AppendHeader ignores any above them.
type Opcode byte

// The opcodes that RFC 6455 section 11.8 defines.
const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xA
)

// IsControl reports whether o has the bit of control frames (RFC 6455 section
// 5.5): close, ping, pong, and the reserved 0xB-0xF.
func (o Opcode) IsControl() bool { return o&0x8 != 0 }

// IsData reports whether o is OpContinuation, OpText or OpBinary, the frames
// that carry the data of a message (RFC 6455 section 5.6).
func (o Opcode) IsData() bool { return o <= OpBinary }

// Reserved reports whether RFC 6455 does not define o: 0x3-0x7 and 0xB-0xF are
// reserved for future frames (section 5.2).
func (o Opcode) Reserved() bool {
	return o > OpBinary && o < OpClose || o > OpPong
}

// String returns the opcode's name in RFC 6455, or "Opcode(3)" for one that
// has none.
func (o Opcode) String() string {
	switch o {
	case OpContinuation:
		return "continuation"
	case OpText:
		return "text"
	case OpBinary:
		return "binary"
	case OpClose:
		return "close"
	case OpPing:
		return "ping"
	case OpPong:
		return "pong"
	}
	return "Opcode(" + strconv.Itoa(int(o)) + ")"
}
