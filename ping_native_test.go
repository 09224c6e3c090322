//go:build !js

package ws_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twinws/ws"
)

// heard is a channel that an OnPing or OnPong tells. The bytes are copied,
// since they are valid during the call alone.
type heard chan string

func (h heard) on(_ *ws.Conn, p []byte) { h <- string(p) }

// wants fails the test unless p is what is heard next.
func (h heard) wants(t *testing.T, what, p string) {
	t.Helper()
	select {
	case got := <-h:
		if got != p {
			t.Errorf("%s with %q, want %q", what, got, p)
		}
	case <-within(t).Done():
		t.Fatalf("no %s with %q came", what, p)
	}
}

// TestPingPayload sends pings with payloads and pongs that nobody asked for,
// from each role to the other, which sees them arrive (RFC 6455 sections 5.5.2,
// 5.5.3).
func TestPingPayload(t *testing.T) {
	for _, by := range []string{"Accept", "Upgrade", "Handler"} {
		t.Run(by, func(t *testing.T) {
			n := newCensus(t)
			pings, pongs := make(heard, 10), make(heard, 10)
			var at atomic.Pointer[ws.Conn]
			opts := &ws.AcceptOptions{OnPing: pings.on, OnPong: func(c *ws.Conn, p []byte) {
				at.Store(c)
				pongs.on(c, p)
			}}
			accepted := make(chan *ws.Conn, 1)
			hold := func(c *ws.Conn) { accepted <- c; <-c.Context().Done() }
			var url string
			switch by {
			case "Accept":
				_, url = n.serve(t, func(w http.ResponseWriter, r *http.Request) {
					if c, err := ws.Accept(w, r, opts); err == nil {
						hold(c)
					}
				}, nil)
			case "Handler":
				_, url = n.serve(t, ws.Handler(func(_ context.Context, c *ws.Conn) { hold(c) }, opts).ServeHTTP, nil)
			default:
				l := n.listen(t)
				url = "ws://" + l.Addr().String()
				result := upgrades(within(t), l, opts)
				go func() { accepted <- (<-result).c }()
			}
			d := n.dialer()
			clientPings, clientPongs := make(heard, 10), make(heard, 10)
			var from atomic.Pointer[ws.Conn]
			d.OnPing = func(c *ws.Conn, p []byte) {
				from.Store(c)
				clientPings.on(c, p)
			}
			d.OnPong = clientPongs.on
			client, err := d.Dial(within(t), url)
			if err != nil {
				t.Fatal(err)
			}
			defer client.CloseNow()
			server := <-accepted
			defer server.CloseNow()
			client.CloseRead(t.Context())
			server.CloseRead(t.Context())
			crossPings(t, client, clientPongs, pings, pongs)
			crossPings(t, server, pongs, clientPings, clientPongs)
			if from.Load() != client || at.Load() != server {
				t.Error("they were told of another connection than the one it came on")
			}
		})
	}
}

// crossPings has c send. answers are the pongs that c gets, pings and pongs
// what its peer does.
func crossPings(t *testing.T, c *ws.Conn, answers, pings, pongs heard) {
	t.Helper()
	for _, p := range []string{"", "p", strings.Repeat("x", 125)} {
		if err := c.PingPayload(within(t), []byte(p)); err != nil {
			t.Errorf("PingPayload: %v", err)
			return
		}
		pings.wants(t, "ping", p)
		answers.wants(t, "answer", p)
		if err := c.Pong(within(t), []byte(p)); err != nil {
			t.Errorf("Pong: %v", err)
			return
		}
		pongs.wants(t, "pong", p)
	}
}

// TestPingPayloadErrors has arguments that cannot be sent (RFC 6455 section
// 5.5), and a connection that has ended.
func TestPingPayloadErrors(t *testing.T) {
	n := newCensus(t)
	_, url := n.serve(t, echo(nil), nil)
	c, err := n.dialer().Dial(within(t), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for name, send := range map[string]func(context.Context, []byte) error{"ws: ping: ": c.PingPayload, "ws: pong: ": c.Pong} {
		for _, err := range []error{send(t.Context(), make([]byte, 126)), send(nil, nil)} {
			if !strings.HasPrefix(err.Error(), name) {
				t.Errorf("error %q, want %q in front", err, name)
			}
		}
		asArgument(t, send(t.Context(), make([]byte, 126)), "p")
		asArgument(t, send(nil, nil), "ctx")
		gone, end := context.WithCancel(t.Context())
		end()
		if err := send(gone, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%swith an ended context: %v", name, err)
		}
	}
	says(t, c, "nothing has happened")
	c.CloseNow()
	for _, err := range []error{c.PingPayload(t.Context(), nil), c.Pong(t.Context(), nil)} {
		if !errors.Is(err, ws.ErrClosed) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("after CloseNow: %v", err)
		}
	}
}
