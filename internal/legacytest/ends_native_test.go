//go:build !js

package legacytest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// What was written before Close arrives, though the peer has sent messages that
// nobody reads: TCP must not be reset while they come (RFC 6455 section 7.1.1;
// the hixie drafts have no more than TCP for it).
func TestCloseLosesNothing(t *testing.T) {
	const size = 1 << 20
	for _, d := range []legacy.Draft{hixie75, hixie76} {
		t.Run(d.String(), func(t *testing.T) {
			big := strings.Repeat("x", size)
			serve := func(ctx context.Context, c api.Conn) error {
				if err := c.Write(ctx, ws.MessageText, []byte(big)); err != nil {
					return err
				}
				if err := c.Close(ws.StatusNoStatusRcvd, ""); err != nil {
					return fmt.Errorf("Close: %w", err)
				}
				return nil
			}
			eachServer(t, nil, serve, func(t *testing.T, c rawClient) {
				c.sends(t, request(d, ""))
				c.answer(t, map[legacy.Draft]int{hixie76: 16}[d])
				c.sends(t, strings.Repeat("\x00not read\xff", 10_000))
				want := "\x00" + big + "\xff"
				if got := c.reads(t, len(want)); got != want {
					t.Errorf("the message is another")
				}
				if d == hixie76 {
					if got := c.reads(t, 2); got != "\xff\x00" {
						t.Errorf("the close frame is % x", got)
					}
					c.sends(t, "\x00more\xff\xff\x00")
				} else {
					c.sends(t, "\x00more\xff")
				}
				if tcp, ok := c.Conn.(interface{ CloseWrite() error }); ok {
					tcp.CloseWrite()
				}
				if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
					t.Errorf("behind it comes % x, %v, want the end", rest, err)
				}
			})
		})
	}
}
