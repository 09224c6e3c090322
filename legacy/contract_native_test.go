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

// lacks is what each draft lacks (section 7.4.1 of the hybi drafts, sections 4.2
// and 6 of the others).
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

// The client of each draft keeps the contract, with this package's own server,
// and with one that shares no code with it.
func TestContract(t *testing.T) {
	for _, echo := range []string{"/echo/legacy", "/echo/bytes"} {
		t.Run(strings.TrimPrefix(echo, "/echo/"), func(t *testing.T) {
			each(t, old, func(t *testing.T, d legacy.Draft) {
				s := server.New(server.Options{})
				h := httptest.NewServer(s)
				t.Cleanup(func() {
					s.Close()
					h.Close()
				})
				apitest.Run(t, apitest.Backend{URL: "ws" + strings.TrimPrefix(h.URL, "http"), Echo: echo, Draft: lacks[d], Dial: dialer(d)})
			})
		})
	}
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
