// Package deflate compresses and decompresses messages for permessage-deflate
// (RFC 7692 section 7.2). It is the only user of the flate library.
//
// The expensive parts, the compressor's tables and the decompressor's window,
// come from pools and are in use only while a message is processed. A
// connection with context takeover keeps only the last bytes of its messages,
// as the dictionary of the next message, so that an idle connection costs no
// more than its windows.
package deflate

import "errors"

// ErrCorrupt is returned for a payload that cannot be decompressed.
var ErrCorrupt = errors.New("the payload of a compressed message does not inflate (RFC 7692 section 7.2.2)")

// tail is what a sender removes from a message and a receiver appends (RFC 7692
// sections 7.2.1 and 7.2.2).
const tail = "\x00\x00\xff\xff"

const (
	minBits = 8
	maxBits = 15
	// takeoverBits bounds the dictionary that a sender keeps, in bits: the
	// window may be larger, but more memory gains little.
	takeoverBits = 13
)

// window returns the size in bytes of a window of bits, clamped to 8 to 15.
func window(bits int) int { return 1 << min(max(bits, minBits), maxBits) }
