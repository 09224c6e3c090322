package wsjson

import (
	"io"

	"github.com/twinws/ws/api"
)

// Codec reads and writes JSON with options. Its zero value, and a nil pointer,
// do what the functions Read and Write do. It may be used by many goroutines,
// and is not modified.
//
// With Go 1.27 or later these hooks make it use encoding/json/v2:
//
//	wsjson.Codec{
//		Marshal:   func(w io.Writer, v any) error { return json.MarshalWrite(w, v) },
//		Unmarshal: func(data []byte, v any) error { return json.Unmarshal(data, v) },
//	}
type Codec struct {
	// Binary makes writes send binary messages, and reads accept them besides
	// text. Otherwise a binary message is refused with ErrBinary: it is more
	// likely to be something else than JSON, which is text. Whether a binary
	// message is UTF-8, as RFC 8259 section 8.1 requires, is checked.
	Binary bool

	// DisallowUnknownFields refuses objects with names that the Go struct does
	// not have, as json.Decoder does. It is ignored if Unmarshal is set.
	DisallowUnknownFields bool

	// UseNumber decodes a number into an interface as a json.Number instead of
	// a float64. It is ignored if Unmarshal is set.
	UseNumber bool

	// Marshal writes the JSON of v to w; nil means that of encoding/json, as
	// json.Encoder writes it. Nothing is sent before it has returned nil. A
	// newline at the end is left out.
	Marshal func(w io.Writer, v any) error

	// Unmarshal decodes data, a whole message or the element of an array, to v;
	// nil means json.Unmarshal. It must not retain data, and has to refuse what
	// follows the value.
	Unmarshal func(data []byte, v any) error
}

// typ is the type of the messages that are sent.
func (o *Codec) typ() api.MessageType {
	if o != nil && o.Binary {
		return api.MessageBinary
	}
	return api.MessageText
}
