//go:build !js

package roads

import (
	"context"
	"errors"
	"fmt"
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

	// The end of two silent ones in turn is the clock.
	for i := range 2 {
		path := fmt.Sprint("/silent?", i)
		silent := s.dial(ctx, t, path)
		if f.defaultIdle == "" {
			outlast(ctx, t, silent, beats)
			continue
		}
		_, _, err := silent.Read(ctx)
		got, err2 := endOf(err)
		if err2 != nil || got != f.cut {
			t.Fatalf("after the proxy's time-out the client sees %v, want %v", err, f.cut)
		}
		t.Logf("the client sees: %v", err)
		err = next(ctx, app.ended(path))
		if got, err2 := endOf(err); err2 != nil || got != lost {
			t.Errorf("after the proxy's time-out the server sees %v, want %v", err, lost)
		}
		t.Logf("the server sees: %v", err)
	}
	if err := kept.Write(ctx, ws.MessageText, []byte("still here")); err != nil {
		t.Error(err)
	}
	if err := next(ctx, read); err != nil {
		t.Errorf("the connection with a keepalive: %v", err)
	}
}

// outlast wants c open after twice the brief time-out, which other
// connection's beats measure.
func outlast(ctx context.Context, t *testing.T, c *ws.Conn, beats <-chan struct{}) {
	t.Helper()
	for range 12 { // 6 s
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

// testReload: what a new configuration does to connections of the old one. The
// new one names another server, so that it can be told that it holds.
func testReload(ctx context.Context, t *testing.T, f front, s *site) {
	old := s.dial(ctx, t, "/echo")
	if err := there(ctx, old, ws.MessageText, []byte("before")); err != nil {
		t.Fatal(err)
	}
	s.reload(ctx, t, newBackend(t, "new"))
	failed := 0
	for ctx.Err() == nil {
		c, err := s.dialer().Dial(ctx, "wss://example.com/echo")
		if err != nil {
			failed++
			t.Logf("a dial during the reload: %v", err)
			continue
		}
		name := c.ResponseHeader()["X-Backend"][0]
		c.CloseNow()
		if name == "new" {
			break
		}
	}
	if failed > 0 {
		t.Logf("%d dials failed during the reload", failed)
	}
	if f.reload == (end{}) {
		if err := there(ctx, old, ws.MessageText, []byte("after")); err != nil {
			t.Errorf("the old connection: %v", err)
		}
		return
	}
	_, _, err := old.Read(ctx)
	if got, err2 := endOf(err); err2 != nil || got != f.reload {
		t.Errorf("the old connection: %v, want %v", err, f.reload)
	}
	t.Logf("the client sees: %v", err)
}
