package frame

import "github.com/twinws/ws/api"

// Rules checks the frames of one direction of a connection, in the order in
// which they arrive, against RFC 6455 section 5. The zero value is for a client
// without extensions; set the fields before the first Check.
type Rules struct {
	// Masked is what the peer's frames must be: true when the peer is a
	// client, so when this side is the server.
	Masked bool
	// RSV1 says that an extension which uses the RSV1 bit was agreed on:
	// permessage-deflate (RFC 7692).
	RSV1 bool

	// fragmented is true from the first frame of a message to its last.
	fragmented bool
}

// Check returns nil if h may be the next frame, and records it as that frame.
// Otherwise it returns the rule that h violates, always with status 1002, and
// the connection must be failed; r is unchanged.
//
// It does not see how the length was encoded, which [ParseHeader] checks, nor
// does it remember a close frame, after which all frames are ignored.
func (r *Rules) Check(h Header) *api.ProtocolError {
	first := h.Opcode == OpText || h.Opcode == OpBinary
	switch {
	// An unknown opcode fails the connection.
	case h.Opcode.Reserved():
		return violation("RFC 6455 section 5.2: the opcodes 3-7 and 11-15 are reserved")

	// RSV bits are 0 unless an extension that defines them was negotiated.
	case h.RSV2, h.RSV3:
		return violation("RFC 6455 section 5.2: RSV2 and RSV3 must be 0, no extension uses them")
	case h.RSV1 && !r.RSV1:
		return violation("RFC 6455 section 5.2: RSV1 must be 0 when no extension that uses it was agreed on")

	// RSV1 marks a whole message, so it stands on the message's first frame
	// and on no control frame.
	case h.RSV1 && !first:
		return violation("RFC 7692 section 6: RSV1 may be set only on the first frame of a message")

	// A client masks all its frames; a server masks none.
	case r.Masked && !h.Masked:
		return violation("RFC 6455 section 5.1: a client must mask every frame")
	case !r.Masked && h.Masked:
		return violation("RFC 6455 section 5.1: a server must not mask a frame")

	// A control frame has 125 bytes at most and is not fragmented.
	case h.Opcode.IsControl() && !h.Fin:
		return violation("RFC 6455 section 5.5: a control frame must not be fragmented")
	case h.Opcode.IsControl() && h.Length > MaxControlPayload:
		return violation("RFC 6455 section 5.5: a control frame must not carry more than 125 bytes")

	// It may come between the frames of a message, and changes nothing there.
	case h.Opcode.IsControl():
		return nil

	// The frames of one message are not interleaved with another's: a message
	// begins with its type and goes on with continuation frames to FIN.
	case first && r.fragmented:
		return violation("RFC 6455 section 5.4: a new message must not begin before the last one has ended")
	case h.Opcode == OpContinuation && !r.fragmented:
		return violation("RFC 6455 section 5.4: a continuation frame must follow the start of a message")
	}
	r.fragmented = !h.Fin
	return nil
}

// InMessage reports whether a message has begun and its last frame has not
// been checked yet.
func (r *Rules) InMessage() bool { return r.fragmented }
