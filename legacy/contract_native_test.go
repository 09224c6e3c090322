//go:build !js

package legacy_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
	"github.com/twinws/ws/legacy"
	"github.com/twinws/ws/testserver/server"
)

// lacks is what each draft lacks (section 7.4.1 of the hybi drafts, sections
// 4.2 and 6 of the others).
var lacks = map[legacy.Draft]apitest.Draft{
	legacy.Hixie75: {Name: "hixie-75", TextOnly: true, NoCloseFrame: true},
	legacy.Hixie76: {Name: "hixie-76", TextOnly: true},
	legacy.Hybi07: {Name: "hybi-07", Signals: map[api.StatusCode]api.StatusCode{
		1007: 1002, 1008: 1002, 1009: 1004, 1010: 1002, 1011: 1001, 1012: 1001, 1013: 1001, 1014: 1001,
	}},
	legacy.Hybi10: {Name: "hybi-10", Signals: map[api.StatusCode]api.StatusCode{
		1008: 1002, 1009: 1004, 1010: 1002, 1011: 1001, 1012: 1001, 1013: 1001, 1014: 1001,
	}},
}

// testServer starts the test server, whose endpoints but the echo share no code
// with this module.
func testServer(t *testing.T) (url string) {
	s := server.New(server.Options{})
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return "ws" + strings.TrimPrefix(h.URL, "http")
}

// The client of each draft keeps the contract; the echo is this package's
// server, the other endpoints are bytes by hand.
func TestContract(t *testing.T) {
	url := testServer(t)
	each(t, old, func(t *testing.T, d legacy.Draft) {
		apitest.Run(t, apitest.Backend{URL: url, Echo: "/echo/legacy", Draft: lacks[d], Dial: dialer(d)})
	})
}

// The same client with a server that shares no code with it: a thousand
// messages, and large ones.
func TestEchoByHand(t *testing.T) {
	url := testServer(t) + "/echo/bytes"
	each(t, old, func(t *testing.T, d legacy.Draft) {
		c := dial(t, url, d, nil)
		for i := range 1000 {
			wantEcho(t, c, api.MessageText, strings.Repeat("aé水🌊", i%64))
		}
		for _, n := range []int{4095, 4096, 65_535, 65_536, 1 << 20} {
			wantEcho(t, c, api.MessageText, strings.Repeat("x", n))
		}
		if err := c.Close(api.StatusNoStatusRcvd, ""); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

// dialer is Dial as the suite calls it.
func dialer(d legacy.Draft) func(context.Context, string, apitest.Options) (api.Conn, error) {
	return func(ctx context.Context, url string, o apitest.Options) (api.Conn, error) {
		opts := &legacy.DialOptions{DialOptions: ws.DialOptions{Subprotocols: o.Subprotocols, Header: o.Header,
			ReadLimit: o.ReadLimit, WriteBuffer: o.WriteBuffer}}
		if o.Idle != 0 {
			opts.Keepalive = &ws.Keepalive{Idle: o.Idle, Timeout: o.Idle}
		}
		return legacy.Dial(ctx, url, d, opts)
	}
}
