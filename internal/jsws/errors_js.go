//go:build js && wasm

package jsws

import (
	"errors"
	"syscall/js"

	"github.com/hack-pad/safejs"
)

// ErrNoWebSocket is returned by New if there is no global WebSocket.
var ErrNoWebSocket = errors.New("this JavaScript environment has no WebSocket object: use a browser, a Worker, or Node.js 22 or later")

// errUnreadable is the error of a message that Forget dropped before it was
// read.
var errUnreadable = errors.New("a message has no bytes")

// unfit returns the error of a platform, or of a global WebSocket other than
// the platform's own, that lacks something a Socket needs.
func unfit(err error) error {
	return errors.New("the global WebSocket, or this JavaScript, is not fit for a connection (README, Other homes): " + exception(err).Error())
}

// Exception is an exception that JavaScript threw.
type Exception struct {
	_       [0]func() // not comparable: no code for it in a page
	Name    string    // "SyntaxError"
	Message string    // in the browser's words
}

// Error returns the name and the message.
func (e *Exception) Error() string { return e.Name + ": " + e.Message }

// exception converts an error that JavaScript threw to an *Exception; it
// returns others unchanged.
func exception(err error) error {
	if err == nil {
		return nil
	}
	thrown, ok := err.(js.Error)
	if !ok {
		return err
	}
	v := safejs.Safe(thrown.Value)
	if thrown.Value.Type() == js.TypeString {
		return &Exception{Name: "a string", Message: thrown.Value.String()}
	}
	return &Exception{Name: text(v, "name"), Message: text(v, "message")}
}
