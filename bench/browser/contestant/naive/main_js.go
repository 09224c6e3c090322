//go:build js && wasm

// Command naive is the benchmark's contestant with no library: the binding that
// one writes with syscall/js on a first afternoon. A callback copies each
// message into Go and hands it over on a channel.
package main

import (
	"syscall/js"

	"github.com/twinws/ws/bench/browser/contestant"
)

// message is a text, or bytes.
type message struct {
	text   string
	bytes  []byte
	isText bool
}

func (m message) size() int { return len(m.text) + len(m.bytes) }

type link struct {
	ws        js.Value
	received  chan message
	callbacks []js.Func
}

func dial(url string) (contestant.Link, error) {
	l := &link{
		ws:       js.Global().Get("WebSocket").New(url),
		received: make(chan message, 1024), // more than are in flight: a callback must not wait
	}
	l.ws.Set("binaryType", "arraybuffer")
	opened := make(chan struct{})
	l.on("onopen", func(js.Value) { close(opened) })
	l.on("onclose", func(js.Value) { close(l.received) })
	l.on("onmessage", func(event js.Value) { l.received <- read(event.Get("data")) })
	select {
	case <-opened:
		return l, nil
	case <-l.received:
		return nil, contestant.ErrClosed
	}
}

func (l *link) on(event string, f func(event js.Value)) {
	callback := js.FuncOf(func(_ js.Value, args []js.Value) any { f(args[0]); return nil })
	l.callbacks = append(l.callbacks, callback)
	l.ws.Set(event, callback)
}

// read copies what a message event carries into Go.
func read(data js.Value) message {
	if data.Type() == js.TypeString {
		return message{text: data.String(), isText: true}
	}
	view := js.Global().Get("Uint8Array").New(data)
	p := make([]byte, view.Get("length").Int())
	js.CopyBytesToGo(p, view)
	return message{bytes: p}
}

func (l *link) send(m message) {
	if m.isText {
		l.ws.Call("send", m.text)
		return
	}
	view := js.Global().Get("Uint8Array").New(len(m.bytes))
	js.CopyBytesToJS(view, m.bytes)
	l.ws.Call("send", view)
}

func (l *link) Send(text bool, p []byte) error {
	if text {
		l.send(message{text: string(p), isText: true})
	} else {
		l.send(message{bytes: p})
	}
	return nil
}

func (l *link) Echo() (int, error) {
	m, ok := <-l.received
	if !ok {
		return 0, contestant.ErrClosed
	}
	l.send(m)
	return m.size(), nil
}

func (l *link) Receive() (int, error) {
	m, ok := <-l.received
	if !ok {
		return 0, contestant.ErrClosed
	}
	return m.size(), nil
}

// Close waits for the close event.
func (l *link) Close() error {
	l.ws.Call("close")
	for range l.received {
	}
	for _, callback := range l.callbacks {
		callback.Release()
	}
	return nil
}

func main() { contestant.Serve(dial) }
