package apitest

import (
	"context"
	"time"

	"github.com/twinws/ws/api"
)

// wantFullWait checks that Close gave a silent peer its 5 s, and no more, and
// that it then tells.
func (t *trial) wantFullWait(c api.Conn) {
	t.Helper()
	begin := time.Now()
	err := c.Close(1000, "bye")
	if d := time.Since(begin); d < 4*time.Second || d > 8*time.Second {
		t.Errorf("Close took %v, want 5 s", d)
	}
	if e := t.wantClosed("Close", err); !e.Local || e.Clean {
		t.Errorf("Close returned %#v, want Local and not Clean", e)
	}
	t.wantEnded(c)
}

var closeWaitCases = []testCase{
	{name: "CloseOfASilentPeer", rule: bounded, waits: true,
		why: "Close takes at most 5 s, though the peer never answers (RFC 6455 section 7.1.1 names no bound; Chromium alone would take 60 s)",
		run: func(t *trial) {
			id := newID()
			c := t.dial("/silent-close?id=" + id)
			t.wantFullWait(c)
			t.wantSeen(id, 1000, "bye")
		}},
	{name: "CloseOfASilentPeerWhileReading", rule: bounded, waits: true,
		why: "the bound of Close holds whoever does the reading, and ends that Read too",
		run: func(t *trial) {
			c := t.dial("/silent-close")
			read := t.waitingRead(c)
			t.wantFullWait(c)
			if e := t.wantClosed("the waiting Read", read()); !e.Local || e.Clean {
				t.Errorf("the waiting Read returned %#v, want Local and not Clean", e)
			}
		}},
	{name: "CloseBehindAStuckWrite", rule: bounded, waits: true,
		why: "Close always closes: a peer that reads nothing holds up neither Close beyond its 5 s nor the Write beyond the end",
		run: func(t *trial) {
			c := t.dial("/never-reads")
			msg := t.pattern(8<<20, 1)
			write := start(func() error {
				for {
					if err := c.Write(t.ctx, t.binary(), msg); err != nil || t.Browser {
						return err
					}
				}
			})
			if t.Browser {
				if err := write(); err != nil {
					t.Fatal(err)
				}
			} else {
				t.wantPingStuck(c)
			}
			t.wantFullWait(c)
			if !t.Browser {
				t.wantIs("the stuck Write", write(), api.ErrClosed)
			}
		}},
	{name: "CloseNowIgnoresASilentPeer", rule: bounded,
		why: "CloseNow never waits: neither for the peer nor for another Close",
		run: func(t *trial) {
			c := t.dial("/silent-close")
			t.wantWithin("CloseNow", promptly, func() {
				if err := c.CloseNow(); err != nil {
					t.Errorf("CloseNow: %v", err)
				}
			})
			t.wantEnded(c)
		}},
	{name: "CloseNowCutsACloseShort", rule: bounded,
		why: "CloseNow always closes at once, also while a Close waits for the peer, which then returns",
		run: func(t *trial) {
			id := newID()
			c := t.dial("/silent-close?id=" + id)
			closing := start(func() error { return c.Close(1000, "") })
			t.wantSeen(id, 1000, "") // so the Close waits for the answer now
			t.wantWithin("CloseNow and Close", promptly, func() {
				c.CloseNow()
				t.wantIs("Close", closing(), api.ErrClosed)
			})
		}},
	{name: "KeepaliveJudgesAMutePeer", rule: keepalive, waits: true,
		why: "natively, while a Read waits: a time without a byte sends a ping, another ends the connection with ErrKeepaliveTimeout; a browser cannot ping, so nobody is judged there",
		run: func(t *trial) {
			c := t.dial("/never-reads", Options{Idle: 2 * moment})
			if !t.pings() {
				ctx, cancel := context.WithTimeout(t.ctx, 20*moment)
				defer cancel()
				_, _, err := c.Read(ctx)
				t.wantIs("Read", err, context.DeadlineExceeded)
				return
			}
			_, _, err := c.Read(t.ctx)
			t.wantIs("Read", err, api.ErrKeepaliveTimeout)
			t.wantIs("Read", err, api.ErrClosed)
		}},
	{name: "KeepaliveSparesTheUnread", rule: keepalive, waits: true,
		why: "nobody reading means nobody judged: silence that no Read has waited through does not count",
		run: func(t *trial) {
			c := t.dial(t.raw("hex=&hex=8101"+"61", "hex=&hex="+text("a")), Options{Idle: 40 * moment})
			ctx, cancel := context.WithTimeout(t.ctx, 90*moment)
			defer cancel()
			<-ctx.Done() // longer than a Read would have put up with
			t.write(c, api.MessageText, []byte("send it"))
			t.wantMessage(c, api.MessageText, []byte("a"))
		}},
	{name: "KeepaliveKeepsAQuietPeer", rule: keepalive, waits: true,
		why: "RFC 6455 section 5.5.2: a pong shows that the peer is there; a Read may wait longer than both times",
		run: func(t *trial) {
			c := t.dial(t.Echo, Options{Idle: 80 * moment}) // pongs are late on a busy machine
			ctx, cancel := context.WithTimeout(t.ctx, 170*moment)
			defer cancel()
			_, _, err := c.Read(ctx)
			t.wantIs("Read", err, context.DeadlineExceeded)
			t.wantEcho(c, api.MessageText, []byte("still open"))
		}},
}

// wantPingStuck waits until the connection takes no more, which a ping behind
// the stuck Write tells; where there is none, long enough.
func (t *trial) wantPingStuck(c api.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, 10*moment)
	defer cancel()
	if !t.pings() {
		<-ctx.Done()
		return
	}
	t.wantIs("Ping of a peer that reads nothing", c.Ping(ctx), context.DeadlineExceeded)
}
