//go:build linux

package ws_test

import (
	"context"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// throttle is a connection that gives at most a piece at a tick. One goroutine
// reads.
type throttle struct {
	net.Conn
	tick *time.Ticker
	left int // of the piece
}

// 60 kB at a time, ten times a second.
const (
	throttlePiece = 60_000
	throttleTick  = 100 * time.Millisecond
)

func throttled(nc net.Conn) net.Conn { return &throttle{nc, time.NewTicker(throttleTick), 0} }

func (c *throttle) Read(p []byte) (int, error) {
	if c.left == 0 {
		<-c.tick.C
		c.left = throttlePiece
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// TestSlowPeerIsKept sends 12 MiB to a peer that takes 600 kB a second, 20 s of
// them, and answers the ping behind them when it gets there (RFC 6455 section
// 5.5.2): it is not given up, though it is silent for longer than the 11 s that
// a peer may be. The times are a third of the default's and less, and can be
// late by 10 s before this test fails.
func TestSlowPeerIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	const messages, size = 12, 1 << 20
	keepalive := &ws.Keepalive{Idle: time.Second, Timeout: 10 * time.Second}
	never := &ws.Keepalive{Idle: -1}
	for name, tt := range map[string]struct{ client, secure bool }{
		"a server's": {false, false}, "a client's, TLS": {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			accepted := make(chan *ws.Conn, 1)
			// The one that sends is judging, the other is slow.
			server, client := keepalive, never
			if tt.client {
				server, client = never, keepalive
			}
			l := slowListener(t, tt.client)
			s := httptest.NewUnstartedServer(ws.Handler(func(_ context.Context, c *ws.Conn) {
				accepted <- c
				<-c.Context().Done()
			}, &ws.AcceptOptions{Keepalive: server}))
			s.Listener.Close()
			s.Listener = l
			scheme := "ws"
			if tt.secure {
				scheme = "wss"
				s.StartTLS()
			} else {
				s.Start()
			}
			defer s.Close()
			d := &ws.Dialer{Proxy: noProxy, Keepalive: client}
			if tt.secure {
				d.TLSConfig = trusting(s)
			}
			d.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				nc, err := new(net.Dialer).DialContext(ctx, network, addr)
				if err == nil && !tt.client {
					nc = throttled(nc)
				}
				return nc, err
			}
			from, err := d.Dial(t.Context(), scheme+"://"+l.Addr().String()+"/")
			if err != nil {
				t.Fatal(err)
			}
			defer from.CloseNow()
			to := <-accepted
			defer to.CloseNow()
			if !tt.client {
				from, to = to, from
			}
			go func() {
				for range messages {
					if _, _, err := to.Read(t.Context()); err != nil {
						t.Errorf("the slow peer's Read: %v", err)
						return
					}
				}
				to.Write(t.Context(), ws.MessageText, []byte("all taken"))
				to.Read(t.Context())
			}()
			go func() {
				for range messages {
					if err := from.Write(t.Context(), ws.MessageBinary, make([]byte, size)); err != nil {
						t.Errorf("Write: %v", err)
						return
					}
				}
			}()
			if _, p, err := from.Read(t.Context()); string(p) != "all taken" {
				t.Errorf("Read = %q, %v", p, err)
			}
		})
	}
}

// slowListener listens on this machine, for connections that read slowly if
// slow.
func slowListener(t *testing.T, slow bool) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if slow {
		return slowly{l}
	}
	return l
}

type slowly struct{ net.Listener }

func (l slowly) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err == nil {
		nc = throttled(nc)
	}
	return nc, err
}
