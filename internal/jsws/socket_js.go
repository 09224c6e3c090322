//go:build js && wasm

// Package jsws is the WebSocket object of the WHATWG WebSockets standard as
// typed Go.
//
// Its events go into one JavaScript array through a bound Array.push, without
// entering Go. Go takes them out when it wants to, and asks to be woken only
// when the array is empty. Everything that JavaScript could throw comes back as
// an error, through safejs.
package jsws

import "github.com/hack-pad/safejs"

// Socket is a WebSocket object. It is not for use by several goroutines at once.
type Socket struct {
	b  *builtins
	ws safejs.Value

	// functions bound to their object, and where they can be to their arguments
	shift    safejs.Value // takes the oldest event off the queue
	arm      safejs.Value // adds woken as a listener of the next message
	state    safejs.Value // reads readyState
	buffered safejs.Value // reads bufferedAmount
	send     safejs.Value

	push  safejs.Value // the listener of all events
	woken safejs.Func  // the listener that enters Go
	wake  func()
	out   outbox

	released bool
}

// all are the events of a WebSocket, rare those that wake Go whether it is
// armed or not: they come once each.
var (
	all  = [...]string{"open", "message", "error", "close"}
	rare = [...]string{"open", "error", "close"}
)

// New constructs a WebSocket, which begins to connect. It returns ErrNoWebSocket
// where there is none, and an *Exception when the constructor throws.
func New(url string, protocols []string) (*Socket, error) {
	class, err := safejs.Global().Get("WebSocket")
	if err != nil {
		return nil, err
	}
	if class.Type() != safejs.TypeFunction {
		return nil, ErrNoWebSocket
	}
	b, err := load()
	if err != nil {
		return nil, err
	}
	ws, err := class.New(url, list(protocols))
	if err != nil {
		return nil, exception(err)
	}
	s := &Socket{b: b, ws: ws}
	if err := s.attach(); err != nil {
		s.Release()
		s.Close()
		return nil, exception(err)
	}
	return s, nil
}

func list(names []string) []any {
	l := make([]any, len(names))
	for i, n := range names {
		l[i] = n
	}
	return l
}

// attach binds the functions and adds the listeners. No event can be missed:
// none is fired before Go returns to the event loop.
func (s *Socket) attach() error {
	var x try
	x.set(s.ws, "binaryType", "arraybuffer")
	queue := x.new(s.b.array)
	s.push = x.bind(queue, "push")
	s.shift = x.bind(queue, "shift")
	s.send = x.bind(s.ws, "send")
	s.state = x.call(s.b.get, "bind", nil, s.ws, "readyState")
	s.buffered = x.call(s.b.get, "bind", nil, s.ws, "bufferedAmount")
	if x.err != nil {
		return x.err
	}
	if s.woken, x.err = safejs.FuncOf(s.onWake); x.err != nil {
		return x.err
	}
	s.arm = x.bind(s.ws, "addEventListener", "message", s.woken, map[string]any{"once": true})
	// push stands first: when woken is called the event is in the queue.
	for _, event := range all {
		x.call(s.ws, "addEventListener", event, s.push)
	}
	for _, event := range rare {
		x.call(s.ws, "addEventListener", event, s.woken)
	}
	return x.err
}

func (s *Socket) onWake(safejs.Value, []safejs.Value) any {
	if s.wake != nil && !s.released {
		s.wake()
	}
	return nil
}

// Wake arms a call of f for the next event. Nothing can come between an empty
// queue and Wake, since no event is fired while Go runs.
func (s *Socket) Wake(f func()) {
	if s.released {
		return
	}
	s.wake = f
	s.arm.Invoke() // addEventListener does not throw
}

// State returns readyState, 3 (CLOSED) when it cannot be read.
func (s *Socket) State() int {
	v, err := s.state.Invoke()
	if err != nil {
		return 3
	}
	if n, err := v.Int(); err == nil {
		return n
	}
	return 3
}

// BufferedAmount returns bufferedAmount in bytes, 0 when it cannot be read.
func (s *Socket) BufferedAmount() int64 {
	v, err := s.buffered.Invoke()
	if err != nil {
		return 0
	}
	f, err := v.Float()
	if err != nil {
		return 0
	}
	return int64(f)
}

// Protocol returns the subprotocol the server chose, "" for none.
func (s *Socket) Protocol() string {
	v, err := s.ws.Get("protocol")
	if err != nil || v.Type() != safejs.TypeString {
		return ""
	}
	name, err := v.String()
	if err != nil {
		return ""
	}
	return name
}

// Release removes the listeners, empties the queue and frees the function.
func (s *Socket) Release() {
	if s.released {
		return
	}
	s.released = true
	for _, event := range all {
		s.ws.Call("removeEventListener", event, s.push)
		s.ws.Call("removeEventListener", event, s.woken)
	}
	s.woken.Release()
	// A js.Value pins its object until a Go collection: let go of the events.
	s.wake, s.push, s.shift, s.arm = nil, safejs.Undefined(), safejs.Undefined(), safejs.Undefined()
	s.out = outbox{}
}
