package wsjson

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"sync"

	"github.com/twinws/ws/api"
)

// Write sends the JSON of v as one message, text unless Binary is true.
//
// The value is encoded whole before the first byte is sent, and is then sent
// from the encoder's own memory, without another copy. If v has no JSON, Write
// returns an [*Error] and has sent nothing. Any other error is the
// connection's.
func (o *Codec) Write(ctx context.Context, c api.Conn, v any) error {
	m := encoders.Get().(*encoder)
	m.ctx, m.c, m.typ = ctx, c, o.typ()
	err := m.encode(o, v)
	if err == nil && !m.sent {
		m.send(trimNewline(m.buf))
	}
	switch {
	case m.err != nil:
		return sendError(m.err, v) // the encoder is not used again
	case err != nil:
		return writeError(err, v)
	}
	m.release()
	return nil
}

// encoder encodes values, one after the other, to buf. If it has a connection,
// it sends the value instead, without copying it to buf, if it is written in
// one piece.
type encoder struct {
	json *json.Encoder // writes to the encoder
	buf  []byte

	ctx  context.Context
	c    api.Conn // nil to encode only
	typ  api.MessageType
	sent bool
	err  error // the connection's
}

var encoders = sync.Pool{New: func() any {
	m := new(encoder)
	m.json = json.NewEncoder(m)
	return m
}}

// release lets another call use m. After an error it must not be called.
func (m *encoder) release() {
	buffers.keep(m.buf)
	*m = encoder{json: m.json}
	encoders.Put(m)
}

func (m *encoder) encode(o *Codec, v any) error {
	if o != nil && o.Marshal != nil {
		return o.Marshal((*collector)(m), v) // which may fail after a part
	}
	return m.json.Encode(v)
}

// Write takes what encoding/json encodes. The newline at the end, which is
// nowhere else in what it encodes, says that the value is complete.
func (m *encoder) Write(p []byte) (int, error) {
	if m.c == nil || m.sent || len(m.buf) > 0 || p[len(p)-1] != '\n' {
		m.buf = append(m.buf, p...)
		return len(p), nil
	}
	return len(p), m.send(p[:len(p)-1])
}

func (m *encoder) send(p []byte) error {
	m.sent = true
	m.err = m.c.Write(m.ctx, m.typ, p)
	return m.err
}

// collector takes what a hook encodes.
type collector encoder

func (m *collector) Write(p []byte) (int, error) {
	m.buf = append(m.buf, p...)
	return len(p), nil
}

func trimNewline(p []byte) []byte {
	if n := len(p); n > 0 && p[n-1] == '\n' {
		return p[:n-1]
	}
	return p
}

// sendError is the connection's error in sending v. That text is not UTF-8 is
// not the connection's fault: a json.RawMessage or a MarshalJSON of v is wrong.
func sendError(err error, v any) error {
	if e, ok := errors.AsType[*api.ArgumentError](err); ok && e.Name == "p" {
		return writeError(errNotUTF8, v)
	}
	return err
}

func writeError(err error, v any) *Error {
	return &Error{Op: "write", Type: reflect.TypeOf(v), Offset: -1, Err: err}
}
