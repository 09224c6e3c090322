package h3

import (
	"fmt"
	"io"
	"net/http"

	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws"
	"github.com/twinws/ws/internal/tunnel"
)

// response reads one response, which may be an interim one.
func (s *stream) response() (*http.Response, error) {
	length, err := s.headersFrame()
	if err != nil {
		return nil, err
	}
	if length > maxHeader {
		s.reset(http3.ErrCodeExcessiveLoad)
		return nil, &ws.HandshakeError{Problem: fmt.Sprintf("the header of the response has %d bytes, over the limit of %d", length, maxHeader)}
	}
	block := make([]byte, length)
	if _, err := io.ReadFull(s.q, block); err != nil {
		return nil, endedEarly(err)
	}
	res, err := parseResponse(block)
	if err != nil {
		s.reset(http3.ErrCodeMessageError)
		return nil, &ws.HandshakeError{Problem: "the response is malformed", Cause: err}
	}
	return res, nil
}

// headersFrame reads until the payload of a HEADERS frame, and returns its
// length.
func (s *stream) headersFrame() (uint64, error) {
	var h tunnel.FrameHeader
	for {
		kind, length, err := h.Read(s.q)
		if err != nil {
			return 0, endedEarly(err)
		}
		if kind == frameHeaders {
			return length, nil
		}
		if err := unexpected(kind, "before the response"); err != nil {
			return 0, err
		}
		if _, err := io.CopyN(io.Discard, s.q, int64(length)); err != nil {
			return 0, endedEarly(err)
		}
	}
}

// endedEarly is the error for a stream that ends before the response.
func endedEarly(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return &ws.HandshakeError{Problem: "the server ended the stream before it responded", Cause: io.ErrUnexpectedEOF}
	}
	return err
}
