package tunnel

import (
	"errors"
	"fmt"
	"reflect"
	"syscall"
)

// ErrNoStream is the error of a ResponseWriter that cannot carry a stream.
var ErrNoStream = errors.New("it has no FlushError, SetReadDeadline and SetWriteDeadline")

// ResetError is the end of a stream that was reset (RFC 9113 section 6.4, RFC
// 9114 section 4.1.1): by the peer, or over HTTP/2 because the peer broke a
// rule of HTTP. It matches syscall.ECONNRESET, as the error of a TCP connection
// does that the peer has reset.
type ResetError struct {
	Code uint64 // RFC 9113 section 7, RFC 9114 section 8.1
	name string // of the code
	err  error
}

func (e *ResetError) Error() string { return "the stream was reset with " + e.name }

func (e *ResetError) Unwrap() error { return e.err }

func (e *ResetError) Is(target error) bool { return target == syscall.ECONNRESET }

// ended returns the error of a stream of HTTP that returned err.
func ended(err error) error {
	if err == nil {
		return nil
	}
	var reset streamError
	if errors.As(err, &reset) && reset.Cause == nil {
		if reset.Code == 0 { // net/http does that as the handler returns (RFC 9113 section 8.1)
			return err
		}
		return &ResetError{uint64(reset.Code), codeName(reset.Code) + " (RFC 9113 section 7)", err}
	}
	if code, ok := remoteCode(err); ok {
		return &ResetError{code, fmt.Sprintf("%#x (RFC 9114 section 8.1)", code), err}
	}
	return err
}

// streamError has the fields of the errors of net/http and x/net about one
// stream of HTTP/2, which fill it in (errors.As).
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (streamError) Error() string { return "" }

var codes = [...]string{"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
	"STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
	"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"}

func codeName(code uint32) string {
	if uint64(code) < uint64(len(codes)) {
		return codes[code]
	}
	return fmt.Sprintf("code %#x", code)
}

// remoteCode returns the code with which the peer has ended a stream of HTTP/3:
// that of an error of quic-go (http3.Error), whose type is out of reach here.
func remoteCode(err error) (code uint64, ok bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		v := reflect.Indirect(reflect.ValueOf(err))
		if v.Kind() != reflect.Struct {
			continue
		}
		remote, code := v.FieldByName("Remote"), v.FieldByName("ErrorCode")
		if remote.IsValid() && remote.Kind() == reflect.Bool && remote.Bool() && code.IsValid() && code.CanUint() {
			return code.Uint(), true
		}
	}
	return 0, false
}
