// Package browser is the connection over a browser's WebSocket object: it turns
// the object's events into a Read that blocks, and holds the rules of order,
// limits and closing.
//
// It knows the object only as the interface Socket, so that it compiles, and is
// tested, on every platform.
package browser

import (
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// Socket is the WebSocket object of the WHATWG WebSockets standard, with one
// queue of all its events in the order they were fired.
//
// No method blocks, and none panics. Conn calls them one at a time.
type Socket interface {
	// Next takes the oldest event from the queue. When it reports false the
	// queue is empty, and the function of Wake is called for the next event.
	Next() (event.Event, bool)
	// Wake sets f, which is called once at least for an event after Next has
	// reported false, from any goroutine and also from within another
	// method of this Socket; it never blocks.
	Wake(f func())
	// Poke has the event loop call the function of Wake, in a task of its own,
	// which shows that it turns.
	Poke()

	// State is the object's readyState.
	State() event.State
	// Send hands over one message. When it returns an error nothing was sent.
	Send(typ api.MessageType, p []byte) error
	// CloseWith begins the closing handshake with a code of 1000 or 3000-4999
	// and a reason of at most 123 bytes.
	CloseWith(code api.StatusCode, reason string) error
	// HangUp begins the closing handshake with an empty close frame; while
	// connecting it gives the attempt up.
	HangUp()
	// BufferedAmount is how many bytes Send took that are not on their way.
	BufferedAmount() int64
	// Protocol is the subprotocol the server chose, "" for none.
	Protocol() string
	// URL is the absolute URL that was dialed.
	URL() string
	// Extensions are those in use, as the server's header names them.
	Extensions() string

	// Forget drops the messages that Next has returned and that were not read.
	Forget()
	// Release drops the queue, detaches what calls f and frees what JavaScript
	// holds of Go. Next and Wake do nothing afterwards; the others go on.
	Release()
}

// Preparer is what a Socket is besides that may be given prepared messages. It
// is apart so that a page that prepares nothing does not pay for it.
type Preparer interface {
	// SendPrepared is Send for a message that lies in JavaScript's memory
	// already.
	SendPrepared(m event.Prepared) error
}
