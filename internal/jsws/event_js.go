//go:build js && wasm

package jsws

import (
	"slices"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
)

// detachFrom is the size in bytes from which a received buffer is detached after
// it was copied; below, the call costs more than the memory is worth.
const detachFrom = 16 << 10

// Event is one event of a Socket. Message is nil for all but a "message".
type Event struct {
	Type    string // "open", "error" or "close"; "" with a Message
	Message *Message

	// of "close"
	Code     int
	Reason   string
	WasClean bool
}

// Next takes the oldest event from the queue; it reports false when there is
// none.
func (s *Socket) Next() (Event, bool) {
	if s.released {
		return Event{}, false
	}
	e, err := s.shift.Invoke()
	if err != nil || e.IsUndefined() {
		return Event{}, false
	}
	// Only a MessageEvent has data: one look-up instead of decoding the type.
	data, err := e.Get("data")
	if err == nil && !data.IsUndefined() {
		return Event{Message: newMessage(s.b, data)}, true
	}
	event := Event{Type: text(e, "type")}
	if event.Type == "close" {
		event.Code, event.Reason, event.WasClean = closing(e)
	}
	return event, true
}

// closing reads a CloseEvent; what cannot be read counts as abnormal closure.
func closing(e safejs.Value) (code int, reason string, clean bool) {
	code = int(api.StatusAbnormalClosure)
	if v, err := e.Get("code"); err == nil {
		if n, err := v.Int(); err == nil {
			code = n
		}
	}
	if v, err := e.Get("wasClean"); err == nil {
		clean, _ = v.Truthy()
	}
	return code, text(e, "reason"), clean
}

// Message is a received message, still in JavaScript's memory.
type Message struct {
	b    *builtins
	typ  api.MessageType
	data safejs.Value // a string or an ArrayBuffer
	size int          // bytes; of a string that is not encoded yet its UTF-16 units
	err  error        // why data cannot be read

	encoded bool         // bytes is made, of a text
	bytes   safejs.Value // a Uint8Array
}

func newMessage(b *builtins, data safejs.Value) *Message {
	m := &Message{b: b, data: data, typ: api.MessageBinary}
	if data.Type() == safejs.TypeString {
		m.typ = api.MessageText
		m.size, m.err = b.units(data) // each is one byte of UTF-8 at least
		return m
	}
	m.size, m.err = number(data, "byteLength")
	return m
}

// units returns a string's length in UTF-16 units. Go cannot read the length of
// a string; the empty string is last found at its end.
func (b *builtins) units(s safejs.Value) (int, error) {
	n, err := b.lastIndexOf.Invoke(s, b.empty)
	if err != nil {
		return 0, err
	}
	return n.Int()
}

func number(v safejs.Value, name string) (int, error) {
	n, err := v.Get(name)
	if err != nil {
		return 0, err
	}
	return n.Int()
}

// Type says whether the message is text or binary.
func (m *Message) Type() api.MessageType { return m.typ }

// MinSize is at most the size in bytes: exact for binary, for text the number
// of its UTF-16 units.
func (m *Message) MinSize() int { return m.size }

// Size is the size in bytes.
func (m *Message) Size() (int, error) {
	if m.typ == api.MessageText && !m.encoded && m.err == nil {
		m.bytes, m.err = m.b.encode.Invoke(m.data)
		if m.err == nil {
			m.size, m.err = m.bytes.Length()
		}
		m.data, m.encoded = safejs.Undefined(), true
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
	if m.typ == api.MessageBinary {
		if m.bytes, err = m.b.uint8Array.New(m.data); err != nil {
			return dst, err
		}
	}
	p := slices.Grow(dst, n)[:len(dst)+n]
	if _, err := safejs.CopyBytesToGo(p[len(dst):], m.bytes); err != nil {
		return dst, err
	}
	m.free()
	return p, nil
}

func (m *Message) free() {
	if m.size >= detachFrom {
		if buffer, err := m.bytes.Get("buffer"); err == nil {
			m.b.detach(buffer)
		}
	}
	m.data, m.bytes = safejs.Undefined(), safejs.Undefined()
}
