//go:build js && wasm

package main

import "syscall/js"

var document = js.Global().Get("document")

// element is one element of the page. It remembers what it shows, since asking
// or telling JavaScript costs more than to compare.
type element struct {
	v     js.Value
	shown map[string]string // attributes, and "" for the text
}

// byID returns the element of index.html with that id.
func byID(id string) *element { return newElement(document.Call("getElementById", id)) }

func newElement(v js.Value) *element { return &element{v: v, shown: map[string]string{}} }

func (e *element) setText(s string) {
	if e.change("", s) {
		e.v.Set("textContent", s)
	}
}

func (e *element) setAttribute(name, s string) {
	if e.change(name, s) {
		e.v.Call("setAttribute", name, s)
	}
}

// change notes that something is s now, and reports whether it was not.
func (e *element) change(what, s string) bool {
	old, known := e.shown[what]
	e.shown[what] = s
	return !known || old != s
}

// setFlag sets an attribute that says true or false, as those of ARIA do.
func (e *element) setFlag(name string, on bool) {
	s := "false"
	if on {
		s = "true"
	}
	e.setAttribute(name, s)
}

func (e *element) setDisabled(off bool) { e.v.Set("disabled", off) }
func (e *element) value() string        { return e.v.Get("value").String() }
func (e *element) setValue(s string)    { e.v.Set("value", s) }
func (e *element) checked() bool        { return e.v.Get("checked").Bool() }

// child returns the first element in e that a CSS selector finds.
func (e *element) child(selector string) *element {
	return newElement(e.v.Call("querySelector", selector))
}

// on calls f for each event, for as long as the page lives: its js.Func is
// never released. f must not block; what may block goes to a goroutine of its
// own.
func (e *element) on(event string, f func(event js.Value)) {
	e.v.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		return nil
	}))
}

// onSubmit is on for a form, which is not sent anywhere.
func (e *element) onSubmit(f func()) {
	e.on("submit", func(event js.Value) {
		event.Call("preventDefault")
		f()
	})
}
