//go:build js && wasm

package jsws

import (
	"errors"
	"sync"
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/internal/glue"
)

// builtins is what every Socket uses of JavaScript, looked up once: each look-up
// costs some 2 us and pins an object.
var builtins struct {
	reflect    [4]any // functions of Reflect, which all else goes through
	uint8Array any    // constructor
	decoder    any    // TextDecoder that keeps a leading U+FEFF
	module     any    // the glue
	imports    []any  // of its instances, but for what belongs to a Socket
}

// memory is the glue's memory. What is put there stays while its lock is held.
var memory struct {
	sync.Mutex
	view js.Value // Uint8Array
}

// Functions of JavaScript's Reflect, in builtins.reflect.
const (
	get = iota
	set
	construct
	apply
)

// prepare fills builtins. It needs no lock: JavaScript has one thread, and so has
// Go in it. What it fails of it tries again the next time.
func prepare() error {
	b := &builtins
	if b.module != nil {
		return nil
	}
	reflect := js.Global().Get("Reflect")
	for i, name := range [...]string{"get", "set", "construct", "apply"} {
		b.reflect[i] = safejs.Safe(reflect.Get(name))
	}
	var x try
	options := x.new(x.need("Object"), nil, nil) // of the decoder, and of the memory
	for _, name := range [...]string{"fatal", "ignoreBOM", "initial", "maximum"} {
		x.reflect(set, options, name, glue.MemorySize>>16)
	}
	b.uint8Array = x.need("Uint8Array")
	b.decoder = x.new(x.need("TextDecoder"), "utf-8", options)
	pages := x.new(x.need("WebAssembly.Memory"), options, nil)
	all := x.new(b.uint8Array, x.get(pages, "buffer"), nil)
	memory.view = safejs.Unsafe(value(all))
	encoder := x.new(x.need("TextEncoder"), nil, nil)
	b.imports = []any{
		x.getter("MessageEvent", "data"), b.reflect[get], x.path("Object"), x.path("Object.is"),
		x.path("Array.of"), x.call(b.reflect[construct], "bind", all, b.uint8Array), x.getter("ArrayBuffer", "byteLength"),
		x.bind(encoder, "encodeInto"), x.bind(b.decoder, "decode"), x.bind(all, "set"), x.bind(all, "subarray"),
		b.reflect[get], "length", "written", "data", pages,
	}
	module := x.path(handedIn)
	if x.err == nil && value(module).IsUndefined() {
		code := x.new(b.uint8Array, len(glue.Module), nil)
		js.CopyBytesToJS(safejs.Unsafe(value(code)), batch[:copy(batch[:], glue.Module)])
		if module = x.new(x.need("WebAssembly.Module"), code, nil); x.err != nil {
			return errors.New(x.err.Error() + ": where WebAssembly cannot be compiled at run time set " + handedIn + " to glue.wasm")
		}
	}
	if x.err == nil {
		b.module = module
	}
	return x.err
}

// handedIn is the global variable with the glue as a WebAssembly.Module, for
// platforms that compile none at run time, such as workerd.
const handedIn = "twinwsGlue"

// detach gives the memory of an ArrayBuffer back at once. Otherwise the
// js.Value that Go had of it would pin it until Go collects, which may be never:
// Go does not see how much JavaScript holds. Engines older than ES2024 cannot,
// and there it stays until then.
func detach(buffer any) { new(try).call(buffer, "transfer", 0, nil) }

// try makes a row of calls readable: after the first error the rest does
// nothing. Its values are safejs.Values as any, its arguments have fixed numbers,
// of which nil ones are left out, and all goes through JavaScript's Reflect: so a call
// takes the least room in the page.
type try struct{ err error }

// reflect calls builtins.reflect[f].
//
//go:noinline
func (x *try) reflect(f int, a, b, c any) any {
	if x.err != nil {
		return nil
	}
	v, err := invoke(value(builtins.reflect[f]), list(a, b, c)...)
	x.err = err
	return v
}

// list returns those of args that are not nil.
func list(args ...any) []any {
	n := 0
	for n < len(args) && args[n] != nil {
		n++
	}
	return args[:n]
}

//go:noinline
func (x *try) get(v any, name string) any { return x.reflect(get, v, name, nil) }

//go:noinline
func (x *try) new(class, a, b any) any { return x.reflect(construct, class, list(a, b), nil) }

//go:noinline
func (x *try) call(v any, name string, a, b any) any {
	return x.reflect(apply, x.get(v, name), v, list(a, b))
}

// bind returns v's method name, bound to v.
//
//go:noinline
func (x *try) bind(v any, name string) any { return x.call(x.get(v, name), "bind", v, nil) }

// getter returns the getter of a property of the global class's instances, as a
// function of the object and the property's name; where there is none, Reflect.get,
// which would cost several times as much.
//
//go:noinline
func (x *try) getter(class, name string) any {
	var quiet try
	g := quiet.call(quiet.get(quiet.path(class), "prototype"), "__lookupGetter__", name, nil)
	if !isFunction(g) {
		return builtins.reflect[get]
	}
	return x.bind(g, "call")
}

// need is path of a function, or names it in an error.
//
//go:noinline
func (x *try) need(names string) any {
	v := x.path(names)
	if x.err == nil && !isFunction(v) {
		x.err = errors.New("there is no " + names)
	}
	return v
}

// path follows properties, with dots between them, from the global object.
//
//go:noinline
func (x *try) path(names string) any {
	var v any = safejs.Global()
	start := 0
	for i := range names {
		if names[i] == '.' {
			v, start = x.get(v, names[start:i]), i+1
		}
	}
	return x.get(v, names[start:])
}

// value returns the safejs.Value in v, undefined when there is none.
//
//go:noinline
func value(v any) safejs.Value {
	p, _ := v.(safejs.Value)
	return p
}

//go:noinline
func isFunction(v any) bool { return value(v).Type() == safejs.TypeFunction }

// number returns v's property name if it is a number, else otherwise.
func number(v any, name string, otherwise int) int {
	p := safejs.Unsafe(value(new(try).get(v, name)))
	if p.Type() != js.TypeNumber {
		return otherwise
	}
	return int(p.Float())
}

// text returns v's property name if it is a string, else "".
func text(v any, name string) string {
	p := safejs.Unsafe(value(new(try).get(v, name)))
	if p.Type() != js.TypeString {
		return ""
	}
	return p.String()
}
