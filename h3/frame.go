package h3

import (
	"fmt"
	"io"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/quicvarint"
)

// Frame types (RFC 9114 section 7.2, and 11.2.1 for those of HTTP/2).
const (
	frameData        = 0x00
	frameHeaders     = 0x01
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

// frameHeader reads the type and length of frames. A read that fails, because
// of a deadline, loses nothing: the next one continues.
type frameHeader struct {
	buf [16]byte
	n   int
}

// read returns io.EOF if the stream ends before a frame, and
// io.ErrUnexpectedEOF if it ends within a header.
func (h *frameHeader) read(r io.Reader) (kind, length uint64, err error) {
	for {
		need := h.need()
		if h.n == need {
			break
		}
		n, err := r.Read(h.buf[h.n:need])
		h.n += n
		switch {
		case n > 0 || err == nil:
		case err == io.EOF && h.n > 0:
			return 0, 0, io.ErrUnexpectedEOF
		default:
			return 0, 0, err
		}
	}
	kind, k, _ := quicvarint.Parse(h.buf[:h.n])
	length, _, _ = quicvarint.Parse(h.buf[k:h.n])
	h.n = 0
	return kind, length, nil
}

// need is how many bytes the header has, as far as that is known: two variable-
// length integers (RFC 9000 section 16).
func (h *frameHeader) need() int {
	if h.n == 0 {
		return 2
	}
	first := 1 << (h.buf[0] >> 6)
	if h.n <= first {
		return first + 1
	}
	return first + 1<<(h.buf[first]>>6)
}

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
	switch kind {
	case frameData, frameHeaders, frameSettings, frameGoAway, frameMaxPushID,
		0x02, 0x06, 0x08, 0x09: // of HTTP/2
	case frameCancelPush, framePushPromise: // there is no push to name
		code = http3.ErrCodeIDError
	default:
		return nil
	}
	return &connectionError{code, fmt.Sprintf("a frame of type %#x %s", kind, where)}
}
