package wasmtest

import (
	"context"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
)

// place is an environment, and an echo endpoint, that the suite runs against.
type place struct {
	name    string
	backend apitest.Backend
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			apitest.Run(t, p.backend)
		})
	}
}

// dial is ws.Dial, for the suite.
func dial(ctx context.Context, url string, o apitest.Options) (api.Conn, error) {
	return conn(ws.Dial(ctx, url, dialOptions(o)))
}

func dialOptions(o apitest.Options) *ws.DialOptions {
	return &ws.DialOptions{Subprotocols: o.Subprotocols, Header: o.Header, ReadLimit: o.ReadLimit, WriteBuffer: o.WriteBuffer}
}

// conn returns c as an api.Conn, nil if c is nil.
func conn(c *ws.Conn, err error) (api.Conn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}
