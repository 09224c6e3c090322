// Package browser is the connection over a browser's WebSocket object: it turns
// the object's events into a blocking Read, and implements order, limits and
// closing.
//
// It uses the object only through the interface Socket, so that it compiles,
// and is tested, on every platform.
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
	// Next removes the oldest event from the queue. When it reports false, the
	// queue is empty, and the function of Wake is called for the next event.
	Next() (event.Event, bool)
	// Wake sets f, which is called at least once for an event after Next has
	// reported false, on any goroutine, possibly from within another method of
	// this Socket. f never blocks.
	Wake(f func())
	// Poke has the event loop call the function of Wake in a task of its own,
	// which shows that the event loop is not blocked.
	Poke()

	// State is the object's readyState.
	State() event.State
	// Send sends one message. If it returns an error, nothing was sent.
	Send(typ api.MessageType, p []byte) error
	// CloseWith begins the closing handshake with a code of 1000 or 3000-4999
	// and a reason of at most 123 bytes.
	CloseWith(code api.StatusCode, reason string) error
	// HangUp begins the closing handshake with an empty close frame; while
	// connecting it aborts the attempt.
	HangUp()
	// BufferedAmount is how many bytes Send has accepted that have not been
	// passed to the network.
	BufferedAmount() int64
	// Protocol is the subprotocol that the server selected, "" for none.
	Protocol() string
	// URL is the absolute URL that was dialed.
	URL() string
	// Extensions are those negotiated, as the server's header names them.
	Extensions() string

	// Forget drops the messages that Next has returned and that have not been
	// read.
	Forget()
	// Release empties the queue, and releases f and what else JavaScript refers
	// to in Go. Next and Wake do nothing afterwards; the other methods still
	// work.
	Release()
}

// Preparer is implemented by a Socket that can send prepared messages. It is
// separate so that a page that prepares nothing does not pay for it.
type Preparer interface {
	// SendPrepared is Send for a message that is in JavaScript's memory
	// already.
	SendPrepared(m event.Prepared) error
}
