//go:build js && wasm

package jsws

import (
	"sync"
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/internal/glue"
)

// builtins are the JavaScript objects that every Socket uses. They are looked
// up once: each look-up takes about 2 us and keeps an object alive.
var builtins struct {
	reflect   [4]any    // functions of Reflect, by which everything else is called
	registers registers // initial registers of the scripts of a Socket
	ready     bool      // prepare has succeeded
}

// memory is the glue's memory, which all Sockets share. Its contents are valid
// while the lock is held.
var memory struct {
	sync.Mutex
	view js.Value // Uint8Array
}

// Functions of JavaScript's Reflect, in builtins.reflect.
const (
	get       = glue.Get
	set       = glue.Set
	construct = glue.Construct
	apply     = glue.Apply
)

// prepare fills builtins. It needs no lock: JavaScript has one thread, and so
// has Go in it. If it fails, the next call tries again.
func prepare() error {
	b := &builtins
	if b.ready {
		return nil
	}
	reflect := js.Global().Get("Reflect")
	for i, name := range [...]string{"get", "set", "construct", "apply"} {
		b.reflect[i] = safejs.Safe(reflect.Get(name))
	}
	r := &b.registers
	copy(r.values[glue.FirstConstant:], glue.Constants[:])
	r.values[glue.Global] = safejs.Global()
	var x try
	if x.run(r, glue.DataGetter); x.err != nil {
		x.err = nil
		r.values[glue.Data] = b.reflect[get] // several times as expensive
	}
	x.run(r, glue.BytesGetter)
	x.run(r, glue.Preparation)
	if x.err == nil && value(r.values[glue.Compiled]).Type() != safejs.TypeObject {
		code := x.new(r.values[glue.Uint8Array], len(glue.Module), nil)
		js.CopyBytesToJS(safejs.Unsafe(value(code)), batch[:copy(batch[:], glue.Module)])
		r.values[glue.Code] = code
		x.run(r, glue.Compilation)
	}
	memory.view = safejs.Unsafe(value(r.values[glue.Memory]))
	b.ready = x.err == nil
	return x.err
}

// detach frees the memory of an ArrayBuffer at once. Otherwise the js.Value
// that refers to it would keep it alive until Go's next garbage collection,
// which may be never: Go does not see how much memory JavaScript uses. Engines
// older than ES2024 have no transfer; there it stays until then.
func detach(buffer any) { new(try).call(buffer, "transfer", 0, nil) }

// try is for sequences of calls: after the first error the others do nothing.
// Values are safejs.Values of type any, the number of arguments is fixed and
// nil ones are left out, and every call goes through JavaScript's Reflect: this
// keeps the code in a page small.
type try struct{ err error }

// reflect calls builtins.reflect[f].
//
//go:noinline
func (x *try) reflect(f int, a, b, c any) any {
	if x.err != nil {
		return nil
	}
	v, err := invoke(builtins.reflect[f], list(a, b, c)...)
	x.err = err
	return v
}

// list returns those of args that are not nil.
//
//go:noinline
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

// value returns the safejs.Value in v, or undefined if it has none.
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
