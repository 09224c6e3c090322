// Package event is what a WebSocket object of the WHATWG standard tells: the
// words that internal/jsws, which has the object, and internal/browser, which
// knows the rules, share without knowing each other.
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

// Kind says which event an Event was.
type Kind int

const (
	Opened   Kind = iota + 1 // "open"
	Received                 // "message"
	Failed                   // "error", which carries no reason
	Ended                    // "close", normally the last
)

// Event is one event of a WebSocket object.
type Event struct {
	Kind    Kind
	Message Message // of Received

	Code   api.StatusCode // of Ended: 1005 without a code, 1006 without a close frame
	Reason string         // of Ended
	Clean  bool           // of Ended: wasClean
}

// Prepared is a message that lies in JavaScript's memory to be sent.
type Prepared interface {
	// Size is how many bytes it has.
	Size() int
}

// Message is a message that has arrived whole and lies in JavaScript's memory.
type Message interface {
	Type() api.MessageType
	// MinSize is at most the size in bytes, and costs nothing to know.
	MinSize() int
	// AppendTo appends the bytes to dst, which then may be the message's own
	// memory. It reports false, with dst as it was, when they are more than
	// limit, -1 for none. It is called once.
	AppendTo(dst []byte, limit int64) (p []byte, fits bool, err error)
}
