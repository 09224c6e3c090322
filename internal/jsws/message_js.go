//go:build js && wasm

package jsws

import (
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/glue"
)

// viewFrom is the size in bytes from which a binary message is read where it
// lies: below, a second copy costs less than an object handed to Go.
const viewFrom = 128 << 10

// Message is a received message.
type Message struct {
	typ  api.MessageType
	size int     // bytes; of a kept text its UTF-16 units
	p    []byte  // the bytes, or nil when they are kept in JavaScript
	s    *Socket // of a kept message
	slot int     // where it is kept
	err  error   // why it cannot be read
}

// parse makes m what the first of records says (see drain), and returns the
// others.
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

// number32 returns the number in p's first 4 bytes, as WebAssembly stores it.
// It is not inlined, for the sake of the page's size.
//
//go:noinline
func number32(p []byte) int { return int(p[0]) | int(p[1])<<8 | int(p[2])<<16 | int(p[3])<<24 }

// Type says whether the message is text or binary.
func (m *Message) Type() api.MessageType { return m.typ }

// MinSize is at most the size in bytes: exact for binary, for a large text the
// number of its UTF-16 units.
func (m *Message) MinSize() int { return m.size }

// AppendTo appends the bytes to dst and lets go of JavaScript's memory. It
// reports false, with dst as it was, when they are more than limit, -1 for
// none. It may be called once.
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

// bytes returns how many bytes the message has, and a Uint8Array of them, nil
// when m.p has them or when it has put them into the memory, which is locked.
func (m *Message) bytes() (view any, n int, err error) {
	isText := m.typ == api.MessageText
	if m.p != nil {
		return nil, m.size, m.err
	}
	if isText && m.size <= glue.MemorySize/3 || !isText && m.size < viewFrom { // a unit is 3 bytes at most
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
	if isText { // the encoder may be of another realm, as in jsdom: use its buffer
		buffer = x.get(x.call(builtins.registers.values[glue.Encoder], "encode", data, nil), "buffer")
	}
	view = x.new(builtins.registers.values[glue.Uint8Array], buffer, nil)
	return view, number(view, "length", 0), x.err
}
