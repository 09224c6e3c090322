package tunnel

import (
	"errors"
	"strconv"
	"syscall"
)

// ErrNoStream is the error of a ResponseWriter that cannot carry a stream.
var ErrNoStream = errors.New("the ResponseWriter has no FlushError, SetReadDeadline and SetWriteDeadline")

// ResetError is the end of a stream that the peer has reset (RFC 9113 section
// 6.4). It matches syscall.ECONNRESET, as the error of a TCP connection that
// the peer has reset does.
type ResetError struct {
	Code uint32 // RFC 9113 section 7
	err  error
}

func (e *ResetError) Error() string {
	return "the peer reset the stream with " + codeName(e.Code) + " (RFC 9113 section 7)"
}

func (e *ResetError) Unwrap() error { return e.err }

func (e *ResetError) Is(target error) bool { return target == syscall.ECONNRESET }

// streamError has the fields of net/http's error of that name, which fills it
// in.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "" }

// ended returns the error of a body or a ResponseWriter that returned err.
func ended(err error) error {
	var reset streamError
	if errors.As(err, &reset) {
		return &ResetError{reset.Code, err}
	}
	return err
}

var codes = [...]string{"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
	"STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
	"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"}

func codeName(code uint32) string {
	if int(code) < len(codes) {
		return codes[code]
	}
	return "code " + strconv.FormatUint(uint64(code), 10)
}
