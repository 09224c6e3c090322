package h3

import (
	"fmt"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"

	"github.com/twinws/ws/internal/tunnel"
)

// Frame types (RFC 9114 section 7.2).
const (
	frameData        = tunnel.FrameData
	frameHeaders     = tunnel.FrameHeaders
	frameCancelPush  = 0x03
	frameSettings    = 0x04
	framePushPromise = 0x05
	frameGoAway      = 0x07
	frameMaxPushID   = 0x0d
)

// Types of unidirectional streams (RFC 9114 section 6.2, RFC 9204 section 4.2).
const (
	streamControl      = 0x00
	streamPush         = 0x01
	streamQPACKEncoder = 0x02
	streamQPACKDecoder = 0x03
)

// appendFrame appends the header of a frame.
func appendFrame(dst []byte, kind, length uint64) []byte {
	return quicvarint.Append(quicvarint.Append(dst, kind), length)
}

// connectionError is a violation of HTTP/3 by the server which ends the whole
// connection (RFC 9114 section 8).
type connectionError struct {
	code http3.ErrCode
	text string
}

func (e *connectionError) Error() string {
	return "h3: the server violated HTTP/3: " + e.text + " (" + e.code.String() + ")"
}

// unexpected is the error for a frame that must not be on a stream. It returns
// nil for a type that is unknown, and is to be skipped (RFC 9114 section 9).
func unexpected(kind uint64, where string) error {
	code := http3.ErrCodeFrameUnexpected
	switch {
	case tunnel.Unknown(kind):
		return nil
	case kind == frameCancelPush || kind == framePushPromise: // there is no push to name
		code = http3.ErrCodeIDError
	}
	return &connectionError{code, fmt.Sprintf("a frame of type %#x %s", kind, where)}
}
