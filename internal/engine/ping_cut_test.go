package engine

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestPingCancelledPartly ends a Ping's context when the stream has taken a
// part of its frame, or nothing. The frame goes out whole, and the connection
// goes on.
func TestPingCancelledPartly(t *testing.T) {
	for _, cfg := range []Config{{}, {CutOffBreaks: true}} {
		for room := range 14 {
			bothRoles(t, cfg, func(r *rig) {
				r.s.limit(room)
				ctx, cancel := context.WithCancel(background)
				wait := start(func() error { return r.c.Ping(ctx) })
				synctest.Wait()
				cancel()
				wantCtx(r.T, "Ping", wait(), ctx)
				r.s.limit(-1)
				if h, p := r.next(); h.Opcode != frame.OpPing || len(p) != 8 {
					r.Errorf("got %v %q, want a ping of 8 bytes", h.Opcode, p)
				}
				r.write(api.MessageText, []byte("behind"))
				r.wantFrame(true, frame.OpText, []byte("behind"))
			})
		}
	}
}
