//go:build !js

package legacy_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// listener is an in-memory listener: dial returns the other end.
type listener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newListener() *listener { return &listener{conns: make(chan net.Conn), done: make(chan struct{})} }

func (l *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *listener) dial() net.Conn {
	ours, theirs := net.Pipe()
	l.conns <- theirs
	return ours
}

// inMemory runs f with a server of net/http that accepts with opts, in a bubble
// whose time is not the machine's. Results of Accept come on results.
func inMemory(t *testing.T, opts *legacy.AcceptOptions, f func(t *testing.T, dial func() net.Conn, results chan accepted)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l, results := newListener(), make(chan accepted, 1)
		s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := legacy.Accept(w, r, opts)
			results <- accepted{c, err}
		})}
		done := make(chan error)
		go func() { done <- s.Serve(l) }()
		f(t, l.dial, results)
		s.Close()
		<-done
		time.Sleep(time.Second) // Go 1.27's server waits for half of it before it closes
	})
}

// answerOf reads the head of an answer, and n bytes behind it.
func answerOf(t *testing.T, nc net.Conn, n int) string {
	t.Helper()
	in, all := bufio.NewReader(nc), ""
	for !strings.HasSuffix(all, "\r\n\r\n") {
		line, err := in.ReadString('\n')
		if all += line; err != nil {
			t.Fatalf("after %q: %v", all, err)
		}
	}
	p := make([]byte, n)
	if _, err := io.ReadFull(in, p); err != nil {
		t.Fatal(err)
	}
	return all + string(p)
}

// The 8 bytes behind the head of hixie-76 may come with it, later, one by one,
// and as the body that Protocol::WebSocket (0.26) announces; a frame may follow
// at once.
func TestBytesBehindTheHead(t *testing.T) {
	const head, eight = len(request76) - 8, "^n:ds[4U"
	announced := strings.Replace(request76, "Host:", "Content-Length: 8\r\nHost:", 1)
	for name, pieces := range map[string][]string{
		"with the head":              {request76},
		"later":                      {request76[:head], eight},
		"one by one":                 {request76[:head], "^", "n", ":", "d", "s", "[", "4", "U"},
		"partly":                     {request76[:head+3], request76[head+3:]},
		"announced":                  {announced},
		"announced, later":           {announced[:len(announced)-8], eight},
		"announced, partly":          {announced[:len(announced)-3], announced[len(announced)-3:]},
		"a frame follows":            {request76 + "\x00hello\xff"},
		"announced, a frame follows": {announced + "\x00hello\xff"},
		"a frame follows in pieces":  {request76[:head+5], "[4U\x00he", "llo", "\xff"},
	} {
		opts := &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{Subprotocols: []string{"sample"}}}
		inMemory(t, opts, func(t *testing.T, dial func() net.Conn, results chan accepted) {
			nc := dial()
			defer nc.Close()
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for _, p := range pieces {
					io.WriteString(nc, p)
					time.Sleep(time.Second) // of the bubble
				}
			}()
			if got := answerOf(t, nc, 16); got != response76 {
				t.Errorf("%s: %q", name, got)
			}
			got := <-results
			if got.err != nil {
				t.Fatalf("%s: %v", name, got.err)
			}
			defer got.c.CloseNow()
			if strings.Contains(name, "follows") {
				if _, p, err := got.c.Read(t.Context()); err != nil || string(p) != "hello" {
					t.Errorf("%s: %q, %v", name, p, err)
				}
			}
			<-sent
		})
	}
}

// If they do not come, the request is rejected after HandshakeTimeout, and the
// error says what proxies do.
func TestBytesBehindTheHeadAreMissing(t *testing.T) {
	const head = len(request76) - 8
	announced := strings.Replace(request76, "Host:", "Content-Length: 8\r\nHost:", 1)
	for name, request := range map[string]string{
		"none": request76[:head], "some": request76[:head+7], "announced": announced[:len(announced)-8], "announced, some": announced[:len(announced)-1],
	} {
		opts := &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{HandshakeTimeout: 3 * time.Second}}
		inMemory(t, opts, func(t *testing.T, dial func() net.Conn, results chan accepted) {
			nc := dial()
			defer nc.Close()
			begin := time.Now()
			go io.WriteString(nc, request)
			answer, err := http.ReadResponse(bufio.NewReader(nc), nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			body, _ := io.ReadAll(answer.Body)
			if d := time.Since(begin); d < 3*time.Second || d > 5*time.Second {
				t.Errorf("%s: answered after %v, want 3 s", name, d)
			}
			if answer.StatusCode != 408 || !strings.Contains(string(body), "proxy") {
				t.Errorf("%s: %d %q", name, answer.StatusCode, body)
			}
			got := <-results
			e, ok := errors.AsType[*api.HandshakeError](got.err)
			if !ok || e.Status != 408 || !e.Timeout() || !strings.Contains(e.Problem, "hixie-76") || !strings.Contains(e.Problem, "of the 8 bytes") {
				t.Errorf("%s: %v", name, got.err)
			}
		})
	}
}

// A client that ends instead of sending them is no time-out.
func TestClientEndsBehindTheHead(t *testing.T) {
	inMemory(t, nil, func(t *testing.T, dial func() net.Conn, results chan accepted) {
		nc := dial()
		io.WriteString(nc, request76[:len(request76)-3])
		nc.Close()
		got := <-results
		if e, ok := errors.AsType[*api.HandshakeError](got.err); !ok || e.Timeout() || e.Status != 400 {
			t.Errorf("%v", got.err)
		}
	})
}

// The same for Upgrade; its context ends the wait too.
func TestUpgradeWaitsForBytesBehindTheHead(t *testing.T) {
	for _, canceled := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			go io.WriteString(ours, request76[:len(request76)-1])
			go io.Copy(io.Discard, ours)
			ctx, cancel := context.WithCancel(t.Context())
			if canceled {
				time.AfterFunc(4*time.Second, cancel)
			}
			begin := time.Now()
			_, err := legacy.Upgrade(ctx, theirs, nil)
			cancel()
			d := time.Since(begin)
			if canceled {
				if !errors.Is(err, context.Canceled) || d > 6*time.Second {
					t.Errorf("after %v: %v", d, err)
				}
			} else if e, ok := errors.AsType[*api.HandshakeError](err); !ok || e.Status != 408 || d > 12*time.Second {
				t.Errorf("after %v: %v", d, err)
			}
			ours.Close()
		})
	}
}

// A client waits for the 16 bytes of the answer as long as for the rest, and
// says that it did.
func TestClientWaitsForTheProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		go func() {
			in := bufio.NewReader(theirs)
			http.ReadRequest(in)
			in.Discard(8)
			io.WriteString(theirs, response76[:len(response76)-1])
		}()
		begin := time.Now()
		_, err := legacy.Dial(t.Context(), "ws://example.com/demo", legacy.Hixie76, &legacy.DialOptions{
			NetDial: func(context.Context, string, string) (net.Conn, error) { return ours, nil },
		})
		if e, ok := errors.AsType[*api.HandshakeError](err); !ok || !e.Timeout() || !strings.Contains(e.Problem, "16 bytes") || time.Since(begin) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		theirs.Close()
	})
}

// Package ws itself answers 426 to each draft, and says which it was and what
// accepts it: under net/http, and on a bare connection.
func TestPackageWsNamesTheDraft(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := ws.Accept(w, r, nil)
		w.Header().Set("X", "x")
		if e, ok := errors.AsType[*api.HandshakeError](err); !ok || e.Status != 426 || !strings.Contains(err.Error(), "github.com/twinws/ws/legacy") {
			t.Errorf("Accept: %v", err)
		}
	}))
	defer s.Close()
	each(t, old, func(t *testing.T, d legacy.Draft) {
		request := requests[d].request
		rows := []string{request}
		if d == legacy.Hixie76 {
			rows = append(rows, strings.Replace(request, "Host:", "Content-Length: 8\r\nHost:", 1))
		}
		for _, request := range rows {
			nc, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			io.WriteString(nc, request)
			wantNamed(t, nc, d)

			ours, theirs := net.Pipe()
			go io.WriteString(ours, request)
			done := make(chan error)
			go func() {
				_, err := ws.Upgrade(limited(t), theirs, nil)
				done <- err
			}()
			wantNamed(t, ours, d)
			if e, ok := errors.AsType[*api.HandshakeError](<-done); !ok || e.Status != 426 {
				t.Errorf("Upgrade: %v", e)
			}
			ours.Close()
		}
	})
}

func wantNamed(t *testing.T, nc net.Conn, d legacy.Draft) {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	if r.StatusCode != 426 || r.Header.Get("Sec-WebSocket-Version") != "13" || !strings.Contains(string(body), d.String()) ||
		!strings.Contains(string(body), "github.com/twinws/ws/legacy") {
		t.Errorf("%d %v %q", r.StatusCode, r.Header, body)
	}
}

// Handler serves every version, passes on the request's values, and closes as
// the draft does.
func TestHandler(t *testing.T) {
	type key struct{}
	h := legacy.Handler(func(ctx context.Context, c api.Conn) {
		if ctx.Value(key{}) != "value" {
			t.Error("the value of the request's context is missing")
		}
		typ, p, err := c.Read(ctx)
		if err == nil {
			c.Write(ctx, typ, p)
		}
	}, &legacy.AcceptOptions{Drafts: old})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, "value")))
	}))
	defer s.Close()
	want := map[legacy.Draft]api.StatusCode{legacy.RFC6455: 1000, legacy.Hybi07: 1000, legacy.Hybi10: 1000, legacy.Hixie76: 1005, legacy.Hixie75: 1006}
	each(t, all, func(t *testing.T, d legacy.Draft) {
		c := dial(t, "ws"+strings.TrimPrefix(s.URL, "http"), d, nil)
		wantEcho(t, c, api.MessageText, "hello")
		if _, _, err := c.Read(limited(t)); api.CloseStatus(err) != want[d] {
			t.Errorf("closed with %v, want %v", err, want[d])
		}
	})
	r, err := http.Get(s.URL)
	if err != nil || r.StatusCode != 426 {
		t.Errorf("a GET: %v, %v", r.Status, err)
	}
	defer func() {
		if _, ok := recover().(*api.ArgumentError); !ok {
			t.Error("Handler accepts a draft that does not exist")
		}
	}()
	legacy.Handler(nil, &legacy.AcceptOptions{Drafts: []legacy.Draft{5}})
}

// The context of a Handler's function ends with the connection.
func TestHandlersContextEnds(t *testing.T) {
	each(t, all, func(t *testing.T, d legacy.Draft) {
		causes := make(chan error, 1)
		s := httptest.NewServer(legacy.Handler(func(ctx context.Context, c api.Conn) {
			c.CloseRead(ctx)
			<-ctx.Done()
			causes <- context.Cause(ctx)
		}, nil))
		defer s.Close()
		dial(t, "ws"+strings.TrimPrefix(s.URL, "http"), d, nil).CloseNow()
		if err := <-causes; !errors.Is(err, api.ErrClosed) {
			t.Errorf("the cause is %v", err)
		}
	})
}

// Over TLS the location is of wss, and its default port is another one.
func TestOverTLS(t *testing.T) {
	s := httptest.NewTLSServer(legacy.Handler(func(ctx context.Context, c api.Conn) { echo(ctx, c) }, nil))
	defer s.Close()
	each(t, all, func(t *testing.T, d legacy.Draft) {
		o := &legacy.DialOptions{TLSConfig: s.Client().Transport.(*http.Transport).TLSClientConfig}
		c := dial(t, "wss"+strings.TrimPrefix(s.URL, "https"), d, o)
		wantEcho(t, c, api.MessageText, strings.Repeat("水", 50_000))
		if err := c.Close(api.StatusNoStatusRcvd, ""); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}
