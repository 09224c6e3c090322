//go:build js && wasm

// Package jsws is the WebSocket object of the WHATWG WebSockets standard as
// typed Go.
//
// Its events are queued in JavaScript. Go takes them from the queue when it
// needs them, and is woken by the next event only after it has found the queue
// empty. Exceptions of JavaScript are returned as errors.
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
	foreign  bool           // the object, its send or its readyState is not the platform's own
	state    js.Value       // function: returns readyState, unless foreign
	woken    js.Func        // enters Go
	port     any            // whose messages enter Go in a task of their own
	wake     func()
	in       inbox
	released bool
}

// The functions of the module, by their indices in Socket.glue: the registers
// from glue.Drain on.
const (
	drain = iota
	take
	load
	fetch
	send
	stop
	forget
	later
)

// New constructs a WebSocket object, which begins to connect. It returns
// ErrNoWebSocket if there is no such class, an *Exception if the constructor
// throws, and an error that names what is missing if the object or the platform
// lacks what a Socket needs.
//
// The global WebSocket may be a class other than the platform's own: a
// polyfill, a mock, a wrapper. It must behave as the standard says, but its
// events may be of any class.
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

// absolute returns the absolute URL of url, with the scheme ws or wss for http
// or https; url itself if it cannot be parsed. The constructors of browsers
// before 2024, of jsdom, happy-dom and workerd accept neither relative URLs nor
// http (WebSockets standard section 3.1, the constructor, steps 1 to 6).
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

// attach instantiates the glue and adds the listeners. No event is missed: none
// is fired before Go returns to the event loop.
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

// builtin reports whether sources, the source texts of the getter of readyState
// and of send, are those of the platform's own: ECMAScript section 20.2.3.5
// gives "function send() { [native code] }". The text of a function in
// JavaScript, of a Proxy or of a bound function differs.
func builtin(sources string) bool {
	getter, send, _ := strings.Cut(sources, "}")
	return len(sources) <= 90 && native(getter, "readyState() {") && native(send, "send() {")
}

func native(source, name string) bool {
	return strings.Contains(source, name) && strings.Contains(source, "[native code]")
}

// Wake sets the function that is called for an event that arrives after Next
// has reported false.
func (s *Socket) Wake(f func()) { s.wake = f }

// Poke posts a message that wakes Go in a task of its own.
func (s *Socket) Poke() { invoke(s.glue[later]) }

// State returns readyState, or Closed if it cannot be read.
func (s *Socket) State() event.State {
	if s.foreign { // whose getter may throw
		return event.State(number(s.ws, "readyState", int(event.Closed)))
	}
	return event.State(s.state.Invoke().Int())
}

// BufferedAmount returns bufferedAmount in bytes, or 0 if it cannot be read.
func (s *Socket) BufferedAmount() int64 { return int64(number(s.ws, "bufferedAmount", 0)) }

// Protocol returns the subprotocol that the server selected, "" for none.
func (s *Socket) Protocol() string { return text(s.ws, "protocol") }

// URL returns the absolute URL that was dialed.
func (s *Socket) URL() string { return text(s.ws, "url") }

// Extensions returns the negotiated extensions, "" for none.
func (s *Socket) Extensions() string { return text(s.ws, "extensions") }

// Forget drops the messages that Next has returned and that have not been read.
func (s *Socket) Forget() { invoke(s.glue[forget]) }

// Release empties the queue and releases the function that enters Go. The
// listeners stay, and do nothing.
func (s *Socket) Release() {
	if s.released {
		return
	}
	s.released = true
	invoke(s.glue[stop])
	if s.port == nil {
		time.AfterFunc(time.Millisecond, s.woken.Release) // after the timeouts that may still call it
	} else {
		new(try).call(s.port, "close", nil, nil) // an open port keeps Node.js alive
		s.woken.Release()
	}
	s.wake, s.in = nil, inbox{}
}
