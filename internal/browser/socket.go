// Package browser is the connection over a browser's WebSocket object: it turns
// the object's events into a Read that blocks, and holds the rules of order,
// limits and closing.
//
// It knows the object only as the interface Socket, so that it compiles, and is
// tested, on every platform.
package browser

import "github.com/twinws/ws/api"

// Socket is the WebSocket object of the WHATWG WebSockets standard, with one
// queue of all its events in the order they were fired.
//
// No method blocks, and none panics. Conn calls them one at a time.
type Socket interface {
	// Next takes the oldest event from the queue; it reports false when the
	// queue is empty.
	Next() (Event, bool)
	// Wake arms a call of f for the next event to come, or for one that came
	// since Next found the queue empty. f is called once at least and from any
	// goroutine, also from within another method of this Socket; it never blocks.
	Wake(f func())

	// State is the object's readyState.
	State() State
	// Send hands over one message. When it returns an error nothing was sent.
	Send(typ api.MessageType, p []byte) error
	// CloseWith begins the closing handshake with a code of 1000 or 3000-4999
	// and a reason of at most 123 bytes.
	CloseWith(code api.StatusCode, reason string) error
	// Close begins the closing handshake with an empty close frame; while
	// connecting it gives the attempt up.
	Close()
	// BufferedAmount is how many bytes Send took that are not on their way.
	BufferedAmount() int64
	// Protocol is the subprotocol the server chose, "" for none.
	Protocol() string

	// Release detaches all listeners, drops the queue and frees what JavaScript
	// holds of Go. Next and Wake do nothing afterwards; the others go on.
	Release()
}

// State is a readyState, with the values of the WHATWG WebSockets standard
// section 3.1.
type State int

const (
	Connecting State = iota // CONNECTING
	Open                    // OPEN
	Closing                 // CLOSING: a close frame was sent or received
	Closed                  // CLOSED
)

// Kind says which event an Event was.
type Kind int

const (
	Opened   Kind = iota + 1 // "open"
	Received                 // "message"
	Failed                   // "error", which carries no reason
	Ended                    // "close", normally the last
)

// Event is one event of a Socket.
type Event struct {
	Kind    Kind
	Message Message // of Received

	Code   api.StatusCode // of Ended: 1005 without a code, 1006 without a close frame
	Reason string         // of Ended
	Clean  bool           // of Ended: wasClean
}

// Message is a message that has arrived whole and lies in JavaScript's memory.
type Message interface {
	Type() api.MessageType
	// MinSize is at most the size in bytes, and costs nothing to know.
	MinSize() int
	// Size is the size in bytes. Text is encoded to know it.
	Size() (int, error)
	// AppendTo appends the bytes to dst and lets go of JavaScript's memory. It
	// is called once at most. On error it returns dst as it was.
	AppendTo(dst []byte) ([]byte, error)
}
