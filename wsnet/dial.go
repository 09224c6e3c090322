package wsnet

import (
	"context"
	"net"

	"github.com/twinws/ws"
)

// Dial opens a connection to url as [ws.Dial] does, and returns it as a
// net.Conn of binary messages. ctx bounds the handshake only.
//
// For text, or a ws.Dialer, use [Conn].
func Dial(ctx context.Context, url string, opts *ws.DialOptions) (net.Conn, error) {
	c, err := ws.Dial(ctx, url, opts)
	if err != nil {
		return nil, err
	}
	return Conn(c, ws.MessageBinary), nil
}
