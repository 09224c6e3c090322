//go:build js && wasm

// Package jsws is the WebSocket object of the WHATWG WebSockets standard as
// typed Go.
//
// Its events go into a queue without entering Go. Go takes them out when it
// wants to, and is woken only when it has found the queue empty. Everything
// that JavaScript could throw comes back as an error.
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

// Socket is a WebSocket object. It is not for use by several goroutines at
// once. JavaScript keeps it alive until Release.
type Socket struct {
	ws       any
	glue     [later + 1]any // functions
	foreign  bool           // not all of it is the platform's own
	state    js.Value       // function: returns readyState, unless foreign
	woken    js.Func        // enters Go
	port     any            // whose messages enter Go in a task of their own
	wake     func()
	in       inbox
	released bool
}

// What the glue exports, by its place in Socket.glue.
const (
	drain  = glue.Drain - glue.Drain
	take   = glue.Take - glue.Drain
	load   = glue.Load - glue.Drain
	fetch  = glue.Fetch - glue.Drain
	send   = glue.SendMemory - glue.Drain
	stop   = glue.Stop - glue.Drain
	forget = glue.Forget - glue.Drain
	later  = glue.Enter - glue.Drain
)

// New constructs a WebSocket, which begins to connect. It returns
// ErrNoWebSocket where there is none, an *Exception when the constructor
// throws, and an error that names what is missing where a Socket cannot be made
// of it.
//
// The global WebSocket may be a class of its own: a polyfill, a mock, a
// wrapper. It has to behave as the standard says; but its events may be of any
// class.
func New(url string, protocols []string) (*Socket, error) {
	if err := prepare(); err != nil {
		return nil, unfit(err)
	}
	var x try
	class := x.get(safejs.Global(), "WebSocket")
	if !isFunction(class) {
		return nil, ErrNoWebSocket
	}
	names := make([]any, len(protocols))
	for i, name := range protocols {
		names[i] = name
	}
	var offered any = names
	s := &Socket{ws: x.new(class, url, offered)}
	if x.err != nil {
		var again try
		if s.ws = again.new(class, absolute(url), offered); again.err != nil {
			return nil, exception(x.err)
		}
	}
	if err := s.attach(); err != nil {
		s.Release()
		s.HangUp()
		return nil, unfit(err)
	}
	return s, nil
}

// absolute returns url as an absolute one of the scheme ws or wss, if it can be
// made so. The constructors of browsers before 2024, of jsdom, happy-dom and
// workerd read neither relative URLs nor http (WebSockets standard section 3.1,
// the constructor, steps 1 to 6).
func absolute(url string) string {
	r := new(registers)
	*r = builtins.registers
	r.values[glue.URL] = url
	for _, script := range [...]string{glue.ByPage, glue.ByWorker, glue.ByItself} {
		var x try
		if x.run(r, script); x.err == nil {
			href := safejs.Unsafe(value(r.values[glue.Href])).String()
			if strings.HasPrefix(href, "http") {
				href = "ws" + href[len("http"):]
			}
			return href
		}
	}
	return url
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
	r := new(registers)
	*r = builtins.registers
	r.values[glue.Woken], r.values[glue.WebSocket] = safejs.Safe(s.woken.Value), s.ws
	var x, origin try
	if x.run(r, glue.ByChannel); x.err != nil { // jsdom, happy-dom
		x.err = nil
		x.run(r, glue.ByTimeout)
	}
	s.port = r.values[glue.Port]
	copy(s.glue[:], r.values[glue.Drain:])
	origin.run(r, glue.Origin)
	s.foreign = origin.err != nil || !builtin(safejs.Unsafe(value(r.values[glue.Sources])).String())
	s.state = safejs.Unsafe(value(r.values[glue.State]))
	if number(s.ws, "readyState", -1) < 0 && x.err == nil {
		x.err = errors.New("there is no readyState")
	}
	script := glue.Handlers
	if isFunction(x.get(s.ws, "addEventListener")) {
		script = glue.Listeners
	}
	x.run(r, script)
	return x.err
}

// builtin reports whether sources are those of the platform's own getter of
// readyState and send, which ECMAScript section 20.2.3.5 writes as
// "function send() { [native code] }". That of a class, of a Proxy and of a
// bound function look otherwise.
func builtin(sources string) bool {
	getter, send, _ := strings.Cut(sources, "}")
	return len(sources) <= 90 && native(getter, "readyState() {") && native(send, "send() {")
}

func native(source, name string) bool {
	return strings.Contains(source, name) && strings.Contains(source, "[native code]")
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
