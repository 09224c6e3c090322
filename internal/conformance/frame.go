package conformance

import (
	"bufio"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The opcodes of RFC 6455 section 5.2.
const (
	OpContinuation byte = 0x0
	OpText         byte = 0x1
	OpBinary       byte = 0x2
	OpClose        byte = 0x8
	OpPing         byte = 0x9
	OpPong         byte = 0xA
)

// The reserved bits of RFC 6455 section 5.2, as Frame.RSV has them.
const (
	RSV1 byte = 4
	RSV2 byte = 2
	RSV3 byte = 1
)

// maxPayload bounds what the peer reads as one frame, in bytes.
const maxPayload = 64 << 20

// Frame is a frame as the peer sends it, right or wrong, or wants it.
type Frame struct {
	Fin     bool
	RSV     byte // RSV1, RSV2 and RSV3
	Op      byte
	Payload []byte // unmasked

	// Announce is the length in the header; 0 means the payload's.
	Announce uint64
	// Width is how many bytes encode the length: 0 means as few as can be,
	// 2 and 8 the longer forms.
	Width int
	// Flip masks a server's frame, and leaves a client's unmasked.
	Flip bool

	// Compress says of a frame to send that the peer compresses its payload, as
	// a message, and sets RSV1; of one that is wanted that it must come
	// compressed. One that is wanted without may come either way.
	Compress bool
	// Cut is how many bytes of the compressed payload go in each fragment; 0
	// means all in one frame.
	Cut int
}

// append appends f as it stands on the wire.
func (f Frame) append(dst []byte, masked bool, key [4]byte) []byte {
	masked = masked != f.Flip
	dst = append(dst, f.RSV<<4|f.Op)
	if f.Fin {
		dst[len(dst)-1] |= 0x80
	}
	length := f.Announce
	if length == 0 {
		length = uint64(len(f.Payload))
	}
	second := len(dst)
	switch {
	case f.Width == 8, f.Width == 0 && length > 0xFFFF:
		dst = binary.BigEndian.AppendUint64(append(dst, 127), length)
	case f.Width == 2, length > 125:
		dst = binary.BigEndian.AppendUint16(append(dst, 126), uint16(length))
	default:
		dst = append(dst, byte(length))
	}
	if !masked {
		return append(dst, f.Payload...)
	}
	dst[second] |= 0x80
	dst = append(dst, key[:]...)
	start := len(dst)
	dst = append(dst, f.Payload...)
	mask(dst[start:], key)
	return dst
}

// mask masks and unmasks p (RFC 6455 section 5.3).
func mask(p []byte, key [4]byte) {
	var block [4096]byte
	n := min(len(p), len(block))
	for i := range block[:n] {
		block[i] = key[i%4]
	}
	for len(p) > 0 {
		p = p[subtle.XORBytes(p, p, block[:n]):]
	}
}

// readFrame reads a frame, and reports whether it was masked. A length in a
// longer form than it needs is an error.
func readFrame(r *bufio.Reader) (f Frame, masked bool, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:2]); err != nil {
		return f, false, err
	}
	f.Fin, f.RSV, f.Op = head[0]&0x80 != 0, head[0]>>4&7, head[0]&0xF
	masked = head[1]&0x80 != 0
	length, least := uint64(head[1]&0x7F), uint64(0)
	switch length {
	case 126:
		_, err = io.ReadFull(r, head[:2])
		length, least = uint64(binary.BigEndian.Uint16(head[:])), 126
	case 127:
		_, err = io.ReadFull(r, head[:8])
		length, least = binary.BigEndian.Uint64(head[:]), 1<<16
	}
	switch {
	case err != nil:
		return f, masked, cutShort(err)
	case length < least:
		return f, masked, fmt.Errorf("the length %d is not in its shortest form (RFC 6455 section 5.2)", length)
	case length > maxPayload:
		return f, masked, fmt.Errorf("a frame of %d bytes", length)
	}
	var key [4]byte
	if masked {
		if _, err := io.ReadFull(r, key[:]); err != nil {
			return f, masked, cutShort(err)
		}
	}
	f.Payload = make([]byte, length)
	if _, err := io.ReadFull(r, f.Payload); err != nil {
		return f, masked, cutShort(err)
	}
	if masked {
		mask(f.Payload, key)
	}
	return f, masked, nil
}

// cutShort is for a stream that ends inside a frame.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func text(s string) Frame     { return Frame{Fin: true, Op: OpText, Payload: []byte(s)} }
func binaryOf(s string) Frame { return Frame{Fin: true, Op: OpBinary, Payload: []byte(s)} }
func ping(s string) Frame     { return Frame{Fin: true, Op: OpPing, Payload: []byte(s)} }
func pong(s string) Frame     { return Frame{Fin: true, Op: OpPong, Payload: []byte(s)} }

// rest is the last fragment of a message, or a stray one.
func rest(s string) Frame { return Frame{Fin: true, Op: OpContinuation, Payload: []byte(s)} }

// empty is a close frame without payload.
var empty = Frame{Fin: true, Op: OpClose}

// closing is a close frame with a code and a reason (RFC 6455 section 5.5.1).
func closing(code int, reason string) Frame {
	p := append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	return Frame{Fin: true, Op: OpClose, Payload: p}
}

// more is f without FIN.
func (f Frame) more() Frame {
	f.Fin = false
	return f
}

// rsv is f with reserved bits.
func (f Frame) rsv(bits byte) Frame {
	f.RSV = bits
	return f
}

// wide is f with its length in a form of 2 or 8 bytes.
func (f Frame) wide(width int) Frame {
	f.Width = width
	return f
}

// announcing is f with another length than its payload's, in 8 bytes.
func (f Frame) announcing(length uint64) Frame {
	f.Announce, f.Width = length, 8
	return f
}

// compressed is f, to be compressed.
func (f Frame) compressed() Frame {
	f.Compress = true
	return f
}

// fragments cuts the payload of f into frames of size bytes, the last one
// shorter.
func (f Frame) fragments(size int) []Frame {
	var all []Frame
	p := f.Payload
	for first := true; first || len(p) > 0; first = false {
		n := min(size, len(p))
		part := Frame{Op: OpContinuation, Payload: p[:n]}
		if first {
			part.Op, part.RSV = f.Op, f.RSV
		}
		all = append(all, part)
		p = p[n:]
	}
	all[len(all)-1].Fin = f.Fin
	return all
}
