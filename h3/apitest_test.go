package h3

import (
	"context"
	"net"
	"net/http"
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
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http3.Server{Handler: h, TLSConfig: serverTLS(alpn), QUICConfig: ServerConfig(1000)}
	go s.Serve(pc)
	t.Cleanup(func() { h.Close(); s.Close(); pc.Close() }) // in this order: Close of s waits for handlers
	// One connection for all cases, opened before the first: the suite looks
	// for goroutines that a case leaves.
	tr := &Transport{}
	shared := dialer(t, tr)
	dialed1(t, shared, "wss://"+pc.LocalAddr().String()+"/echo")
	apitest.Run(t, apitest.Backend{
		URL: "wss://" + pc.LocalAddr().String(), Echo: "/echo", ExtendedConnect: true,
		Dial: func(ctx context.Context, url string, o apitest.Options) (api.Conn, error) {
			d := *shared
			d.OpenStream = func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
				r.Dialer = shared
				return tr.OpenStream(ctx, r)
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
		},
	})
}
