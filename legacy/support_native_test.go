//go:build !js

package legacy_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// all are the versions that the package speaks.
var all = []legacy.Draft{legacy.RFC6455, legacy.Hixie75, legacy.Hixie76, legacy.Hybi07, legacy.Hybi10}

// old are the drafts.
var old = all[1:]

// hixie reports whether d has text messages alone.
func hixie(d legacy.Draft) bool { return d == legacy.Hixie75 || d == legacy.Hixie76 }

// each runs f for each of drafts.
func each(t *testing.T, drafts []legacy.Draft, f func(t *testing.T, d legacy.Draft)) {
	for _, d := range drafts {
		t.Run(d.String(), func(t *testing.T) { f(t, d) })
	}
}

// limited is a context for a test.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// echo sends back every message, and returns the error that ended it.
func echo(ctx context.Context, c api.Conn) error {
	for {
		typ, p, err := c.Read(ctx)
		if err != nil {
			return err
		}
		if err := c.Write(ctx, typ, p); err != nil {
			return err
		}
	}
}

// accepted is what a server saw of a request.
type accepted struct {
	c   api.Conn
	err error
}

// serve starts a server that accepts with opts and calls f, and returns its
// URL. What Accept returned is sent on results, unless that is nil.
func serve(t *testing.T, opts *legacy.AcceptOptions, results chan<- accepted, f func(ctx context.Context, c api.Conn)) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := legacy.Accept(w, r, opts)
		if results != nil {
			results <- accepted{c, err}
		}
		if err != nil {
			return
		}
		defer c.CloseNow()
		f(c.Context(), c)
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// dial dials url, and closes the connection when the test ends.
func dial(t *testing.T, url string, d legacy.Draft, opts *legacy.DialOptions) api.Conn {
	t.Helper()
	c, err := legacy.Dial(limited(t), url, d, opts)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// wantEcho sends a message and compares what comes back.
func wantEcho(t *testing.T, c api.Conn, typ api.MessageType, p string) {
	t.Helper()
	ctx := limited(t)
	if err := c.Write(ctx, typ, []byte(p)); err != nil {
		t.Fatalf("write: %v", err)
	}
	got, q, err := c.Read(ctx)
	if err != nil || got != typ || string(q) != p {
		t.Fatalf("got %v %.50q, %v; want %v %.50q", got, q, err, typ, p)
	}
}

var _ = ws.StatusNormalClosure
