//go:build !js

package wsnet_test

import (
	"net"
	"sync"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wsnet"
)

// TestConn is the standard test of a net.Conn. package wasmtest runs it in
// browsers.
func TestConn(t *testing.T) {
	t.Run("Accept and Dial", func(t *testing.T) {
		l, url := listen(t, nil)
		nettest.TestConn(t, maker(func() (net.Conn, net.Conn) { return sockets(t, l, url) }))
	})
	t.Run("pipes", func(t *testing.T) {
		nettest.TestConn(t, maker(func() (net.Conn, net.Conn) { return pipe(t, ws.MessageBinary) }))
	})
	t.Run("half-close", func(t *testing.T) {
		nettest.TestConn(t, maker(func() (net.Conn, net.Conn) { return pipe(t, ws.MessageBinary, wsnet.HalfClose) }))
	})
}

func maker(connect func() (net.Conn, net.Conn)) nettest.MakePipe {
	return func() (c1, c2 net.Conn, stop func(), err error) {
		c1, c2 = connect()
		return c1, c2, func() {
			var both sync.WaitGroup
			both.Go(func() { c1.Close() })
			both.Go(func() { c2.Close() })
			both.Wait()
		}, nil
	}
}
