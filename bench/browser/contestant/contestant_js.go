//go:build js && wasm

// Package contestant connects a Go program to the benchmark's page: the same
// calls and the same traffic for each, so that only the connection differs.
package contestant

import (
	"errors"
	"fmt"
	"syscall/js"
)

// Link is a connection as its program uses it. A received message is the
// program's, as bytes or as a string in Go's memory, before it is sent back.
type Link interface {
	// Send sends p, as text when text is set. It does not keep p.
	Send(text bool, p []byte) error
	// Echo waits for the next message, sends it back, and returns its size in
	// bytes.
	Echo() (int, error)
	// Receive waits for the next message and returns its size in bytes.
	Receive() (int, error)
	Close() error
}

// Dial opens a Link.
type Dial func(url string) (Link, error)

// Serve puts the object "contestant" into JavaScript's global scope, where the
// page finds open, run, stop, fill and close, and waits for calls indefinitely.
func Serve(dial Dial) {
	s := &session{dial: dial}
	js.Global().Set("contestant", map[string]any{
		"open": promising(func(args []js.Value) (any, error) {
			return nil, s.open(args[0].String(), setup{
				text: args[1].Get("text").Bool(), size: args[1].Get("size").Int(), flight: args[1].Get("flight").Int(),
			})
		}),
		"run":  promising(func([]js.Value) (any, error) { return s.run() }),
		"stop": js.FuncOf(func(js.Value, []js.Value) any { s.stopped = true; return nil }),
		"fill": promising(func(args []js.Value) (any, error) { return nil, s.fill(args[0].Int()) }),
		"close": promising(func([]js.Value) (any, error) {
			return nil, s.link.Close()
		}),
	})
	select {}
}

// setup is what the traffic of a session looks like.
type setup struct {
	text   bool
	size   int // bytes of a message
	flight int // messages on their way at once
}

// session is the connection that is open. Its calls come one after another.
type session struct {
	dial    Dial
	link    Link
	setup   setup
	stopped bool // written from the event loop: Go's js is one thread
}

func (s *session) open(url string, o setup) (err error) {
	s.link, err = s.dial(url)
	s.setup = o
	return err
}

// run keeps the messages in flight until stop is called, and returns how many
// came back, those in flight at the end included.
func (s *session) run() (messages int, err error) {
	s.stopped = false
	p := s.message()
	for range s.setup.flight {
		if err := s.link.Send(s.setup.text, p); err != nil {
			return 0, err
		}
	}
	for !s.stopped {
		if err := s.whole(s.link.Echo()); err != nil {
			return messages, err
		}
		messages++
	}
	for range s.setup.flight {
		if err := s.whole(s.link.Receive()); err != nil {
			return messages, err
		}
		messages++
	}
	return messages, nil
}

// fill sends one buffer again and again.
func (s *session) fill(messages int) error {
	p := s.message()
	for range messages {
		if err := s.link.Send(s.setup.text, p); err != nil {
			return err
		}
	}
	return nil
}

// message returns a message of letters: the same bytes as the page's JavaScript
// sends.
func (s *session) message() []byte {
	p := make([]byte, s.setup.size)
	for i := range p {
		p[i] = 'a' + byte(i%26)
	}
	return p
}

// whole checks what was received.
func (s *session) whole(n int, err error) error {
	if err == nil && n != s.setup.size {
		err = fmt.Errorf("received %d bytes, want %d", n, s.setup.size)
	}
	return err
}

// promising makes f a function that returns a Promise of f's result.
func promising(f func(args []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		settle := js.FuncOf(func(_ js.Value, settlers []js.Value) any {
			go func() {
				v, err := f(args)
				if err != nil {
					settlers[1].Invoke(js.Global().Get("Error").New(err.Error()))
					return
				}
				settlers[0].Invoke(v)
			}()
			return nil
		})
		defer settle.Release() // the constructor calls it at once
		return js.Global().Get("Promise").New(settle)
	})
}

// ErrClosed is returned by a Link whose connection ended.
var ErrClosed = errors.New("the connection is closed")
