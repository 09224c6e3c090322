//go:build js && wasm

package jsws

import (
	"sync"

	"github.com/hack-pad/safejs"
)

// builtins are what every Socket uses of JavaScript, looked up once: each
// look-up costs some 2 us and pins an object.
type builtins struct {
	array, object, arrayBuffer, uint8Array safejs.Value // constructors
	get                                    safejs.Value // Reflect.get
	encode                                 safejs.Value // of a TextEncoder
	decode                                 safejs.Value // of a TextDecoder that keeps a leading U+FEFF
	lastIndexOf                            safejs.Value // String.prototype.lastIndexOf, its this the first argument
	empty                                  safejs.Value // the empty string
	canTransfer                            bool         // ArrayBuffer.prototype.transfer (ES2024) exists
}

var load = sync.OnceValues(loadBuiltins)

func loadBuiltins() (*builtins, error) {
	var x try
	global := safejs.Global()
	b := &builtins{
		array:       x.get(global, "Array"),
		object:      x.get(global, "Object"),
		arrayBuffer: x.get(global, "ArrayBuffer"),
		uint8Array:  x.get(global, "Uint8Array"),
		get:         x.get(x.get(global, "Reflect"), "get"),
		encode:      x.bind(x.new(x.get(global, "TextEncoder")), "encode"),
		decode: x.bind(x.new(x.get(global, "TextDecoder"), "utf-8",
			map[string]any{"fatal": true, "ignoreBOM": true}), "decode"),
	}
	find := x.get(x.get(x.get(global, "String"), "prototype"), "lastIndexOf")
	b.lastIndexOf = x.call(x.get(find, "call"), "bind", find)
	if x.err == nil {
		b.empty, x.err = safejs.ValueOf("")
	}
	transfer := x.get(x.get(b.arrayBuffer, "prototype"), "transfer")
	b.canTransfer = transfer.Type() == safejs.TypeFunction
	return b, x.err
}

// detach gives the memory of an ArrayBuffer back at once. Otherwise the
// js.Value that Go had of it would pin it until Go collects, which may be never:
// Go does not see how much JavaScript holds.
func (b *builtins) detach(buffer safejs.Value) {
	if b.canTransfer {
		buffer.Call("transfer", 0) // one that cannot be detached stays until then
	}
}

// try makes a row of calls readable: after the first error the rest does nothing.
type try struct{ err error }

func (x *try) get(v safejs.Value, name string) safejs.Value {
	return x.do(func() (safejs.Value, error) { return v.Get(name) })
}

func (x *try) set(v safejs.Value, name string, to any) {
	if x.err == nil {
		x.err = v.Set(name, to)
	}
}

func (x *try) new(class safejs.Value, args ...any) safejs.Value {
	return x.do(func() (safejs.Value, error) { return class.New(args...) })
}

func (x *try) call(v safejs.Value, name string, args ...any) safejs.Value {
	return x.do(func() (safejs.Value, error) { return v.Call(name, args...) })
}

// bind returns v's method name, bound to v and args.
func (x *try) bind(v safejs.Value, name string, args ...any) safejs.Value {
	return x.call(x.get(v, name), "bind", append([]any{v}, args...)...)
}

func (x *try) do(f func() (safejs.Value, error)) safejs.Value {
	v := safejs.Undefined()
	if x.err == nil {
		v, x.err = f()
	}
	return v
}
