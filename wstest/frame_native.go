//go:build !js

package wstest

import (
	"encoding/binary"

	"github.com/twinws/ws/api"
)

// Opcode says what a frame is (RFC 6455 section 5.2). Numbers without a name
// can be sent as well.
type Opcode byte

// The opcodes of RFC 6455 section 5.2.
const (
	OpContinuation Opcode = 0x0
	OpText         Opcode = 0x1
	OpBinary       Opcode = 0x2
	OpClose        Opcode = 0x8
	OpPing         Opcode = 0x9
	OpPong         Opcode = 0xA
)

// Frame is a frame of RFC 6455 section 5.2, valid or not. Package frame is not
// used for it, so that its mistakes do not go unnoticed.
type Frame struct {
	Opcode Opcode
	// NotLast means that FIN is 0: more of the message follows.
	NotLast bool
	// RSV are the bits RSV1, RSV2 and RSV3: 4, 2 and 1.
	RSV byte
	// Masked reports whether a frame that was received had a mask, which
	// Receive has taken off. A frame to be sent gets a mask of four zeros,
	// which no server may send (RFC 6455 section 5.1).
	Masked bool
	// Payload is sent as it is.
	Payload []byte
}

// Text is a text message in one frame. If s is not UTF-8, the client has to
// fail the connection (RFC 6455 section 8.1).
func Text(s string) Frame { return Frame{Opcode: OpText, Payload: []byte(s)} }

// Binary is a binary message in one frame.
func Binary(p []byte) Frame { return Frame{Opcode: OpBinary, Payload: p} }

// Ping is a ping (RFC 6455 section 5.5.2).
func Ping(p string) Frame { return Frame{Opcode: OpPing, Payload: []byte(p)} }

// Pong is a pong (RFC 6455 section 5.5.3).
func Pong(p string) Frame { return Frame{Opcode: OpPong, Payload: []byte(p)} }

// Close is a close frame (RFC 6455 section 5.5.1), an empty one if code is 0.
// Any other code is sent as it is, those that nobody may send (section 7.4)
// too.
func Close(code api.StatusCode, reason string) Frame {
	f := Frame{Opcode: OpClose}
	if code != 0 {
		f.Payload = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	}
	return f
}

// Fragments are a message of that type in one frame for each of parts (RFC 6455
// section 5.4).
func Fragments(op Opcode, parts ...string) []Frame {
	all := make([]Frame, len(parts))
	for i, p := range parts {
		all[i] = Frame{Opcode: OpContinuation, NotLast: i < len(parts)-1, Payload: []byte(p)}
	}
	if len(all) > 0 {
		all[0].Opcode = op
	}
	return all
}

// Append appends the frame as it is on the wire, its length in the shortest
// form, to dst.
func (f Frame) Append(dst []byte) []byte {
	first, second := byte(f.Opcode)&0x0F|f.RSV&7<<4, byte(0)
	if !f.NotLast {
		first |= 0x80
	}
	if f.Masked {
		second = 0x80
	}
	switch n := len(f.Payload); {
	case n <= 125:
		dst = append(dst, first, second|byte(n))
	case n <= 65535:
		dst = binary.BigEndian.AppendUint16(append(dst, first, second|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, second|127), uint64(n))
	}
	if f.Masked {
		dst = append(dst, 0, 0, 0, 0)
	}
	return append(dst, f.Payload...)
}

// ParseClose returns the code and the reason of a close frame's payload, valid
// or not: StatusNoStatusRcvd if it has no code.
func ParseClose(payload []byte) (api.StatusCode, string) {
	if len(payload) < 2 {
		return api.StatusNoStatusRcvd, ""
	}
	return api.StatusCode(binary.BigEndian.Uint16(payload)), string(payload[2:])
}
