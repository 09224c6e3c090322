//go:build js && wasm

package jsws

import "github.com/hack-pad/safejs"

// builtins is what every Socket uses of JavaScript, looked up once: each look-up
// costs some 2 us and pins an object.
var builtins struct {
	loaded bool

	array, arrayBuffer, uint8Array safejs.Value // constructors
	options                        safejs.Value // of the decoder, and of a listener that is called once
	encode                         safejs.Value // of a TextEncoder
	decode                         safejs.Value // of a TextDecoder that keeps a leading U+FEFF
	lastIndexOf                    safejs.Value // String.prototype.lastIndexOf, its this the first argument
	empty                          safejs.Value // the empty string
}

// load fills builtins. It needs no lock: JavaScript has one thread, and so has
// Go in it.
func load() error {
	b := &builtins
	if b.loaded {
		return nil
	}
	var x try
	b.array = x.path("Array")
	b.arrayBuffer = x.path("ArrayBuffer")
	b.uint8Array = x.path("Uint8Array")
	b.options = x.new(x.path("Object"))
	for _, name := range [...]string{"fatal", "ignoreBOM", "once"} {
		if x.err == nil {
			x.err = b.options.Set(name, true)
		}
	}
	b.encode = x.bind(x.new(x.path("TextEncoder")), "encode")
	b.decode = x.bind(x.new(x.path("TextDecoder"), "utf-8", b.options), "decode")
	b.lastIndexOf = x.bind(x.path("String", "prototype", "lastIndexOf"), "call")
	b.empty = x.path("Function", "prototype", "name")
	b.loaded = x.err == nil
	return x.err
}

// detach gives the memory of an ArrayBuffer back at once. Otherwise the
// js.Value that Go had of it would pin it until Go collects, which may be never:
// Go does not see how much JavaScript holds. Engines older than ES2024 cannot,
// and there it stays until then.
func detach(buffer safejs.Value) { buffer.Call("transfer", 0) }

// try makes a row of calls readable: after the first error the rest does
// nothing. Its methods are not inlined, for the sake of the page's size.
type try struct{ err error }

// path follows properties from the global object.
func (x *try) path(names ...string) safejs.Value {
	v := safejs.Global()
	for _, name := range names {
		v = x.get(v, name)
	}
	return v
}

//go:noinline
func (x *try) get(v safejs.Value, name string) (p safejs.Value) {
	if x.err == nil {
		p, x.err = v.Get(name)
	}
	return p
}

//go:noinline
func (x *try) new(class safejs.Value, args ...any) (o safejs.Value) {
	if x.err == nil {
		o, x.err = class.New(args...)
	}
	return o
}

//go:noinline
func (x *try) call(v safejs.Value, name string, args ...any) (result safejs.Value) {
	if x.err == nil {
		result, x.err = v.Call(name, args...)
	}
	return result
}

// bind returns v's method name, bound to v and args.
func (x *try) bind(v safejs.Value, name string, args ...any) safejs.Value {
	return x.call(x.get(v, name), "bind", append([]any{v}, args...)...)
}

// number returns v's property name if it is a number, else otherwise.
func number(v safejs.Value, name string, otherwise int) int {
	p, err := v.Get(name)
	if err != nil {
		return otherwise
	}
	return toInt(p, otherwise)
}

func toInt(v safejs.Value, otherwise int) int {
	if v.Type() != safejs.TypeNumber {
		return otherwise
	}
	f, err := v.Float()
	if err != nil {
		return otherwise
	}
	return int(f)
}

// text returns v's property name if it is a string, else "".
func text(v safejs.Value, name string) string {
	p, err := v.Get(name)
	if err != nil || p.Type() != safejs.TypeString {
		return ""
	}
	s, err := p.String()
	if err != nil {
		return ""
	}
	return s
}
