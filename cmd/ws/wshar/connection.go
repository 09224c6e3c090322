package wshar

import (
	"time"

	"github.com/twinws/ws/api"
)

// Kind says which way a message went. Its values are those in the file.
type Kind string

const (
	// Send is a message that the client sent.
	Send Kind = "send"
	// Receive is a message that the client received.
	Receive Kind = "receive"
	// Error is the text of an error, which ended the connection.
	Error Kind = "error"
)

// The opcodes that a message may have (RFC 6455 section 5.2). DevTools writes
// text and binary messages only, and reads the others too.
const (
	OpText   = int(api.MessageText)
	OpBinary = int(api.MessageBinary)
	OpClose  = 8
	OpPing   = 9
	OpPong   = 10
)

// Message is one message of a connection.
type Message struct {
	Kind Kind
	// Time is when it was sent or received, to a microsecond.
	Time time.Time
	// Opcode is that of its frames; OpText for an error.
	Opcode int
	// Data is the payload after decompression. In the file text stands as it
	// is, everything else as base64.
	Data []byte
}

// Field is one line of a header.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Connection is one entry of a file, a WebSocket connection.
type Connection struct {
	// URL has the scheme ws or wss, and no userinfo.
	URL string
	// Started is when the client began to connect, and Duration how long it
	// was until the end of the connection; the file has milliseconds.
	Started  time.Time
	Duration time.Duration
	// HTTPVersion is that of the handshake; "" is written as HTTP/1.1.
	HTTPVersion string
	// Request and Response are the headers of the handshake.
	Request, Response []Field
	// Status and StatusText are those of the response, 101 as a rule; 0 if
	// there was none.
	Status     int
	StatusText string
	// ServerAddr is the server's IP address without a port; "" if unknown.
	ServerAddr string
	// Messages are in the order of the file, which is that of time.
	Messages []Message
	// Skipped is how many messages of the file Read has left out because they
	// lack a time, an opcode or their data, as DevTools does. Write ignores it.
	Skipped int
}

// Creator is the program that writes a file.
type Creator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
