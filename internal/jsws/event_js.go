//go:build js && wasm

package jsws

import (
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// detachFrom is the size in bytes from which a received buffer is detached after
// it was copied; below, the call costs more than the memory is worth.
const detachFrom = 16 << 10

// Next takes the oldest event from the queue; it reports false when there is
// none.
func (s *Socket) Next() (e event.Event, ok bool) {
	if s.released {
		return e, false
	}
	v, err := s.in.shift.Invoke()
	if err != nil || v.IsUndefined() {
		return e, false
	}
	// Only a MessageEvent has data: one look-up instead of decoding the type.
	if data, err := v.Get("data"); err == nil && !data.IsUndefined() {
		e.Kind, e.Message = event.Received, newMessage(data)
		return e, true
	}
	switch text(v, "type") {
	case "open":
		e.Kind = event.Opened
	case "close":
		e.Kind = event.Ended
		e.Code = api.StatusCode(number(v, "code", int(api.StatusAbnormalClosure)))
		e.Reason = text(v, "reason")
		if clean, err := v.Get("wasClean"); err == nil {
			e.Clean = clean.Equal(safejs.Safe(js.ValueOf(true)))
		}
	default:
		e.Kind = event.Failed
	}
	return e, true
}

// Message is a received message, still in JavaScript's memory.
type Message struct {
	typ  api.MessageType
	data safejs.Value // a string or an ArrayBuffer
	utf8 safejs.Value // of a string: a Uint8Array of its bytes, once encoded
	size int          // bytes; of a string that is not encoded yet its UTF-16 units
	err  error        // why data cannot be read
}

func newMessage(data safejs.Value) *Message {
	m := &Message{typ: api.MessageBinary, data: data}
	if data.Type() == safejs.TypeString {
		m.typ = api.MessageText
		m.size = units(data) // each is one byte of UTF-8 at least
	} else if m.size = number(data, "byteLength", -1); m.size < 0 {
		m.err = errUnreadable
	}
	return m
}

// units returns a string's length in UTF-16 units. Go cannot read the length of
// a string; the empty string is last found at its end.
func units(s safejs.Value) int {
	n, err := builtins.lastIndexOf.Invoke(s, builtins.empty)
	if err != nil {
		return 0
	}
	return toInt(n, 0)
}

// Type says whether the message is text or binary.
func (m *Message) Type() api.MessageType { return m.typ }

// MinSize is at most the size in bytes: exact for binary, for text the number
// of its UTF-16 units.
func (m *Message) MinSize() int { return m.size }

// Size is the size in bytes.
func (m *Message) Size() (int, error) {
	if m.typ == api.MessageText && m.utf8.IsUndefined() && m.err == nil {
		if m.utf8, m.err = builtins.encode.Invoke(m.data); m.err == nil {
			m.size = number(m.utf8, "length", 0)
		}
	}
	return m.size, m.err
}

// AppendTo appends the bytes to dst and lets go of JavaScript's memory. It may
// be called once.
func (m *Message) AppendTo(dst []byte) ([]byte, error) {
	n, err := m.Size()
	if err != nil || n == 0 {
		return dst, err
	}
	view := m.utf8
	if m.typ == api.MessageBinary {
		view, err = builtins.uint8Array.New(m.data)
	}
	p := dst
	if cap(p)-len(p) < n {
		p = append(make([]byte, 0, len(dst)+n), dst...)
	}
	p = p[:len(dst)+n]
	if err == nil {
		_, err = safejs.CopyBytesToGo(p[len(dst):], view)
	}
	if err != nil {
		return dst, err
	}
	if m.typ == api.MessageBinary && n >= detachFrom {
		detach(m.data)
	}
	m.data, m.utf8 = safejs.Undefined(), safejs.Undefined()
	return p, nil
}
