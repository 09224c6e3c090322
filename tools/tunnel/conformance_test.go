package tunnel

import (
	"context"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
	"github.com/twinws/ws/testserver/server"
)

// The whole contract holds over tunnels: their other end leads each connection
// to the server of the suite.
func TestConformance(t *testing.T) {
	for _, n := range tunnels {
		t.Run(n.name, func(t *testing.T) {
			t.Parallel()
			h := server.New(server.Options{})
			t.Cleanup(h.Close)
			s := httptest.NewServer(h)
			t.Cleanup(s.Close)
			dial := n.open(t, func(far net.Conn) { lead(far, s.Listener.Addr()) })
			apitest.Run(t, apitest.Backend{URL: "ws" + strings.TrimPrefix(s.URL, "http"), Echo: "/echo",
				Dial: func(ctx context.Context, url string, o apitest.Options) (api.Conn, error) {
					d := dialer(dial)
					d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
						if addr != s.Listener.Addr().String() { // where nobody listens
							return new(net.Dialer).DialContext(ctx, network, addr)
						}
						return dial()
					}
					d.DialOptions = ws.DialOptions{Subprotocols: o.Subprotocols, Header: o.Header, ReadLimit: o.ReadLimit, WriteBuffer: o.WriteBuffer}
					if o.Idle != 0 {
						d.Keepalive = &ws.Keepalive{Idle: o.Idle, Timeout: o.Idle}
					}
					c, err := d.Dial(ctx, url)
					if err != nil {
						return nil, err
					}
					return c, nil
				}})
		})
	}
}

// lead joins far to a TCP connection.
func lead(far net.Conn, to net.Addr) {
	defer far.Close()
	there, err := net.Dial("tcp", to.String())
	if err != nil {
		return
	}
	defer there.Close()
	go func() {
		io.Copy(there, far)
		there.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(far, there)
}
