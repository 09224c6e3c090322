package engine

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/frame"
	"github.com/twinws/ws/internal/deflate"
)

// TestInflateHeld ends the context of a Reader while the inflater holds more
// than was asked for: the end is that Reader's alone, and not what the next one
// hears once it has been given what was held.
func TestInflateHeld(t *testing.T) {
	text := strings.Repeat("house and tree, ", 20)
	payload := deflate.NewCompressor(1, 15, false).Append(nil, []byte(text))
	bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
		whole := r.zipped(true, frame.OpText, payload)
		r.send(whole[:len(whole)-2])
		ctx, cancel := context.WithCancel(background)
		got := make([]byte, 1)
		wait := start(func() error {
			_, s, err := r.c.Reader(ctx)
			if err == nil {
				_, err = io.ReadFull(s, got)
			}
			return err
		})
		synctest.Wait()
		cancel()
		if err := wait(); err != nil && err != ctx.Err() {
			r.Fatal(err)
		} else if err != nil {
			got = nil
		}
		r.send(whole[len(whole)-2:])
		_, s, err := r.c.Reader(background)
		if err != nil {
			r.Fatal(err)
		}
		rest, err := io.ReadAll(s)
		if err != nil || string(got)+string(rest) != text {
			r.Fatalf("%q and then %s, %v", got, brief(rest), err)
		}
	})
}
