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

// TestInflateEndBeforeClose has a Ping look for its pong when all of a message
// has come, and a stream has not given out all of it, or only not its end. The
// close frame behind the message does not take the place of what is left.
func TestInflateEndBeforeClose(t *testing.T) {
	for _, first := range []int{1, 4, 5, 100} {
		bothRoles(t, Config{Deflate: agreed()}, func(r *rig) {
			r.send(r.zipped(true, frame.OpText, []byte(hello[0].payload)), r.close(1000, ""))
			_, s, err := r.c.Reader(background)
			if err != nil {
				r.Fatal(err)
			}
			p := make([]byte, first)
			n, err := s.Read(p)
			if n == 0 || err != nil && err != io.EOF {
				r.Fatal(n, err)
			}
			ctx, cancel := context.WithCancel(background)
			wait := start(func() error { return r.c.Ping(ctx) })
			synctest.Wait()
			cancel()
			if err := wait(); err != ctx.Err() {
				r.Errorf("Ping before the message's end: %v", err)
			}
			rest, err := io.ReadAll(s)
			if got := string(p[:n]) + string(rest); err != nil || got != "Hello" {
				r.Errorf("%d bytes first: %q, %v", first, got, err)
			}
		})
	}
}
