//go:build !js

package ws_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// grouped returns a pair of connections over a pipe, whose server is in g.
func grouped(t *testing.T, g *ws.Group, d *ws.Dialer) (client, server *ws.Conn) {
	t.Helper()
	c, s := net.Pipe()
	accepted := make(chan *ws.Conn, 1)
	go func() {
		conn, err := ws.Upgrade(context.Background(), s, &ws.AcceptOptions{Group: g})
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	if d == nil {
		d = new(ws.Dialer)
	}
	d.Proxy = noProxy
	d.NetDial = func(context.Context, string, string) (net.Conn, error) { return c, nil }
	client, err := d.Dial(context.Background(), "ws://example.com")
	if err != nil {
		t.Fatal(err)
	}
	return client, <-accepted
}

func TestGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(ws.Group)
		if err := new(ws.Group).Shutdown(t.Context(), ws.StatusGoingAway, ""); err != nil {
			t.Errorf("Shutdown of an empty group = %v", err)
		}
		type pair struct{ client, server *ws.Conn }
		var pairs []pair
		for range 3 {
			client, server := grouped(t, g, nil)
			pairs = append(pairs, pair{client, server})
			go server.Read(t.Context()) // notices the end
		}
		if g.Len() != 3 {
			t.Errorf("Len = %d", g.Len())
		}
		seen := 0
		for c := range g.All() {
			if seen++; c.RemoteAddr() == nil {
				t.Error("All yields a connection without a peer")
			}
			if seen == 2 {
				break
			}
		}
		if err := pairs[0].client.Close(ws.StatusNormalClosure, ""); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if g.Len() != 2 {
			t.Errorf("after one has ended Len = %d", g.Len())
		}
		for _, p := range pairs[1:] {
			go func() {
				_, _, err := p.client.Read(t.Context())
				if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != ws.StatusServiceRestart || e.Reason != "soon" || !e.Clean {
					t.Errorf("a client saw %v", err)
				}
			}()
		}
		if err := g.Shutdown(t.Context(), ws.StatusServiceRestart, "soon"); err != nil {
			t.Errorf("Shutdown = %v", err)
		}
		if g.Len() != 0 {
			t.Errorf("after Shutdown Len = %d", g.Len())
		}
		if err := g.Shutdown(t.Context(), ws.StatusGoingAway, "again"); err != nil {
			t.Errorf("a second Shutdown = %v", err)
		}
	})
}

// A client that answers nothing is ended when the context ends, and
// has 5 s if that has no deadline.
func TestGroupPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(ws.Group)
		client, server := grouped(t, g, nil)
		defer client.CloseNow()
		go server.Read(context.Background())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begun := time.Now()
		if err := g.Shutdown(ctx, ws.StatusGoingAway, ""); err != context.DeadlineExceeded {
			t.Errorf("Shutdown = %v", err)
		}
		if d := time.Since(begun); d != 10*time.Second {
			t.Errorf("it took %v", d)
		}
		synctest.Wait()
		if g.Len() != 0 {
			t.Error("the connection is still in the group")
		}
	})
}

// From Shutdown on requests get 503 (RFC 9110 section 15.6.4), and one whose
// response was on its way is closed once it is open.
func TestGroupRefuses(t *testing.T) {
	n := newCensus(t)
	g := new(ws.Group)
	_, u := n.serve(t, echo(&ws.AcceptOptions{Group: g}), nil)
	if err := g.Shutdown(t.Context(), ws.StatusGoingAway, ""); err != nil {
		t.Fatal(err)
	}
	_, err := n.dialer().Dial(within(t), u)
	e := asHandshake(t, err)
	if e.Status != http.StatusServiceUnavailable || string(e.Body) != "the server is shutting down\n" || http.Header(e.Header).Get("Retry-After") != "1" {
		t.Errorf("%+v", e)
	}
}

// Nothing is closed by arguments that cannot be sent.
func TestGroupArguments(t *testing.T) {
	g := new(ws.Group)
	client, server := grouped(t, g, nil)
	defer client.CloseNow()
	defer server.CloseNow()
	asArgument(t, g.Shutdown(t.Context(), ws.StatusAbnormalClosure, ""), "code")
	asArgument(t, g.Shutdown(t.Context(), ws.StatusGoingAway, string(make([]byte, 124))), "reason")
	asArgument(t, g.Shutdown(t.Context(), ws.StatusGoingAway, "\xFF"), "reason")
	asArgument(t, g.Shutdown(nil, ws.StatusGoingAway, ""), "ctx") //nolint:staticcheck // what is tested
	if g.Len() != 1 {
		t.Error("the connection was closed")
	}
}

// A server restarts under load: each client sees 1012, none 1006, and each
// message that the server acknowledged is one that it got.
func TestGroupRestart(t *testing.T) {
	const clients = 50
	g := new(ws.Group)
	var got sync.Map // of the messages that the server got
	serve := func(ctx context.Context, c *ws.Conn) {
		for {
			typ, p, err := c.Read(ctx)
			if err != nil {
				return
			}
			got.Store(string(p), true)
			if c.Write(ctx, typ, p) != nil {
				return
			}
		}
	}
	server := &http.Server{Handler: ws.Handler(serve, &ws.AcceptOptions{Group: g})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	ctx := within(t)
	server.RegisterOnShutdown(func() { g.Shutdown(ctx, ws.StatusServiceRestart, "restarting") })

	var acknowledged atomic.Int64
	var talking sync.WaitGroup
	for i := range clients {
		c, err := (&ws.Dialer{Proxy: noProxy}).Dial(ctx, "ws://"+l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		talking.Go(func() {
			defer c.CloseNow()
			for n := 0; ; n++ {
				sent := fmt.Sprint(i, "/", n)
				err := c.Write(ctx, ws.MessageText, []byte(sent))
				if err == nil {
					var p []byte
					if _, p, err = c.Read(ctx); err == nil {
						acknowledged.Add(1)
						if _, ok := got.Load(string(p)); !ok || string(p) != sent {
							t.Errorf("%q was acknowledged for %q", p, sent)
						}
						continue
					}
				}
				if _, _, err = c.Read(ctx); ws.CloseStatus(err) != ws.StatusServiceRestart {
					t.Errorf("client %d saw %v", i, err)
				}
				return
			}
		})
	}
	for acknowledged.Load() < 10*clients {
		time.Sleep(time.Millisecond)
	}
	if err := server.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := g.Shutdown(ctx, ws.StatusServiceRestart, "restarting"); err != nil {
		t.Error(err)
	}
	talking.Wait()
	if g.Len() != 0 {
		t.Errorf("%d are still in the group", g.Len())
	}
}

// Over HTTP/2, Shutdown of http.Server waits for the connections that the group
// ends.
func TestGroupOverHTTP2(t *testing.T) {
	inBoth(t, func(t *testing.T, serve server2, start starter) {
		g := new(ws.Group)
		s, c := start(serve(&ws.AcceptOptions{Group: g}, func(ctx context.Context, c *ws.Conn) { c.Read(ctx) }), nil)
		s.RegisterOnShutdown(func() { g.Shutdown(t.Context(), ws.StatusServiceRestart, "soon") })
		client := c.open(t).client()
		if synctest.Wait(); g.Len() != 1 {
			t.Fatalf("Len = %d", g.Len())
		}
		down := make(chan error, 1)
		go func() { down <- s.Shutdown(t.Context()) }()
		_, _, err := client.ReadAppend(t.Context(), nil)
		closedBy(t, err, ws.StatusServiceRestart, nil)
		if err := <-down; err != nil || g.Len() != 0 {
			t.Errorf("Shutdown = %v, %d are left", err, g.Len())
		}
	})
}
