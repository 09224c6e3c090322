//go:build js && wasm

package jsws

import (
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// Prepared is a message in JavaScript's memory, where it stays until Go
// collects the Prepared: a string or a Uint8Array.
type Prepared struct {
	data any
	size int
}

// Prepare returns a message to be sent by any number of Sockets. Text must be
// UTF-8.
func Prepare(typ api.MessageType, p []byte) (*Prepared, error) {
	x := try{prepare()}
	data, _ := x.copy(typ, p)
	if x.err != nil {
		return nil, exception(x.err)
	}
	return &Prepared{data, len(p)}, nil
}

// Size returns how many bytes the message has.
func (m *Prepared) Size() int { return m.size }

// SendPrepared sends m, which Prepare returned.
func (s *Socket) SendPrepared(m event.Prepared) error {
	var x try
	x.call(s.ws, "send", m.(*Prepared).data, nil)
	return exception(x.err)
}
