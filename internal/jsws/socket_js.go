//go:build js && wasm

// Package jsws is the WebSocket object of the WHATWG WebSockets standard as
// typed Go.
//
// Its events go into one JavaScript array through a bound Array.push, without
// entering Go. Go takes them out when it wants to, and asks to be woken only
// when the array is empty. Everything that JavaScript could throw comes back as
// an error, through safejs.
package jsws

import (
	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/internal/event"
)

// Socket is a WebSocket object. It is not for use by several goroutines at once.
type Socket struct {
	ws    safejs.Value
	send  safejs.Value // bound to ws
	woken safejs.Func  // the listener that enters Go
	wake  func()
	in    inbox
	out   outbox

	released bool
}

// inbox is the queue of events, by the functions bound to it.
type inbox struct {
	push  safejs.Value // the listener of all events
	shift safejs.Value // takes the oldest event off
	arm   safejs.Value // adds woken as a listener of the next message
}

// names are the events of a WebSocket. Those other than "message" come once
// each; they wake Go whether it is armed or not.
var names = [...]string{"message", "open", "error", "close"}

// New constructs a WebSocket, which begins to connect. It returns ErrNoWebSocket
// where there is none, and an *Exception when the constructor throws.
func New(url string, protocols []string) (*Socket, error) {
	if err := load(); err != nil {
		return nil, err
	}
	class, err := safejs.Global().Get("WebSocket")
	if err != nil || class.Type() != safejs.TypeFunction {
		return nil, ErrNoWebSocket
	}
	list := make([]any, len(protocols))
	for i, name := range protocols {
		list[i] = name
	}
	ws, err := class.New(url, list)
	if err != nil {
		return nil, exception(err)
	}
	s := &Socket{ws: ws}
	if err := s.attach(); err != nil {
		s.Release()
		s.HangUp()
		return nil, exception(err)
	}
	return s, nil
}

// attach binds the functions and adds the listeners. No event can be missed:
// none is fired before Go returns to the event loop.
func (s *Socket) attach() (err error) {
	if s.woken, err = safejs.FuncOf(s.onWake); err != nil {
		return err
	}
	if err = s.ws.Set("binaryType", "arraybuffer"); err != nil {
		return err
	}
	var x try
	queue := x.new(builtins.array)
	s.in.push = x.bind(queue, "push")
	s.in.shift = x.bind(queue, "shift")
	s.send = x.bind(s.ws, "send")
	s.in.arm = x.bind(s.ws, "addEventListener", names[0], s.woken, builtins.options)
	// push stands first: when woken is called the event is in the queue.
	for i, name := range names {
		x.call(s.ws, "addEventListener", name, s.in.push)
		if i > 0 {
			x.call(s.ws, "addEventListener", name, s.woken)
		}
	}
	return x.err
}

func (s *Socket) onWake(safejs.Value, []safejs.Value) any {
	if s.wake != nil {
		s.wake()
	}
	return nil
}

// Wake arms a call of f for the next event. Nothing can come between an empty
// queue and Wake, since no event is fired while Go runs.
func (s *Socket) Wake(f func()) {
	if !s.released {
		s.wake = f
		s.in.arm.Invoke() // addEventListener does not throw
	}
}

// State returns readyState, Closed when it cannot be read.
func (s *Socket) State() event.State {
	return event.State(number(s.ws, "readyState", int(event.Closed)))
}

// BufferedAmount returns bufferedAmount in bytes, 0 when it cannot be read.
func (s *Socket) BufferedAmount() int64 { return int64(number(s.ws, "bufferedAmount", 0)) }

// Protocol returns the subprotocol the server chose, "" for none.
func (s *Socket) Protocol() string { return text(s.ws, "protocol") }

// Release removes the listener that enters Go, frees its function and lets go of
// the queue, into which JavaScript alone may still push the last events.
func (s *Socket) Release() {
	if s.released {
		return
	}
	s.released = true
	for _, name := range names {
		s.ws.Call("removeEventListener", name, s.woken)
	}
	s.woken.Release()
	// A js.Value pins its object until a Go collection: let go of the buffers.
	s.wake, s.in, s.out = nil, inbox{}, outbox{}
}
