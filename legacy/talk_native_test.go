//go:build !js

package legacy_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// One endpoint serves all versions, and each conversation ends as its draft has
// it.
func TestOneEndpointServesAllVersions(t *testing.T) {
	ends := make(chan error, 1)
	url := serve(t, nil, nil, func(ctx context.Context, c api.Conn) { ends <- echo(ctx, c) })
	each(t, all, func(t *testing.T, d legacy.Draft) {
		c := dial(t, url+"/chat?room=1", d, nil)
		for _, p := range []string{"", "hello", "aé水🌊", "\x00\ufeff\uffff", strings.Repeat("x", 126), strings.Repeat("水", 1<<18)} {
			wantEcho(t, c, api.MessageText, p)
		}
		if !hixie(d) {
			wantEcho(t, c, api.MessageBinary, "\xff\x00")
		}
		if err := c.Close(api.StatusNoStatusRcvd, ""); err != nil {
			t.Errorf("close: %v", err)
		}
		want := api.StatusNoStatusRcvd
		if d == legacy.Hixie75 {
			want = api.StatusAbnormalClosure
		}
		if err := <-ends; api.CloseStatus(err) != want {
			t.Errorf("the server saw %v, want %v", err, want)
		}
		if _, _, err := c.Read(limited(t)); !errors.Is(err, api.ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
	})
}

// Upgrade does the same on a bare connection.
func TestUpgradeServesAllVersions(t *testing.T) {
	each(t, all, func(t *testing.T, d legacy.Draft) {
		ours, theirs := net.Pipe()
		ends := make(chan error, 1)
		go func() {
			c, err := legacy.Upgrade(limited(t), theirs, nil)
			if err == nil {
				err = echo(c.Context(), c)
			}
			ends <- err
		}()
		c := dial(t, "ws://example.com/chat", d, &legacy.DialOptions{
			NetDial: func(context.Context, string, string) (net.Conn, error) { return ours, nil },
		})
		wantEcho(t, c, api.MessageText, "hello")
		if err := c.Close(api.StatusNoStatusRcvd, ""); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-ends; !errors.Is(err, api.ErrClosed) {
			t.Errorf("the server saw %v", err)
		}
	})
}
