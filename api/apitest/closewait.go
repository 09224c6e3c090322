package apitest

import (
	"context"
	"time"

	"github.com/twinws/ws/api"
)

// wantFullWait checks that Close waited 5 s for a silent peer, and then
// returned an error.
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
		why: "Close takes at most 5 s if the peer never answers (RFC 6455 section 7.1.1 names no limit; Chromium's own is 60 s, Firefox's 20 s)",
		run: func(t *trial) {
			id := newID()
			c := t.dial("/silent-close?id=" + id)
			t.wantFullWait(c)
			t.wantSeen(id, 1000, "bye")
		}},
	{name: "CloseOfASilentPeerWhileReading", rule: bounded, waits: true,
		why: "the limit of Close holds while another goroutine reads, and ends that Read too",
		run: func(t *trial) {
			c := t.dial("/silent-close")
			read := t.waitingRead(c)
			t.wantFullWait(c)
			if e := t.wantClosed("the waiting Read", read()); !e.Local || e.Clean {
				t.Errorf("the waiting Read returned %#v, want Local and not Clean", e)
			}
		}},
	{name: "CloseBehindAStuckWrite", rule: bounded, waits: true,
		why: "Close always closes: a peer that reads nothing does not delay Close beyond 5 s, nor a Write beyond the end",
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
		why: "natively, while a Read blocks: after a time without a byte a ping is sent, after another the connection ends with ErrKeepaliveTimeout; a browser cannot send pings, so there is no keepalive",
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
		why: "without a blocked Read there is no keepalive: silence counts only while a Read blocks",
		run: func(t *trial) {
			c := t.dial(t.raw("hex=&hex=8101"+"61", "hex=&hex="+text("a")), Options{Idle: 40 * moment})
			ctx, cancel := context.WithTimeout(t.ctx, 90*moment)
			defer cancel()
			<-ctx.Done() // longer than the keepalive of a blocked Read
			t.write(c, api.MessageText, []byte("send it"))
			t.wantMessage(c, api.MessageText, []byte("a"))
		}},
	{name: "KeepaliveKeepsAQuietPeer", rule: keepalive, waits: true,
		why: "RFC 6455 section 5.5.2: a pong shows that the peer is alive; a Read may wait longer than both times",
		run: func(t *trial) {
			c := t.dial(t.Echo, Options{Idle: 80 * moment}) // pongs are late on a busy machine
			ctx, cancel := context.WithTimeout(t.ctx, 170*moment)
			defer cancel()
			_, _, err := c.Read(ctx)
			t.wantIs("Read", err, context.DeadlineExceeded)
			t.wantEcho(c, api.MessageText, []byte("still open"))
		}},
}

// wantPingStuck waits until the connection accepts no more bytes: then a ping
// behind the blocked Write times out. Without pings it waits as long.
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
