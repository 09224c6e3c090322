package wsjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"unicode/utf8"

	"github.com/twinws/ws/api"
)

// Read reads the next message and decodes it to v, a pointer, as json.Unmarshal
// does. Anything but whitespace after the value is an error.
//
// If the message is not such JSON, Read returns an [*Error], and the next Read
// the next message; v may have been set in part. Any other error is the
// connection's. When ctx ends first, nothing of a message is lost: the next
// Read continues. The read limit of the connection applies, and a message over
// it ends the connection.
//
// The message is held in memory once, at its exact size. A Read that waits for
// one holds nothing.
func (o *Codec) Read(ctx context.Context, c api.Conn, v any) error {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return &api.ArgumentError{Name: "v", Problem: "must be a pointer that is not nil: nothing has been read"}
	}
	return read(ctx, c, o.format(), v)
}

// format is what a read accepts. It is not a Codec, so that a page which uses
// none does not link what only a Codec needs.
type format struct {
	binary    bool
	unmarshal func(data []byte, v any) error
}

// format returns what o accepts.
func (o *Codec) format() format {
	if o == nil {
		return format{unmarshal: json.Unmarshal}
	}
	return format{o.Binary, o.unmarshal}
}

func read(ctx context.Context, c api.Conn, f format, v any) error {
	typ, data, err := c.Read(ctx) // which holds no buffer while it waits
	if err == nil {
		err = f.decode(typ, data, 0, v)
	}
	return err
}

// decode decodes data, which stands at an offset of a message, to v.
func (f format) decode(typ api.MessageType, data []byte, at int64, v any) error {
	err := f.refuses(typ)
	switch {
	case err != nil:
		return readError(err, 0, v)
	case typ == api.MessageBinary && !utf8.Valid(data):
		return readError(errNotUTF8, at+firstInvalid(data), v)
	}
	if err := f.unmarshal(data, v); err != nil {
		off := offset(err, len(data))
		if off >= 0 {
			off += at
		}
		return readError(err, off, v)
	}
	return nil
}

// refuses returns why a message of that type is not read.
func (f format) refuses(typ api.MessageType) error {
	if typ == api.MessageBinary && !f.binary {
		return ErrBinary
	}
	return nil
}

// readError is about a message that was to be decoded to v, a pointer.
func readError(err error, at int64, v any) *Error {
	return &Error{Op: "read", Type: reflect.TypeOf(v).Elem(), Offset: at, Err: err}
}

func (o *Codec) unmarshal(data []byte, v any) error {
	switch {
	case o.Unmarshal != nil:
		return o.Unmarshal(data, v)
	case !o.DisallowUnknownFields && !o.UseNumber:
		return json.Unmarshal(data, v)
	}
	// The decoder takes one value of many: that it is the only one is checked
	// first, and by the same rules.
	if !json.Valid(data) {
		return json.Unmarshal(data, new(json.RawMessage))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if o.DisallowUnknownFields {
		d.DisallowUnknownFields()
	}
	if o.UseNumber {
		d.UseNumber()
	}
	return d.Decode(v)
}

// offset returns how many of n bytes had been decoded when err was found; -1 if
// that is not known.
func offset(err error, n int) int64 {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return e.Offset
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return e.Offset
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return int64(n)
	}
	return -1
}

// firstInvalid returns the offset behind the first byte that is not UTF-8.
func firstInvalid(p []byte) int64 {
	n := 0
	for n < len(p) {
		r, size := utf8.DecodeRune(p[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return int64(n) + 1
}
