//go:build js && wasm

// Package jsws is the WebSocket object of the WHATWG WebSockets standard as
// typed Go.
//
// Its events go into a queue without entering Go. Go takes them out when it
// wants to, and is woken only when it has found the queue empty. Everything that
// JavaScript could throw comes back as an error.
package jsws

import (
	"errors"
	"strings"
	"syscall/js"
	"time"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/internal/event"
	"github.com/twinws/ws/internal/glue"
)

// Socket is a WebSocket object. It is not for use by several goroutines at once.
// JavaScript keeps it alive until Release.
type Socket struct {
	ws       any
	glue     [len(exported)]safejs.Value // functions
	foreign  bool                        // not all of it is the platform's own
	state    js.Value                    // function: returns readyState, unless foreign
	woken    js.Func                     // enters Go
	port     any                         // whose messages enter Go in a task of their own
	wake     func()
	in       inbox
	released bool
}

// What the glue exports, by its place in Socket.glue. The listeners come last.
const (
	drain = iota
	take
	load
	fetch
	send
	stop
	forget
	wake
	later
	onMessage
	onEvent
)

var exported = [...]string{"drain", "take", "load", "fetch", "send" + glue.Version, "stop", "forget", "wake", "later", "onMessage", "onEvent"}

// names are the events of a WebSocket. Those other than "message" come once
// each; they wake Go whether it asked for it or not.
var names = [...]string{"message", "open", "error", "close"}

// New constructs a WebSocket, which begins to connect. It returns ErrNoWebSocket
// where there is none, an *Exception when the constructor throws, and an error
// that names what is missing where a Socket cannot be made of it.
//
// The global WebSocket may be a class of its own: a polyfill, a mock, a wrapper.
// It has to behave as the standard says; but its events may be of any class.
func New(url string, protocols []string) (*Socket, error) {
	var x try
	x.err = prepare()
	class := x.path("WebSocket")
	if x.err == nil && !isFunction(class) {
		return nil, ErrNoWebSocket
	}
	names := make([]any, len(protocols))
	for i, name := range protocols {
		names[i] = name
	}
	s := &Socket{ws: x.new(class, url, names)}
	if x.err != nil {
		return nil, exception(x.err)
	}
	if err := s.attach(); err != nil {
		s.Release()
		s.HangUp()
		return nil, err
	}
	return s, nil
}

// attach makes the glue and adds the listeners. No event can be missed: none is
// fired before Go returns to the event loop.
func (s *Socket) attach() error {
	s.woken = js.FuncOf(func(js.Value, []js.Value) any {
		if s.wake != nil {
			s.wake()
		}
		return nil
	})
	var x try
	var woken any = safejs.Safe(s.woken.Value)
	x.reflect(set, s.ws, "binaryType", "arraybuffer")
	if number(s.ws, "readyState", -1) < 0 || !isFunction(x.get(s.ws, "send")) || !isFunction(x.get(s.ws, "close")) {
		x.err = errors.New("it lacks send, close or readyState")
	}
	state := new(try).call(s.ws, "__lookupGetter__", "readyState", nil)
	s.foreign = !builtin(state, "readyState") || !builtin(x.get(s.ws, "send"), "send")
	s.state = safejs.Unsafe(value(new(try).call(state, "bind", s.ws, nil)))
	var later any
	if class := x.path("MessageChannel"); isFunction(class) {
		channel := x.new(class, nil, nil)
		s.port = x.get(channel, "port1")
		sender := x.get(channel, "port2")
		later = x.call(x.get(sender, "postMessage"), "bind", sender, "")
	} else { // jsdom, happy-dom
		later = x.call(x.need("setTimeout"), "bind", safejs.Global(), woken)
	}
	imports := x.new(x.path("Object"), nil, nil)
	x.reflect(set, imports, "", append([]any{x.bind(s.ws, "send"), woken, later}, builtins.imports...))
	functions := x.get(x.new(x.path("WebAssembly.Instance"), builtins.module, imports), "exports")
	for i, name := range exported {
		s.glue[i] = value(x.get(functions, name))
	}
	if x.err == nil && !isFunction(s.glue[send]) {
		return errors.New(handedIn + " is the glue.wasm of another version")
	}
	if s.port != nil {
		x.reflect(set, s.port, "onmessage", s.glue[wake])
	}
	listen := isFunction(x.get(s.ws, "addEventListener"))
	for i, name := range names {
		f := s.glue[min(onMessage+i, onEvent)]
		if listen {
			x.call(s.ws, "addEventListener", name, f)
		} else {
			x.reflect(set, s.ws, "on"+name, f)
		}
	}
	if x.err != nil {
		return unfit(exception(x.err).Error())
	}
	return nil
}

// builtin reports whether f is the platform's own function of that name, which
// ECMAScript section 20.2.3.5 writes as "function send() { [native code] }". That
// of a class, of a Proxy and of a bound function look otherwise.
func builtin(f any, name string) bool {
	source := safejs.Unsafe(value(new(try).call(f, "toString", nil, nil))).String()
	return len(source) <= len(name)+33 && strings.Contains(source, name+"() {") && strings.Contains(source, "[native code]")
}

// Wake sets the function that is called for an event that came after Next has
// reported false.
func (s *Socket) Wake(f func()) { s.wake = f }

// Poke posts a message that wakes Go in a task of its own.
func (s *Socket) Poke() { invoke(s.glue[later]) }

// State returns readyState, Closed when it cannot be read.
func (s *Socket) State() event.State {
	if s.foreign { // whose getter may throw
		return event.State(number(s.ws, "readyState", int(event.Closed)))
	}
	return event.State(s.state.Invoke().Int())
}

// BufferedAmount returns bufferedAmount in bytes, 0 when it cannot be read.
func (s *Socket) BufferedAmount() int64 { return int64(number(s.ws, "bufferedAmount", 0)) }

// Protocol returns the subprotocol the server chose, "" for none.
func (s *Socket) Protocol() string { return text(s.ws, "protocol") }

// URL returns the absolute URL that was dialed.
func (s *Socket) URL() string { return text(s.ws, "url") }

// Extensions returns the extensions in use, "" for none.
func (s *Socket) Extensions() string { return text(s.ws, "extensions") }

// Forget drops the messages that Next has returned and that were not read.
func (s *Socket) Forget() { invoke(s.glue[forget]) }

// Release drops the queue and frees the function that enters Go. The listeners
// stay, and do nothing.
func (s *Socket) Release() {
	if s.released {
		return
	}
	s.released = true
	invoke(s.glue[stop])
	if s.port == nil {
		time.AfterFunc(time.Millisecond, s.woken.Release) // after the time-outs that call it
	} else {
		new(try).call(s.port, "close", nil, nil) // Node.js lives for as long as it is open
		s.woken.Release()
	}
	s.wake, s.in = nil, inbox{}
}
