// Package frame is RFC 6455 section 5 as values and pure functions: the frame
// header, the rules that a frame must keep, masking, the payload of a close
// frame, and the incremental check of UTF-8.
//
// Nothing here reads, writes, blocks, or retains memory. Encoders append to the
// caller's slice and encode what they are given; parsers accept only what the
// RFC allows, and return an [api.ProtocolError] with the section that forbids
// the rest.
//
// A receiver processes a frame in these steps:
//
//	h, n, err := frame.ParseHeader(buf)  // ErrShort: read more bytes first
//	perr := rules.Check(h)               // one Rules for each direction
//	pos = frame.Mask(p, h.Key, pos)      // p holds payload bytes as they arrive
//	ok := text.Write(p)                  // text messages only
//
// Valid input is processed without allocation, except for the reason of a close
// frame.
package frame

import "github.com/twinws/ws/api"

// violation is a protocol error that fails the connection with status 1002.
func violation(rule string) *api.ProtocolError {
	return &api.ProtocolError{Code: api.StatusProtocolError, Rule: rule}
}
