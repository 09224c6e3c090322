// Package wsjson reads and writes messages of JSON (RFC 8259) over a WebSocket
// connection, the same natively and in a browser.
//
// [Read] and [Write] exchange one value in one message. [ReadElements] and
// [WriteElements] exchange an array in one message, element by element, so that
// neither side has to hold the whole of it in memory. [Codec] has the options.
//
// An [*Error] is about JSON: the message or the value is bad, and the
// connection is as good as before. A message that is not what was asked for has
// been read to its end, so that the next Read returns the next message. Every
// other error is the connection's, as its methods return it: an ended context,
// the peer's close, a message over the read limit.
//
// The JSON is that of package encoding/json, in every Go release: a program
// does not change with Go's. encoding/json/v2 is stable as of Go 1.27 only;
// [Codec] says how it can be used.
//
// In a browser: encoding/json and reflect are linked into the page.
package wsjson

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"

	"github.com/twinws/ws/api"
)

// ErrBinary is matched by the error of a read whose message is binary, although
// Codec.Binary is false.
var ErrBinary = errors.New("the message is binary, not text: if the peer sends JSON so, set Codec.Binary")

// errNotUTF8 is about binary messages; the connection has checked text.
var errNotUTF8 = errors.New("JSON must be UTF-8 (RFC 8259 section 8.1)")

// Error says that a message is not the JSON that was asked for, or that a value
// has no JSON. Unless Ended is true, the connection is as good as before.
type Error struct {
	// Op is "read" or "write".
	Op string
	// Type is the Go type that the message was to be decoded to, or of the
	// value that was to be encoded; nil for an untyped nil, and if the error is
	// not about a value.
	Type reflect.Type
	// Offset is how many bytes of the message had been decoded when the error
	// was found, the wrong one included, as in json.SyntaxError; -1 if that is
	// not known, and for a write.
	Offset int64
	// Ended reports whether the connection was ended because of the error: a
	// part of the message had been sent, which cannot be withdrawn. Only
	// WriteElements does that. The error then matches api.ErrClosed.
	Ended bool
	// Err is the error of encoding/json, such as a *json.SyntaxError or a
	// *json.UnmarshalTypeError, that of a method of the value, ErrBinary, or
	// what the sequence given to WriteElements yielded. It is unwrapped.
	Err error
}

// Error returns the operation, the type, the offset and the cause.
func (e *Error) Error() string {
	s := "wsjson: " + e.Op
	if e.Type != nil {
		s += " " + e.Type.String()
	}
	if e.Offset >= 0 {
		s += " at byte " + strconv.FormatInt(e.Offset, 10)
	}
	s += ": " + e.Err.Error()
	if e.Ended {
		s += "; a part of the message had been sent, so the connection was ended"
	}
	return s
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is makes an error with Ended match api.ErrClosed.
func (e *Error) Is(target error) bool { return e.Ended && target == api.ErrClosed }

// Read reads the next message and returns the value that is its JSON. It is the
// Read of a zero [Codec]; on error it returns T's zero value.
func Read[T any](ctx context.Context, c api.Conn) (T, error) {
	var v, zero T
	if err := read(ctx, c, format{unmarshal: json.Unmarshal}, &v); err != nil {
		return zero, err
	}
	return v, nil
}

// Write sends the JSON of v as one text message. It is the Write of a zero
// [Codec].
func Write(ctx context.Context, c api.Conn, v any) error {
	return (*Codec)(nil).Write(ctx, c, v)
}
