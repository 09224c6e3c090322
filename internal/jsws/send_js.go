//go:build js && wasm

package jsws

import (
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/glue"
)

// Send sends one message. Text must be UTF-8.
//
// The bytes are copied to the glue's memory, and the glue converts text to a
// string. No JavaScript object becomes a value in Go, which would take 2 us and
// keep it alive until Go's next garbage collection. Passing a Go string would
// also lose a leading U+FEFF.
func (s *Socket) Send(typ api.MessageType, p []byte) (err error) {
	if len(p) > glue.MemorySize || s.foreign {
		return exception(s.sendLarge(typ, p))
	}
	memory.Lock()
	js.CopyBytesToJS(memory.view, p)
	_, err = invoke(s.glue[send], len(p), typ == api.MessageText)
	memory.Unlock()
	return exception(err)
}

// sendLarge sends a message from a buffer of its own: one that is larger than
// the memory, and every one if the class is not the platform's own. The
// platform's send copies the bytes, as the standard requires, so the buffer is
// freed at once; another class may keep it.
func (s *Socket) sendLarge(typ api.MessageType, p []byte) error {
	var x try
	data, buffer := x.copy(typ, p)
	x.call(s.ws, "send", data, nil)
	if !s.foreign {
		detach(buffer)
	}
	return x.err
}

// copy returns p as a string or as a Uint8Array, and the buffer of its bytes.
func (x *try) copy(typ api.MessageType, p []byte) (data, buffer any) {
	data = x.new(builtins.registers.values[glue.Uint8Array], len(p), nil)
	buffer = x.get(data, "buffer")
	if x.err == nil {
		js.CopyBytesToJS(safejs.Unsafe(value(data)), p)
	}
	if typ == api.MessageText {
		data = x.call(builtins.registers.values[glue.Decoder], "decode", data, nil)
	}
	return data, buffer
}

// CloseWith calls close with a code of 1000 or 3000-4999 and a reason of at
// most 123 bytes of UTF-8.
func (s *Socket) CloseWith(code api.StatusCode, reason string) error {
	var x try
	text, _ := x.copy(api.MessageText, []byte(reason))
	x.call(s.ws, "close", int(code), text)
	return exception(x.err)
}

// HangUp calls close without arguments, which never throws. It sends an empty
// close frame; while connecting it aborts the attempt.
func (s *Socket) HangUp() { new(try).call(s.ws, "close", nil, nil) }
