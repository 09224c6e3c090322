package api

import "strconv"

// MessageType says whether a message is text or binary (RFC 6455 section 5.6).
// Its values are the opcodes on the wire.
type MessageType int

const (
	// MessageText is a message of UTF-8 text.
	MessageText MessageType = 1
	// MessageBinary is a message of arbitrary bytes.
	MessageBinary MessageType = 2
)

// Valid reports whether t is MessageText or MessageBinary.
func (t MessageType) Valid() bool { return t == MessageText || t == MessageBinary }

// String returns "text", "binary", or the number of an invalid type.
func (t MessageType) String() string {
	switch t {
	case MessageText:
		return "text"
	case MessageBinary:
		return "binary"
	}
	return "MessageType(" + strconv.Itoa(int(t)) + ")"
}
