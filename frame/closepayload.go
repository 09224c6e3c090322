package frame

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/twinws/ws/api"
)

// AppendClose appends the payload of a close frame to dst and returns the
// extended slice: the code in two bytes and then the reason (RFC 6455 section
// 5.5.1). For StatusNoStatusRcvd, which means a close frame without payload, it
// appends nothing.
//
// It encodes its arguments as given: [api.StatusCode.Sendable] reports whether
// code may be sent, and the reason must be UTF-8 of at most [api.MaxReason]
// bytes (123) for the payload to fit a control frame.
func AppendClose(dst []byte, code api.StatusCode, reason string) []byte {
	if code == api.StatusNoStatusRcvd {
		return dst
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...)
}

// ParseClose returns the code and the reason in p, the whole unmasked payload
// of a close frame (RFC 6455 section 5.5.1). An empty p is StatusNoStatusRcvd.
//
// A payload of one byte and a code that must not be sent (section 7.4) are
// errors with status 1002, a reason that is not UTF-8 is one with status 1007.
// [Rules.Check] checks that p has at most 125 bytes.
func ParseClose(p []byte) (code api.StatusCode, reason string, err *api.ProtocolError) {
	switch len(p) {
	case 0:
		return api.StatusNoStatusRcvd, "", nil
	case 1:
		return 0, "", violation("RFC 6455 section 5.5.1: a close frame's payload must begin with a code of two bytes")
	}
	code = api.StatusCode(binary.BigEndian.Uint16(p))
	if !code.Sendable() {
		return 0, "", violation("RFC 6455 section 7.4: a close frame must not carry the code " + code.String())
	}
	if !utf8.Valid(p[2:]) {
		return 0, "", badReason
	}
	return code, string(p[2:]), nil
}

var badReason = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
	Rule: "RFC 6455 section 5.5.1: the reason of a close frame must be UTF-8"}
