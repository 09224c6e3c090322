//go:build !js

package roads

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/twinws/ws"
)

// end is the end of a connection as the client sees it.
type end struct {
	code   ws.StatusCode
	reason string
}

// lost is a connection that ends without a close frame.
var lost = end{code: ws.StatusAbnormalClosure}

func endOf(err error) (end, error) {
	e, ok := errors.AsType[*ws.CloseError](err)
	if !ok {
		return end{}, fmt.Errorf("%w, want a *CloseError", err)
	}
	return end{e.Code, e.Reason}, nil
}

// testIdle: a proxy's time-out ends silent connections, and a keepalive that is
// shorter prevents it.
func testIdle(ctx context.Context, t *testing.T, f front, s *site, app *backend) {
	beats := make(chan struct{}, 1000)
	d := s.dialer()
	d.OnPing = func(*ws.Conn, []byte) { beats <- struct{}{} }
	kept, err := d.Dial(ctx, "wss://example.com/kept")
	if err != nil {
		t.Fatal(err)
	}
	defer kept.CloseNow()
	read := make(chan error, 1)
	go func() {
		_, p, err := kept.Read(ctx)
		if err == nil && string(p) != "still here" {
			err = fmt.Errorf("it read %q", p)
		}
		read <- err
	}()

	// The end of a silent one that was opened later is the clock.
	silent := s.dial(ctx, t, "/silent")
	if f.defaultIdle == "" {
		outlast(ctx, t, silent, beats)
	} else {
		_, _, err := silent.Read(ctx)
		got, err2 := endOf(err)
		if err2 != nil || got != f.cut {
			t.Fatalf("after the proxy's time-out the client sees %v, want %v", err, f.cut)
		}
		err = next(ctx, app.ended("/silent"))
		if got, err2 := endOf(err); err2 != nil || got != lost {
			t.Errorf("after the proxy's time-out the server sees %v, want %v", err, lost)
		}
		t.Logf("the server sees: %v", err)
	}
	testOneWay(ctx, t, f, s)
	if err := kept.Write(ctx, ws.MessageText, []byte("still here")); err != nil {
		t.Error(err)
	}
	if err := next(ctx, read); err != nil {
		t.Errorf("the connection with a keepalive: %v", err)
	}
}

// testOneWay: whether traffic in one direction keeps a connection open that has
// no keepalive.
func testOneWay(ctx context.Context, t *testing.T, f front, s *site) {
	d := s.dialer()
	d.Keepalive = &ws.Keepalive{Idle: -1}
	up, err := d.Dial(ctx, "wss://example.com/sink")
	if err != nil {
		t.Fatal(err)
	}
	defer up.CloseNow()
	down, err := d.Dial(ctx, "wss://example.com/source")
	if err != nil {
		t.Fatal(err)
	}
	defer down.CloseNow()
	got, over := make(chan struct{}, 1000), make(chan error, 1)
	go func() { over <- drain(ctx, down, got) }()
	upOver := make(chan error, 1)
	go func() { upOver <- drain(ctx, up, nil) }()
	for range long {
		select {
		case <-got:
			if err := up.Write(ctx, ws.MessageText, []byte("more")); err != nil {
				t.Fatalf("a client that sends and receives nothing: %v", err)
			}
		case err := <-upOver:
			t.Fatalf("a client that sends and receives nothing sees %v", err)
		case err := <-over:
			if end, err2 := endOf(err); !f.needsClient || err2 != nil || end != f.cut {
				t.Errorf("a client that receives and sends nothing sees %v", err)
			}
			return
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
	if f.needsClient {
		t.Error("a client that receives and sends nothing stays connected, which is news")
	}
}

// long is 3 s more than the brief time-out, in beats.
const long = 16

// outlast wants c open after more than the brief time-out, which another
// connection's beats measure.
func outlast(ctx context.Context, t *testing.T, c *ws.Conn, beats <-chan struct{}) {
	t.Helper()
	for range long {
		select {
		case <-beats:
		case <-ctx.Done():
			t.Fatal(ctx.Err())
		}
	}
	if err := there(ctx, c, ws.MessageText, []byte("still here")); err != nil {
		t.Errorf("a silent connection: %v", err)
	}
}

// switchTo gives the proxy a configuration that names another server, and
// returns when new connections come to that.
func (s *site) switchTo(ctx context.Context, t *testing.T, app *backend) {
	t.Helper()
	s.reload(ctx, t, app)
	for dials := 1; ; dials++ {
		c, err := s.dialer().Dial(ctx, "wss://example.com/echo")
		if err == nil {
			name := c.ResponseHeader()["X-Backend"][0]
			c.CloseNow()
			if name == app.name {
				return
			}
		}
		if ctx.Err() != nil {
			t.Fatalf("%v, and the new configuration does not hold", ctx.Err())
		}
		if dials%100 == 0 && s.again != nil {
			if err := s.again(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// testBoundedReload: as testReload, where the proxy waits 1 s for connections
// of the old configuration.
func testBoundedReload(ctx context.Context, t *testing.T, s *site) {
	old := s.dial(ctx, t, "/echo")
	if err := there(ctx, old, ws.MessageText, []byte("before")); err != nil {
		t.Fatal(err)
	}
	s.switchTo(ctx, t, newBackend(t, "new"))
	_, _, err := old.Read(ctx)
	if got, err2 := endOf(err); err2 != nil || got != lost {
		t.Errorf("the old connection: %v, want %v", err, lost)
	}
	t.Logf("the client sees: %v", err)
}

// testReload: what a new configuration does to connections of the old one. The
// new one names another server, so that it can be told that it holds.
func testReload(ctx context.Context, t *testing.T, f front, s *site) {
	old := s.dial(ctx, t, "/echo")
	if err := there(ctx, old, ws.MessageText, []byte("before")); err != nil {
		t.Fatal(err)
	}
	s.switchTo(ctx, t, newBackend(t, "new"))
	if f.reload == nil {
		if err := there(ctx, old, ws.MessageText, []byte("after")); err != nil {
			t.Errorf("the old connection: %v", err)
		}
		return
	}
	_, _, err := old.Read(ctx)
	if got, err2 := endOf(err); err2 != nil || !slices.Contains(f.reload, got) {
		t.Errorf("the old connection: %v, want one of %v", err, f.reload)
	}
	t.Logf("the client sees: %v", err)
}
