// Package deflate compresses and inflates messages for permessage-deflate
// (RFC 7692 section 7.2). It alone knows the flate library.
//
// What is expensive, the compressor's tables and the inflater's window, comes
// from pools and is held only while a message is being worked on. A connection
// with context takeover keeps nothing but the end of what was said, as the
// dictionary of the next message, so that an idle connection costs no more than
// its windows.
package deflate

import "errors"

// ErrCorrupt is returned for a payload that does not inflate.
var ErrCorrupt = errors.New("the payload of a compressed message does not inflate (RFC 7692 section 7.2.2)")

// tail is what a sender cuts off a message and a receiver puts back (RFC 7692
// sections 7.2.1 and 7.2.2).
const tail = "\x00\x00\xff\xff"

const (
	minBits = 8
	maxBits = 15
	// takeoverBits bounds the dictionary that a sender keeps, in bits: the
	// window may be larger, but more memory finds little more.
	takeoverBits = 13
)

// window returns the size in bytes of a window of bits, held to 8 to 15.
func window(bits int) int { return 1 << min(max(bits, minBits), maxBits) }
