package apitest

import (
	"context"
	"errors"

	"github.com/twinws/ws/api"
)

var pingCases = []testCase{
	{name: "Ping", rule: honest,
		why: "RFC 6455 section 5.5.2: a ping is answered by a pong. A browser cannot send one: errors.ErrUnsupported, no silent success",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			if !t.pings() {
				t.wantLack("Ping", c.Ping(t.ctx))
				t.wantEcho(c, api.MessageText, []byte("still open"))
				return
			}
			for range 3 {
				if err := c.Ping(t.ctx); err != nil {
					t.Fatalf("Ping with nobody reading: %v", err)
				}
				t.wantEcho(c, api.MessageText, []byte("between"))
			}
		}},
	{name: "PingsFromManyGoroutines", rule: honest,
		why: "RFC 6455 section 5.5.3: a pong for the newest ping also answers those before it; each Ping returns",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			ctx, cancel := context.WithCancel(t.ctx)
			read := start(func() error { _, _, err := c.Read(ctx); return err })
			var pings []func() error
			for range 8 {
				pings = append(pings, start(func() error { return c.Ping(t.ctx) }))
			}
			for _, wait := range pings {
				err := wait()
				if !t.pings() {
					t.wantIs("Ping", err, errors.ErrUnsupported)
				} else if err != nil {
					t.Errorf("Ping beside a Read: %v", err)
				}
			}
			cancel()
			t.wantIs("Read", read(), context.Canceled)
			t.wantEcho(c, api.MessageText, []byte("still open"))
		}},
	{name: "CancelledPing", rule: cancelling,
		why: "a context that ends during Ping ends that call only",
		run: func(t *trial) {
			c := t.dial(t.raw("hex=&hex=8a00"+"8102"+"6f6b", "hex=&hex="+text("ok"))) // answers no ping before a message
			if !t.pings() {
				t.wantIs("Ping", c.Ping(t.gone()), errors.ErrUnsupported)
			} else {
				mute := t.dial("/silent-close") // reads, and never answers
				ctx, cancel := t.soon()
				defer cancel()
				t.wantIs("Ping of a mute peer", mute.Ping(ctx), context.DeadlineExceeded)
				t.wantIs("Ping with an ended context", c.Ping(t.gone()), context.Canceled)
				t.write(mute, api.MessageText, []byte("still open"))
			}
			t.write(c, api.MessageText, nil)
			t.wantMessage(c, api.MessageText, []byte("ok"))
		}},
	{name: "PeersPingsAreAnswered", rule: alone,
		why: "RFC 6455 section 5.5.3: a pong has the ping's payload; of several pings it is enough to answer the newest",
		run: func(t *trial) {
			for path, last := range map[string]string{"/ping": "0", "/ping?n=500": "499"} {
				c := t.dial(path)
				_, p, err := c.Read(t.ctx)
				if err != nil && path != "/ping" && t.Differs.ManyPings {
					t.wantLost("Read, after many pings", err)
				} else if err != nil || string(p) != last {
					t.Errorf("%s: Read returned %q, %v; want %q", path, p, err, last)
				}
			}
		}},
}
