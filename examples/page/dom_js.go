//go:build js && wasm

package main

import "syscall/js"

var document = js.Global().Get("document")

// element is one element of the page.
type element struct{ v js.Value }

// byID returns the element of index.html with that id.
func byID(id string) element { return element{document.Call("getElementById", id)} }

// create returns a new element with a class and a text.
func create(tag, class, text string) element {
	e := element{document.Call("createElement", tag)}
	e.v.Set("className", class)
	e.setText(text)
	return e
}

func (e element) setText(s string)       { e.v.Set("textContent", s) }
func (e element) setData(name, s string) { e.v.Get("dataset").Set(name, s) }
func (e element) value() string          { return e.v.Get("value").String() }
func (e element) setValue(s string)      { e.v.Set("value", s) }
func (e element) setDisabled(off bool)   { e.v.Set("disabled", off) }
func (e element) append(children ...element) {
	for _, c := range children {
		e.v.Call("append", c.v)
	}
}

// on calls f for each event, for as long as the page lives: its js.Func is never
// released. f must not block; what may block goes to a goroutine of its own.
func (e element) on(event string, f func()) {
	e.v.Call("addEventListener", event, js.FuncOf(func(_ js.Value, args []js.Value) any {
		args[0].Call("preventDefault")
		f()
		return nil
	}))
}
