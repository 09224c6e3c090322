package h2_test

import (
	"context"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
	"github.com/twinws/ws/h2"
	"github.com/twinws/ws/testserver/server"
)

// The whole contract holds over HTTP/2, where both sides are the library's.
func TestContract(t *testing.T) {
	h := server.New(server.Options{})
	t.Cleanup(h.Close)
	s := serve(t, h)
	// Connections end with their streams, since the suite looks for goroutines
	// that a case leaves.
	tr := &h2.Transport{IdleTimeout: time.Millisecond}
	t.Cleanup(func() { tr.Close() })
	apitest.Run(t, apitest.Backend{URL: s.url(""), Echo: "/echo", ExtendedConnect: true,
		Dial: func(ctx context.Context, url string, o apitest.Options) (api.Conn, error) {
			d := s.dialer(t, tr)
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
}
