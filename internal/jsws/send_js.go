//go:build js && wasm

package jsws

import (
	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
)

const (
	// keepMin and keepMax are the sizes in bytes of the buffer that a Socket
	// keeps for sending. It starts with one and doubles up to the other; a larger
	// message gets a buffer of its own, detached when it was sent.
	keepMin = 1 << 10
	keepMax = 1 << 20
)

// outbox is the memory that messages are sent from. A fresh view per message
// would pin its object until a Go collection, so the view is kept for as long
// as messages have the same length; the memory below it is kept anyway.
type outbox struct {
	buffer safejs.Value // ArrayBuffer of size bytes
	size   int
	view   safejs.Value // Uint8Array over the buffer's first n bytes
	n      int
	text   safejs.Value // object that turns into view's text, see textOf
	asText bool         // text belongs to view
}

// Send sends one message. Text must be UTF-8.
func (s *Socket) Send(typ api.MessageType, p []byte) error {
	if len(p) > keepMax {
		return s.sendLarge(typ, p)
	}
	if err := s.out.fit(s.b, len(p)); err != nil {
		return exception(err)
	}
	if _, err := safejs.CopyBytesToJS(s.out.view, p); err != nil {
		return exception(err)
	}
	data := s.out.view
	if typ == api.MessageText {
		if !s.out.asText {
			var err error
			if s.out.text, err = s.b.textOf(s.out.view); err != nil {
				return exception(err)
			}
			s.out.asText = true
		}
		data = s.out.text
	}
	_, err := s.send.Invoke(data)
	return exception(err)
}

// fit makes view n bytes long.
func (o *outbox) fit(b *builtins, n int) (err error) {
	if o.size >= max(n, 1) && o.n == n {
		return nil
	}
	if o.size < n || o.size == 0 {
		size := max(o.size, keepMin)
		for size < n {
			size *= 2
		}
		buffer, err := b.arrayBuffer.New(size)
		if err != nil {
			return err
		}
		if o.size > 0 {
			b.detach(o.buffer)
		}
		*o = outbox{buffer: buffer, size: size}
	}
	o.n, o.asText, o.text = -1, false, safejs.Undefined() // no view, in case of an error
	if o.view, err = b.uint8Array.New(o.buffer, 0, n); err == nil {
		o.n = n
	}
	return err
}

// sendLarge sends p from a buffer of its own, which is then detached.
func (s *Socket) sendLarge(typ api.MessageType, p []byte) error {
	var x try
	buffer := x.new(s.b.arrayBuffer, len(p))
	view := x.new(s.b.uint8Array, buffer)
	if x.err != nil {
		return exception(x.err)
	}
	defer s.b.detach(buffer)
	if _, err := safejs.CopyBytesToJS(view, p); err != nil {
		return exception(err)
	}
	data := view
	if typ == api.MessageText {
		if data, x.err = s.b.textOf(view); x.err != nil {
			return exception(x.err)
		}
	}
	_, err := s.send.Invoke(data)
	return exception(err)
}

// textOf returns an object whose toString decodes view as UTF-8, anew at every
// call. Where JavaScript wants a string it takes the object and calls toString,
// so that the string is never a value in Go: the call saves 2 us, and nothing
// pins the string. It also keeps a leading U+FEFF, which a Go string would lose
// on its way.
func (b *builtins) textOf(view safejs.Value) (safejs.Value, error) {
	var x try
	o := x.new(b.object)
	x.set(o, "toString", x.call(b.decode, "bind", nil, view))
	return o, x.err
}

// CloseWith calls close with a code of 1000 or 3000-4999 and a reason of at most
// 123 bytes of UTF-8.
func (s *Socket) CloseWith(code int, reason string) error {
	var x try
	view := x.new(s.b.uint8Array, len(reason))
	if x.err == nil {
		_, x.err = safejs.CopyBytesToJS(view, []byte(reason))
	}
	if x.err != nil {
		return exception(x.err)
	}
	text, err := s.b.textOf(view)
	if err != nil {
		return exception(err)
	}
	_, err = s.ws.Call("close", code, text)
	return exception(err)
}

// Close calls close without arguments, which never throws: it sends an empty
// close frame, or gives up connecting.
func (s *Socket) Close() { s.ws.Call("close") }
