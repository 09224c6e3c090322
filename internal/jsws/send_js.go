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
	out, large := &s.out, len(p) > keepMax
	if large {
		out = new(outbox)
	}
	data, err := out.load(typ, p)
	if err == nil {
		_, err = s.send.Invoke(data)
	}
	if large {
		detach(out.buffer)
	}
	return exception(err)
}

// CloseWith calls close with a code of 1000 or 3000-4999 and a reason of at most
// 123 bytes of UTF-8.
func (s *Socket) CloseWith(code api.StatusCode, reason string) error {
	data, err := s.out.load(api.MessageText, append([]byte(nil), reason...))
	if err == nil {
		_, err = s.ws.Call("close", int(code), data)
	}
	return exception(err)
}

// HangUp calls close without arguments, which never throws: it sends an empty
// close frame, or gives up connecting.
func (s *Socket) HangUp() { s.ws.Call("close") }

// load copies p into the outbox and returns what to hand to JavaScript.
func (o *outbox) load(typ api.MessageType, p []byte) (safejs.Value, error) {
	err := o.fit(len(p))
	if err == nil {
		_, err = safejs.CopyBytesToJS(o.view, p)
	}
	if err != nil || typ == api.MessageBinary {
		return o.view, err
	}
	if !o.asText {
		o.text, err = textOf(o.view)
		o.asText = err == nil
	}
	return o.text, err
}

// fit makes view n bytes long.
func (o *outbox) fit(n int) error {
	if o.n == n && o.size > 0 {
		return nil
	}
	var x try
	if o.size < n || o.size == 0 {
		size := max(o.size, keepMin)
		for size < n {
			size *= 2
		}
		o.buffer, o.size = x.new(builtins.arrayBuffer, size), size
	}
	o.view, o.n, o.asText = x.new(builtins.uint8Array, o.buffer, 0, n), n, false
	if x.err != nil {
		*o = outbox{}
	}
	return x.err
}

// textOf returns an object whose toString decodes view as UTF-8, anew at every
// call. Where JavaScript wants a string it takes the object and calls toString,
// so that the string is never a value in Go: the call saves 2 us, and nothing
// pins the string. It also keeps a leading U+FEFF, which a Go string would lose
// on its way.
func textOf(view safejs.Value) (safejs.Value, error) {
	var x try
	o := x.new(builtins.array) // any object that is neither bytes nor a Blob
	toString := x.call(builtins.decode, "bind", nil, view)
	if x.err == nil {
		x.err = o.Set("toString", toString)
	}
	return o, x.err
}
