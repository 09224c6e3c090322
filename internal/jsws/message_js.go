//go:build js && wasm

package jsws

import (
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
)

// detachFrom is the size in bytes from which a received buffer is detached after
// it was copied; below, the call costs more than the memory is worth.
const detachFrom = 16 << 10

// Message is a received message.
type Message struct {
	typ  api.MessageType
	size int          // bytes; of a string its UTF-16 units
	p    []byte       // a small one's bytes
	s    *Socket      // of another
	data safejs.Value // of another: a string or an ArrayBuffer
	err  error        // why data cannot be read
}

// newSmall returns a small message with a copy of p.
func newSmall(text bool, p []byte) *Message {
	m := &Message{typ: api.MessageBinary, size: len(p), p: make([]byte, len(p))}
	if text {
		m.typ = api.MessageText
	}
	copy(m.p, p)
	return m
}

// Type says whether the message is text or binary.
func (m *Message) Type() api.MessageType { return m.typ }

// MinSize is at most the size in bytes: exact for binary, for large text the
// number of its UTF-16 units.
func (m *Message) MinSize() int { return m.size }

// AppendTo appends the bytes to dst and lets go of JavaScript's memory. It
// reports false, with dst as it was, when they are more than limit, -1 for none.
// It may be called once.
func (m *Message) AppendTo(dst []byte, limit int64) (p []byte, fits bool, err error) {
	memory.Lock()
	defer memory.Unlock()
	view, n, err := m.view()
	switch {
	case err != nil:
		return dst, true, err
	case limit >= 0 && int64(n) > limit:
		return dst, false, nil
	case m.p != nil && dst == nil:
		return m.p, true, nil
	}
	p = dst
	if cap(p)-len(p) < n {
		p = append(make([]byte, 0, len(dst)+n), dst...)
	}
	p = p[:len(dst)+n]
	if m.p != nil {
		copy(p[len(dst):], m.p)
	} else {
		js.CopyBytesToGo(p[len(dst):], view)
		m.forget()
	}
	return p, true, nil
}

// forget lets go of JavaScript's memory.
func (m *Message) forget() {
	if m.typ == api.MessageBinary && m.size >= detachFrom {
		detach(m.data)
	}
	m.data = safejs.Undefined()
}

// view returns a Uint8Array that begins with the message's bytes, and how many
// they are. The memory's lock is held.
func (m *Message) view() (js.Value, int, error) {
	if m.err != nil || m.p != nil {
		return js.Value{}, m.size, m.err
	}
	if m.typ == api.MessageText && m.size <= memorySize/3 { // a unit is 3 bytes at most
		n, err := m.s.measure(encode, m.data)
		return memory.view, n, err
	}
	var x try
	var view any
	n := m.size
	if m.typ == api.MessageText {
		view = x.call(x.new(x.path("TextEncoder")), "encode", m.data)
		n = number(view, "length", 0)
	} else {
		view = x.new(builtins.uint8Array, m.data)
	}
	return safejs.Unsafe(value(view)), n, x.err
}
