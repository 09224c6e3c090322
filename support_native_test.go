//go:build !js

package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// patience is how long a test waits for what must happen; a busy machine is
// slow.
const patience = time.Minute

// within returns a context for the length of a test.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// census counts network connections, and verifies that none is open, and no
// goroutine of the test at work, when the test is over.
type census struct{ open sync.WaitGroup }

func newCensus(t *testing.T) *census {
	t.Helper()
	c := new(census)
	mark := "test " + t.Name()
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("mark", mark)))
	t.Cleanup(func() {
		pprof.SetGoroutineLabels(context.Background())
		closed := make(chan struct{})
		go func() {
			c.open.Wait()
			close(closed)
		}()
		select {
		case <-closed:
		case <-time.After(patience):
			t.Error("a network connection was left open")
		}
		if left := marked(mark); left != "" {
			t.Errorf("goroutines were left at work:\n%s", left)
		}
	})
	return c
}

// marked waits until no goroutine has the mark, and returns those that stay.
func marked(mark string) (left string) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		var b bytes.Buffer
		pprof.Lookup("goroutine").WriteTo(&b, 1)
		left = ""
		for g := range strings.SplitSeq(b.String(), "\n\n") {
			if strings.Contains(g, `"mark":`+strconv.Quote(mark)) {
				left += g + "\n\n"
			}
		}
		if left == "" || time.Now().After(end) {
			return left
		}
	}
}

// counted is a TCP connection of a census.
type counted struct {
	*net.TCPConn
	closed func()
}

func (c *census) count(nc net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	c.open.Add(1)
	return &counted{nc.(*net.TCPConn), sync.OnceFunc(c.open.Done)}, nil
}

func (c *counted) Close() error {
	defer c.closed()
	return c.TCPConn.Close()
}

type listener struct {
	net.Listener
	c *census
}

func (l listener) Accept() (net.Conn, error) { return l.c.count(l.Listener.Accept()) }

// dial is a NetDial.
func (c *census) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return c.count(new(net.Dialer).DialContext(ctx, network, addr))
}

// dialer returns one that uses no proxy and is counted.
func (c *census) dialer() *ws.Dialer {
	return &ws.Dialer{NetDial: c.dial, Proxy: noProxy}
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

// listen returns a listener on this machine whose connections are counted.
func (c *census) listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return listener{l, c}
}

// serve starts an HTTP server, which change may prepare, and returns it with
// the URL to dial.
func (c *census) serve(t *testing.T, h http.HandlerFunc, change func(*httptest.Server)) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = c.listen(t)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if change != nil {
		change(s)
	}
	if s.TLS != nil {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, "ws" + strings.TrimPrefix(s.URL, "http")
}

// echo accepts and sends every message back.
func echo(opts *ws.AcceptOptions) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, opts)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			typ, p, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), typ, p) != nil {
				return
			}
		}
	}
}

// says fails the test unless c echoes.
func says(t *testing.T, c *ws.Conn, text string) {
	t.Helper()
	ctx := within(t)
	if err := c.Write(ctx, ws.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
	hears(t, c, text)
}

// hears fails the test unless the next message is text.
func hears(t *testing.T, c *ws.Conn, text string) {
	t.Helper()
	typ, p, err := c.Read(within(t))
	if err != nil || typ != ws.MessageText || string(p) != text {
		t.Fatalf("Read = %v, %q, %v; want the text %q", typ, p, err, text)
	}
}

// pipe returns a Dialer to a server in memory: f is given its end of the
// connection and the request. The end is closed when f returns.
func pipe(f func(nc net.Conn, r *http.Request)) *ws.Dialer {
	return &ws.Dialer{Proxy: noProxy, NetDial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			if r, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
				f(far, r)
			}
		}()
		return near, nil
	}}
}

// switching is the response that accepts r, with more fields.
func switching(r *http.Request, more ...string) string {
	s := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key")) + "\r\n"
	for _, m := range more {
		s += m + "\r\n"
	}
	return s + "\r\n"
}

// asHandshake fails the test unless err is a *HandshakeError.
func asHandshake(t *testing.T, err error) *ws.HandshakeError {
	t.Helper()
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok {
		t.Fatalf("error = %v, want a *HandshakeError", err)
	}
	return e
}

// asArgument fails the test unless err is an *ArgumentError about name.
func asArgument(t *testing.T, err error, name string) {
	t.Helper()
	if e, ok := errors.AsType[*ws.ArgumentError](err); !ok || e.Name != name {
		t.Fatalf("error = %v, want an *ArgumentError about %s", err, name)
	}
}

// raced reports whether the race detector is on.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
