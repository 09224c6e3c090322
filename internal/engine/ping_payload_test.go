package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestPingPayload sends pings with payloads of every kind (RFC 6455 section
// 5.5.2). Other pongs leave it waiting, and p is the caller's as soon as it is
// back.
func TestPingPayload(t *testing.T) {
	for _, payload := range []string{"", "p", "\x00\x00\x00\x00\x00\x00\x00\x01", strings.Repeat("x", frame.MaxControlPayload)} {
		bothRoles(t, Config{}, func(r *rig) {
			p := []byte(payload)
			wait := start(func() error { return r.c.PingPayload(background, p) })
			r.wantFrame(true, frame.OpPing, []byte(payload))
			clear(p)
			r.send(r.pong("other"), r.ping(payload))
			r.wantFrame(true, frame.OpPong, []byte(payload))
			synctest.Wait()
			if n := len(r.c.more().pings.wait); n != 1 {
				r.Fatalf("%d pings wait, want 1", n)
			}
			r.send(r.pong(payload))
			if err := wait(); err != nil {
				r.Errorf("PingPayload: %v", err)
			}
			if n := len(r.c.more().pings.wait); n != 0 {
				r.Errorf("%d pings still wait", n)
			}
		})
	}
}

// TestPingPayloadContext ends the context when a part of the ping is on the
// wire: it goes out whole, with the payload as it was.
func TestPingPayloadContext(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		for _, send := range []func(context.Context, []byte) error{r.c.PingPayload, r.c.Pong} {
			r.s.limit(1)
			ctx, cancel := context.WithCancel(background)
			p := []byte("payload")
			wait := start(func() error { return send(ctx, p) })
			synctest.Wait()
			cancel()
			wantCtx(r.T, "the call", wait(), ctx)
			clear(p)
			r.s.limit(-1)
			if _, got := r.next(); string(got) != "payload" {
				r.Errorf("the peer got %q", got)
			}
		}
		r.write(api.MessageText, []byte("behind"))
		r.wantFrame(true, frame.OpText, []byte("behind"))
	})
}

// TestPingPayloadMany has pings wait together. A pong ends the oldest with its
// payload and all before (RFC 6455 section 5.5.3); one without a payload ends
// but the oldest that has none, since the keepalive's ping is answered alike.
func TestPingPayloadMany(t *testing.T) {
	for _, c := range []struct {
		pings, pong string // one byte each; _ has no payload
		left        string
	}{
		{"abc", "b", "c"}, {"abc", "c", ""}, {"abc", "x", "abc"},
		{"aa", "a", "a"}, {"aba", "b", "a"}, {"aba", "a", "ba"},
		{"a_b", "_", "ab"}, {"__", "_", "_"}, {"ab", "_", "ab"}, {"_a", "a", ""},
	} {
		bothRoles(t, Config{}, func(r *rig) {
			payload := func(b byte) string { return strings.Trim(string(b), "_") }
			read := r.startRead(background)
			var ended []bool = make([]bool, len(c.pings))
			for i := range c.pings {
				p := payload(c.pings[i])
				go func() { ended[i] = r.c.PingPayload(background, []byte(p)) == nil }()
				r.wantFrame(true, frame.OpPing, []byte(p))
			}
			r.send(r.pong(payload(c.pong[0])))
			synctest.Wait()
			left := ""
			for i := range c.pings {
				if !ended[i] {
					left += c.pings[i : i+1]
				}
			}
			if left != c.left {
				r.Errorf("%s, pong %s: left are %q, want %q", c.pings, c.pong, left, c.left)
			}
			r.c.CloseNow()
			read()
		})
	}
}

// TestPong sends pongs that no ping asked for (RFC 6455 section 5.5.3), behind
// what is being sent, until the connection ends.
func TestPong(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		for _, p := range []string{"", "p", strings.Repeat("x", frame.MaxControlPayload)} {
			if err := r.c.Pong(background, []byte(p)); err != nil {
				r.Fatalf("Pong: %v", err)
			}
			r.wantFrame(true, frame.OpPong, []byte(p))
		}
		r.s.limit(1)
		message := make([]byte, 100)
		write := start(func() error { return r.c.Write(background, api.MessageBinary, message) })
		synctest.Wait()
		pong := start(func() error { return r.c.Pong(background, []byte("behind")) })
		synctest.Wait()
		wantCtx(r.T, "Pong", r.c.Pong(gone(), nil), gone())
		r.s.limit(-1)
		r.wantFrame(true, frame.OpBinary, message)
		r.wantFrame(true, frame.OpPong, []byte("behind"))
		if err := write(); err != nil {
			r.Errorf("Write: %v", err)
		}
		if err := pong(); err != nil {
			r.Errorf("Pong: %v", err)
		}
		r.c.CloseNow()
		local := api.CloseError{Code: -1, Local: true}
		wantCloseError(r.T, "Pong", r.c.Pong(background, nil), local)
		wantCloseError(r.T, "PingPayload", r.c.PingPayload(background, []byte{}), local)
	})
}

// hooked returns a Config whose hooks note what they are told.
func hooked() (cfg Config, heard *[]string) {
	heard = new([]string)
	note := func(what string) func([]byte) {
		return func(p []byte) { *heard = append(*heard, fmt.Sprintf("%s %s", what, p)) }
	}
	return Config{OnPing: note("ping"), OnPong: note("pong")}, heard
}

// TestHooks tells of pings and pongs in the order in which they came, between
// and within messages, whoever reads, after this side's close frame as well.
// Pings are answered all the same (RFC 6455 section 5.5.2).
func TestHooks(t *testing.T) {
	for _, client := range []bool{true, false} {
		bubble(t, role(client), func(t *testing.T) {
			cfg, heard := hooked()
			cfg.Client = client
			r := newRig(t, cfg)
			r.send(r.ping("1"), r.pong(""), r.frame(false, frame.OpText, []byte("mes")), r.pong("2"), r.ping(""), r.frame(true, 0, []byte("sage")))
			r.wantRead(api.MessageText, []byte("message"))
			r.wantFrame(true, frame.OpPong, []byte("1"))
			r.wantFrame(true, frame.OpPong, nil)
			p, wait := r.startPing(background)
			r.send(r.ping("3"), r.pong(p))
			if err := wait(); err != nil {
				t.Errorf("Ping: %v", err)
			}
			r.wantFrame(true, frame.OpPong, []byte("3"))
			closed := start(func() error { return r.c.Close(1000, "") })
			r.wantClose(1000, "")
			r.send(r.ping("4"), r.text("dropped"), r.pong("5"), r.close(1000, ""))
			r.p.finish()
			if err := closed(); err != nil {
				t.Errorf("Close: %v", err)
			}
			want := []string{"ping 1", "pong ", "pong 2", "ping ", "ping 3", "pong " + p, "ping 4", "pong 5"}
			if !slices.Equal(*heard, want) {
				t.Errorf("heard %q, want %q", *heard, want)
			}
		})
	}
}

// TestHookAlone has but one of the two hooks.
func TestHookAlone(t *testing.T) {
	for _, ping := range []bool{true, false} {
		bubble(t, "", func(t *testing.T) {
			cfg, heard := hooked()
			want := "ping 1"
			if ping {
				cfg.OnPong = nil
			} else {
				cfg.OnPing, want = nil, "pong 2"
			}
			r := newRig(t, cfg)
			r.send(r.ping("1"), r.pong("2"), r.text("."))
			r.wantRead(api.MessageText, []byte("."))
			if len(*heard) != 1 || (*heard)[0] != want {
				t.Errorf("heard %q, want %q", *heard, want)
			}
		})
	}
}

// TestHookWrites has the hooks write: the pong that is due goes first.
func TestHookWrites(t *testing.T) {
	for _, client := range []bool{true, false} {
		bubble(t, role(client), func(t *testing.T) {
			var r *rig
			r = newRig(t, Config{Client: client, OnPing: func(p []byte) {
				r.write(api.MessageText, p)
				if err := r.c.Pong(background, []byte("more")); err != nil {
					t.Errorf("Pong: %v", err)
				}
			}, OnPong: func([]byte) { r.c.CloseNow() }})
			read := r.startRead(background)
			r.send(r.ping("p"))
			r.wantFrame(true, frame.OpPong, []byte("p"))
			r.wantFrame(true, frame.OpText, []byte("p"))
			r.wantFrame(true, frame.OpPong, []byte("more"))
			r.send(r.pong("end"))
			wantCloseError(t, "Read", read(), api.CloseError{Code: -1, Local: true})
		})
	}
}
