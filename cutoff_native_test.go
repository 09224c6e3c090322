//go:build !js

package ws

import (
	"net"
	"testing"

	"github.com/twinws/ws/internal/engine"
)

// A stream of Dialer.NetDialTLS may not survive a write deadline, as that of
// package tls does not: what Dial knows of it must reach the engine.
func TestForeignTLSBreaksWhenCutOff(t *testing.T) {
	for _, foreign := range []bool{true, false} {
		nc, peer := net.Pipe()
		defer peer.Close()
		cfg := engine.Config{Client: true, ReadLimit: -1, CutOffBreaks: foreign}
		var c engine.Conn
		initEngine(&c, nc, nil, &cfg, nil)
		defer c.CloseNow()
		if cfg.CutOffBreaks != foreign {
			t.Errorf("CutOffBreaks is %v, want %v", cfg.CutOffBreaks, foreign)
		}
	}
}
