package h3

import (
	"context"
	"net"
	"testing"

	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
	"github.com/twinws/ws/testserver/server"
)

// The conformance suite, over HTTP/3.
func TestConformance(t *testing.T) {
	h := server.New(server.Options{})
	t.Cleanup(h.Close)
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http3.Server{Handler: h, TLSConfig: serverTLS(alpn), QUICConfig: ServerConfig(1000)}
	go s.Serve(pc)
	t.Cleanup(func() { s.Close(); pc.Close() })
	tr := &Transport{}
	t.Cleanup(func() { tr.Close() })
	pool := *dialer(t, tr)
	apitest.Run(t, apitest.Backend{
		URL: "wss://" + pc.LocalAddr().String(), Echo: "/echo", ExtendedConnect: true,
		Dial: func(ctx context.Context, url string, o apitest.Options) (api.Conn, error) {
			d := pool
			d.DialOptions = ws.DialOptions{Subprotocols: o.Subprotocols, Header: o.Header, ReadLimit: o.ReadLimit, WriteBuffer: o.WriteBuffer}
			if o.Idle != 0 {
				d.Keepalive = &ws.Keepalive{Idle: o.Idle, Timeout: o.Idle}
			}
			c, err := d.Dial(ctx, url)
			if err != nil {
				return nil, err
			}
			return c, nil
		},
	})
}
