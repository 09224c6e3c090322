// Package event declares the events of a WebSocket object of the WHATWG
// standard: the types that internal/jsws, which wraps the object, and
// internal/browser, which implements the connection, share without importing
// each other.
package event

import "github.com/twinws/ws/api"

// State is a readyState, with the values of the WHATWG WebSockets standard
// section 3.1.
type State int

const (
	Connecting State = iota // CONNECTING
	Open                    // OPEN
	Closing                 // CLOSING: a close frame was sent or received
	Closed                  // CLOSED
)

// Kind is the type of an Event.
type Kind int

const (
	Opened   Kind = iota + 1 // "open"
	Received                 // "message"
	Failed                   // "error", which carries no reason
	Ended                    // "close", normally the last
)

// Event is one event of a WebSocket object.
type Event struct {
	_       [0]func() // not comparable: no code for it in a page
	Kind    Kind
	Message Message // of Received

	Code   api.StatusCode // of Ended: 1005 without a code, 1006 without a close frame
	Reason string         // of Ended
	Clean  bool           // of Ended: wasClean
}

// Prepared is a message to be sent that is stored in JavaScript's memory.
type Prepared interface {
	// Size is its length in bytes.
	Size() int
}

// Message is a received message that is stored in JavaScript's memory.
type Message interface {
	Type() api.MessageType
	// MinSize is at most the size in bytes, and costs nothing to determine.
	MinSize() int
	// AppendTo appends the bytes to dst; the result may be the message's own
	// memory. It reports false, with dst unchanged, if they are more than
	// limit, -1 for none. It may be called once.
	AppendTo(dst []byte, limit int64) (p []byte, fits bool, err error)
}
