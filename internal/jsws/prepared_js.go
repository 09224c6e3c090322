//go:build js && wasm

package jsws

import (
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// Prepared is a message as a JavaScript string or Uint8Array, which stays in
// memory until Go collects the Prepared.
type Prepared struct {
	data any
	size int
}

// Prepare returns a message that any number of Sockets can send. Text must be
// UTF-8.
func Prepare(typ api.MessageType, p []byte) (*Prepared, error) {
	x := try{prepare()}
	data, _ := x.copy(typ, p)
	if x.err != nil {
		return nil, exception(x.err)
	}
	return &Prepared{data, len(p)}, nil
}

// Size returns the size of the message in bytes.
func (m *Prepared) Size() int { return m.size }

// SendPrepared sends m, which Prepare returned.
func (s *Socket) SendPrepared(m event.Prepared) error {
	var x try
	x.call(s.ws, "send", m.(*Prepared).data, nil)
	return exception(x.err)
}
