//go:build !js

package ws_test

import (
	"bytes"
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// journal is a log that tests read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// await waits until the log says what.
func (j *journal) await(t *testing.T, what string) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx := within(t); ctx.Err() == nil && !strings.Contains(j.String(), what); <-tick.C {
	}
}

// serveHandler serves a Handler, and returns a connection to it, and its log.
func serveHandler(t *testing.T, n *census, f func(context.Context, *ws.Conn)) (*ws.Conn, *journal) {
	t.Helper()
	j := new(journal)
	_, u := n.serve(t, ws.Handler(f, nil).ServeHTTP, func(s *httptest.Server) {
		s.Config.ErrorLog = log.New(j, "", 0)
	})
	c, err := n.dialer().Dial(within(t), u)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c, j
}

// TestHandlerEnds returns from f in every way: the peer is told how the
// connection ended, and ctx with it.
func TestHandlerEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(ctx context.Context, c *ws.Conn)
		code ws.StatusCode
		log  string
	}{
		"return":           {func(context.Context, *ws.Conn) {}, ws.StatusNormalClosure, ""},
		"closed by f":      {func(_ context.Context, c *ws.Conn) { c.Close(4000, "bye") }, 4000, ""},
		"cut off by f":     {func(_ context.Context, c *ws.Conn) { c.CloseNow() }, ws.StatusAbnormalClosure, ""},
		"panic":            {func(context.Context, *ws.Conn) { panic("a mistake") }, ws.StatusInternalError, "a mistake"},
		"ErrAbortHandler":  {func(context.Context, *ws.Conn) { panic(http.ErrAbortHandler) }, ws.StatusAbnormalClosure, ""},
		"Goexit":           {func(context.Context, *ws.Conn) { runtime.Goexit() }, ws.StatusAbnormalClosure, ""},
		"panic when ended": {func(_ context.Context, c *ws.Conn) { c.CloseNow(); panic("late") }, ws.StatusAbnormalClosure, "late"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			contexts := make(chan context.Context, 1)
			c, j := serveHandler(t, n, func(ctx context.Context, c *ws.Conn) {
				if _, _, err := c.Read(ctx); err != nil || ctx.Err() != nil {
					t.Errorf("Read = %v, ctx.Err() = %v", err, ctx.Err())
				}
				contexts <- ctx
				tt.end(ctx, c)
			})
			if err := c.Write(within(t), ws.MessageText, []byte("go on")); err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.Read(within(t)); ws.CloseStatus(err) != tt.code {
				t.Errorf("the peer's Read = %v, want code %v", err, tt.code)
			}
			ctx := <-contexts
			select {
			case <-ctx.Done():
			case <-within(t).Done():
				t.Error("the context has not ended")
			}
			wrong := j.String() != ""
			if tt.log != "" {
				j.await(t, tt.log) // what f does after the connection's end is later than the context's
				wrong = !strings.HasPrefix(j.String(), "ws: panic serving 127.0.0.1:") || !strings.Contains(j.String(), tt.log+"\n") ||
					!strings.Contains(j.String(), "handler_native_test.go")
			}
			if wrong {
				t.Errorf("the log says %q", j.String())
			}
		})
	}
}

// TestHandlerPeerCloses lets the peer close: f is told by Read, and by its
// context, whose cause is the connection's error.
func TestHandlerPeerCloses(t *testing.T) {
	n := newCensus(t)
	errs := make(chan error, 1)
	c, _ := serveHandler(t, n, func(ctx context.Context, c *ws.Conn) {
		_, _, err := c.Read(ctx)
		<-ctx.Done()
		if ctx.Err() != context.Canceled || ws.CloseStatus(context.Cause(ctx)) != 4001 {
			t.Errorf("Err = %v, Cause = %v; want the connection's", ctx.Err(), context.Cause(ctx))
		}
		errs <- err
	})
	if err := c.Close(4001, "bye"); err != nil {
		t.Errorf("Close = %v", err)
	}
	if err := <-errs; ws.CloseStatus(err) != 4001 || errors.Is(err, context.Canceled) {
		t.Errorf("f's Read = %v", err)
	}
}

// TestRequestHandler chooses by the request who serves the connection, or
// refuses it, once its origin has been found to be right.
func TestRequestHandler(t *testing.T) {
	n := newCensus(t)
	asked := make(chan string, 10)
	h := ws.RequestHandler(func(r *http.Request) (func(context.Context, *ws.Conn), error) {
		asked <- r.URL.Path
		user, err := r.Cookie("user")
		switch {
		case r.URL.Path == "/nobody":
			return nil, nil
		case r.URL.Path == "/own":
			return nil, &ws.HandshakeError{Status: http.StatusUnauthorized, Header: http.Header{"Www-Authenticate": {"Basic"}}, Body: []byte("log in\n")}
		case err != nil:
			return nil, err
		}
		name := user.Value
		return func(ctx context.Context, c *ws.Conn) {
			c.Write(ctx, ws.MessageText, []byte(name+" at "+ctx.Value(userKey{}).(string)))
			c.Read(ctx)
		}, nil
	}, nil)
	_, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r.WithContext(withUser(r.Context()))) }, nil)
	for _, tt := range []struct {
		path, cookie, origin string
		status               int // 0: accepted
		asked                bool
	}{
		{"/chat", "user=ann", "", 0, true},
		{"/chat", "", "", http.StatusForbidden, true},
		{"/chat", "user=ann", "https://evil.example", http.StatusForbidden, false},
		{"/own", "", "", http.StatusUnauthorized, true},
		{"/nobody", "", "", http.StatusInternalServerError, true},
	} {
		d := n.dialer()
		d.Header = http.Header{}
		if tt.cookie != "" {
			d.Header["Cookie"] = []string{tt.cookie}
		}
		if tt.origin != "" {
			d.Header["Origin"] = []string{tt.origin}
		}
		c, err := d.Dial(within(t), u+tt.path)
		if tt.status == 0 {
			if err != nil {
				t.Fatal(err)
			}
			hears(t, c, "ann at "+withUser(t.Context()).Value(userKey{}).(string))
			c.Close(1000, "")
		} else if e := asHandshake(t, err); e.Status != tt.status || (tt.path == "/own") != (string(e.Body) == "log in\n") {
			t.Errorf("%+v: %v", tt, err)
		}
		if (len(asked) > 0) != tt.asked {
			t.Errorf("%+v: asked: %v", tt, len(asked) > 0)
		}
		for len(asked) > 0 {
			<-asked
		}
	}
}

type userKey struct{}

// TestHandlerContext has the values that middleware and net/http gave the
// request, under any number of contexts, and not their end.
func TestHandlerContext(t *testing.T) {
	n := newCensus(t)
	type seen struct {
		user, server, local any
		err                 error
	}
	all := make(chan seen, 1)
	h := ws.Handler(func(ctx context.Context, c *ws.Conn) {
		c.Read(ctx) // by then ServeHTTP has returned, and what was deferred
		all <- seen{ctx.Value(userKey{}), ctx.Value(http.ServerContextKey), ctx.Value(http.LocalAddrContextKey), ctx.Err()}
	}, nil)
	for name, wrap := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"nothing":   func(ctx context.Context) (context.Context, context.CancelFunc) { return ctx, func() {} },
		"cancelled": context.WithCancel,
		"a value, cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithCancel(withUser(ctx))
		},
		"cancelled, a value": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			return withUser(ctx), cancel
		},
		"another local address": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithValue(ctx, http.LocalAddrContextKey, elsewhere), func() {}
		},
		"no local address": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithValue(ctx, http.LocalAddrContextKey, nil), func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, u := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
				ctx, cancel := wrap(r.Context())
				defer cancel()
				h.ServeHTTP(w, r.WithContext(ctx))
			}, nil)
			c, err := n.dialer().Dial(within(t), u)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			c.Write(within(t), ws.MessageText, nil)
			got := <-all
			want := seen{user: nil, server: s.Config, local: s.Listener.Addr()}
			switch {
			case strings.Contains(name, "value"):
				want.user = "alice"
			case name == "another local address":
				want.local = elsewhere
			}
			if got.user != want.user || got.server != want.server || got.err != nil || got.local.(net.Addr).String() != want.local.(net.Addr).String() {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

var elsewhere = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}

func withUser(ctx context.Context) context.Context { return context.WithValue(ctx, userKey{}, "alice") }

// TestHandlerRefuses answers as Accept does, and does not call f.
func TestHandlerRefuses(t *testing.T) {
	n := newCensus(t)
	h := ws.Handler(func(context.Context, *ws.Conn) { t.Error("f is called") }, &ws.AcceptOptions{AllowedHosts: []string{"another.example.com"}})
	_, u := n.serve(t, h.ServeHTTP, nil)
	for raw, status := range map[string]int{
		request(): http.StatusForbidden,
		"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n":                       http.StatusUpgradeRequired,
		"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n": http.StatusMethodNotAllowed,
	} {
		if _, res, _, _ := exchange(t, n, u, raw); res.StatusCode != status {
			t.Errorf("%q is answered with %v, want %d", raw, res.Status, status)
		}
	}
}

// TestHandlerOptions panics at once for options that would refuse every
// request.
func TestHandlerOptions(t *testing.T) {
	defer func() {
		err, _ := recover().(error)
		asArgument(t, err, "OriginPatterns")
	}()
	ws.Handler(func(context.Context, *ws.Conn) {}, &ws.AcceptOptions{OriginPatterns: []string{"https://"}})
	t.Error("it does not panic")
}

// TestHandlerLetsGo serves on a goroutine of its own: that of net/http has
// ended, and one is left for each connection.
func TestHandlerLetsGo(t *testing.T) {
	n := newCensus(t)
	const conns = 20
	_, u := n.serve(t, ws.Handler(func(ctx context.Context, c *ws.Conn) {
		for {
			typ, p, err := c.Read(ctx)
			if err != nil || c.Write(ctx, typ, p) != nil {
				return
			}
		}
	}, nil).ServeHTTP, nil)
	before := runtime.NumGoroutine()
	for range conns {
		c, err := n.dialer().Dial(within(t), u)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
		says(t, c, "hello")
	}
	for wait := within(t); runtime.NumGoroutine() > before+conns; runtime.Gosched() {
		if wait.Err() != nil {
			t.Fatalf("%d connections have %d goroutines", conns, runtime.NumGoroutine()-before)
		}
	}
}
