//go:build js && wasm

// Command page hands the library to JavaScript, so that a test can drive it
// over DevTools: it sets the global twin, whose functions return promises.
//
//	twin.dial(url, subprotocol...)  a connection's number
//	twin.write(number, text)
//	twin.read(number)               the next message as text
//	twin.close(number, code, reason)
//	twin.closeNow(number)
//
// A promise is rejected with an Error whose name is the type of Go's error; of
// a CloseError it has code, reason and clean, of a HandshakeError problem.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall/js"

	"github.com/twinws/ws"
)

var conns []*ws.Conn

func main() {
	js.Global().Set("twin", map[string]any{
		"dial":     promising(dial),
		"write":    promising(write),
		"read":     promising(read),
		"close":    promising(closing),
		"closeNow": promising(func(args []js.Value) (any, error) { return nil, conn(args).CloseNow() }),
	})
	select {}
}

func conn(args []js.Value) *ws.Conn { return conns[args[0].Int()] }

func dial(args []js.Value) (any, error) {
	var o ws.DialOptions
	for _, a := range args[1:] {
		o.Subprotocols = append(o.Subprotocols, a.String())
	}
	c, err := ws.Dial(context.Background(), args[0].String(), &o)
	if err != nil {
		return nil, err
	}
	conns = append(conns, c)
	return len(conns) - 1, nil
}

func write(args []js.Value) (any, error) {
	return nil, conn(args).Write(context.Background(), ws.MessageText, []byte(args[1].String()))
}

func read(args []js.Value) (any, error) {
	_, p, err := conn(args).Read(context.Background())
	return string(p), err
}

func closing(args []js.Value) (any, error) {
	return nil, conn(args).Close(ws.StatusCode(args[1].Int()), args[2].String())
}

// promising makes a function of JavaScript that runs f in a goroutine.
func promising(f func(args []js.Value) (any, error)) js.Func {
	return js.FuncOf(func(_ js.Value, args []js.Value) any {
		start := js.FuncOf(func(_ js.Value, settle []js.Value) any {
			go func() {
				if v, err := f(args); err != nil {
					settle[1].Invoke(thrown(err))
				} else {
					settle[0].Invoke(v)
				}
			}()
			return nil
		})
		defer start.Release()
		return js.Global().Get("Promise").New(start)
	})
}

// thrown makes an Error of err.
func thrown(err error) js.Value {
	e := js.Global().Get("Error").New(err.Error())
	name := func(err error) {
		t := fmt.Sprintf("%T", err)
		e.Set("name", t[strings.LastIndexByte(t, '.')+1:])
	}
	name(err)
	if c, ok := errors.AsType[*ws.CloseError](err); ok {
		name(c)
		e.Set("code", int(c.Code))
		e.Set("reason", c.Reason)
		e.Set("clean", c.Clean)
	} else if h, ok := errors.AsType[*ws.HandshakeError](err); ok {
		name(h)
		e.Set("problem", h.Problem)
	} else if a, ok := errors.AsType[*ws.ArgumentError](err); ok {
		name(a)
	}
	return e
}
