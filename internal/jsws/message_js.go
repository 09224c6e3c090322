//go:build js && wasm

package jsws

import (
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/glue"
)

// viewFrom is the size in bytes from which a binary message is copied directly
// from its ArrayBuffer. For smaller ones a second copy, through the glue's
// memory, costs less than passing an object to Go.
const viewFrom = 128 << 10

// Message is a received message.
type Message struct {
	typ  api.MessageType
	size int     // in bytes; for a kept text, in UTF-16 units
	p    []byte  // the bytes, nil if they are kept in JavaScript
	s    *Socket // of a kept message
	slot int     // where it is kept
	err  error   // why it cannot be read
}

// parse sets m from the first of records (for their format see drain in package
// glue), and returns the others.
func (m *Message) parse(s *Socket, records []byte) []byte {
	kind := number32(records)
	m.size = number32(records[4:])
	records = records[glue.HeaderSize:]
	m.typ = api.MessageBinary
	if kind&1 != 0 {
		m.typ = api.MessageText
	}
	if kind&2 != 0 {
		m.s, m.slot = s, kind>>2
		return records
	}
	m.p = make([]byte, m.size)
	return records[copy(m.p, records):]
}

// number32 returns the little-endian number in p's first 4 bytes. It is not
// inlined, to keep pages small.
//
//go:noinline
func number32(p []byte) int { return int(p[0]) | int(p[1])<<8 | int(p[2])<<16 | int(p[3])<<24 }

// Type says whether the message is text or binary.
func (m *Message) Type() api.MessageType { return m.typ }

// MinSize is a lower bound of the size in bytes: exact, except for a large
// text, where it is the number of UTF-16 units.
func (m *Message) MinSize() int { return m.size }

// AppendTo appends the bytes to dst and frees JavaScript's memory. If they
// exceed limit (-1 for none) it reports false and leaves dst unchanged. It may
// be called once.
func (m *Message) AppendTo(dst []byte, limit int64) (p []byte, fits bool, err error) {
	memory.Lock()
	from := memory.view
	view, n, err := m.bytes()
	if view != nil {
		from = safejs.Unsafe(value(view))
	}
	fits = limit < 0 || int64(n) <= limit
	switch p = dst; {
	case err != nil || !fits:
	case m.p != nil && dst == nil:
		p = m.p
	case m.p != nil:
		p = append(dst, m.p...)
	default:
		if cap(p)-len(p) < n {
			p = append(make([]byte, 0, len(dst)+n), dst...)
		}
		p = p[:len(dst)+n]
		js.CopyBytesToGo(p[len(dst):], from)
	}
	memory.Unlock()
	if view != nil {
		detach(new(try).get(view, "buffer"))
	}
	return p, fits, err
}

// bytes returns the size of the message in bytes, and a Uint8Array of them; nil
// if they are in m.p, or if it has copied them to the glue's memory, whose lock
// the caller has.
func (m *Message) bytes() (view any, n int, err error) {
	isText := m.typ == api.MessageText
	if m.p != nil {
		return nil, m.size, m.err
	}
	if isText && m.size <= glue.MemorySize/3 || !isText && m.size < viewFrom { // at most 3 bytes per unit
		v, err := invoke(m.s.glue[load], m.slot, isText)
		if err != nil || safejs.Unsafe(v).Int() < 0 {
			return nil, 0, errUnreadable
		}
		return nil, safejs.Unsafe(v).Int(), nil
	}
	data, err := invoke(m.s.glue[fetch], m.slot)
	x := try{err}
	if data.IsNull() {
		x.err = errUnreadable
	}
	var buffer any = data
	if isText { // the encoder's Uint8Array may be of another realm, as in jsdom: use its buffer
		buffer = x.get(x.call(builtins.registers.values[glue.Encoder], "encode", data, nil), "buffer")
	}
	view = x.new(builtins.registers.values[glue.Uint8Array], buffer, nil)
	return view, number(view, "length", 0), x.err
}
