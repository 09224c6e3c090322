//go:build !js

package ws

import (
	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/engine"
)

// prepared is a message as this home prepares it.
type prepared = *engine.Prepared

func prepare(typ MessageType, p []byte) (prepared, error) { return engine.Prepare(typ, p), nil }

var _ prepares = (*engine.Conn)(nil)

// validText is the quickest way of this home to check outgoing text.
func validText(p []byte) bool { return frame.ValidUTF8(p) }
