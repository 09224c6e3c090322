//go:build !js

package hostile

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// settings are what a test asks of the connection under test. The zero value
// means the library's defaults.
type settings struct {
	limit        int64
	compression  *ws.Compression
	keepalive    *ws.Keepalive
	writeTimeout time.Duration
	// extensions is what the raw peer offers or answers.
	extensions string
	// near, when set, wraps the library's end of the connection.
	near func(net.Conn) net.Conn
	// options, when set, changes those of a server.
	options func(*ws.AcceptOptions)
}

// takeover is what a peer says to have context takeover both ways.
var takeover = map[bool]string{
	true:  "permessage-deflate",
	false: "permessage-deflate; client_max_window_bits",
}

// deflated returns settings with compression on, and takeover, and the largest
// windows, which are those of the test's deflater.
func deflated(client bool, limit int64) settings {
	return settings{limit: limit, extensions: takeover[client],
		compression: &ws.Compression{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15}}
}

// noGather reports whether the tests run with the gathering of replies off.
func noGather() bool { return os.Getenv("WS_NO_GATHER") == "1" }

func (s settings) accept() *ws.AcceptOptions {
	o := &ws.AcceptOptions{ReadLimit: s.limit, Compression: s.compression, Keepalive: s.keepalive, WriteTimeout: s.writeTimeout, NoGather: noGather()}
	if s.options != nil {
		s.options(o)
	}
	return o
}

// side is a way in which the library's end of a connection comes to be.
type side struct {
	name   string
	client bool
	// open takes near and does the library's part of the handshake.
	open func(ctx context.Context, near net.Conn, s settings) (*ws.Conn, error)
}

var sides = []side{
	{"Accept", false, openAccept},
	{"Upgrade", false, func(ctx context.Context, near net.Conn, s settings) (*ws.Conn, error) {
		return ws.Upgrade(ctx, near, s.accept())
	}},
	{"Dialer", true, func(ctx context.Context, near net.Conn, s settings) (*ws.Conn, error) {
		d := dialer(func(context.Context) (net.Conn, error) { return near, nil })
		d.ReadLimit, d.Compression, d.Keepalive, d.WriteTimeout = s.limit, s.compression, s.keepalive, s.writeTimeout
		return d.Dial(ctx, "ws://example.com/")
	}},
}

// dialer returns one whose connections come from open.
func dialer(open func(context.Context) (net.Conn, error)) *ws.Dialer {
	return &ws.Dialer{
		NetDial:  func(ctx context.Context, _, _ string) (net.Conn, error) { return open(ctx) },
		Proxy:    func(*http.Request) (*url.URL, error) { return nil, nil },
		NoGather: noGather(),
	}
}

func openAccept(ctx context.Context, near net.Conn, s settings) (*ws.Conn, error) {
	type result struct {
		c   *ws.Conn
		err error
	}
	done := make(chan result, 1)
	h := serve(near, func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, s.accept())
		done <- result{c, err}
	})
	defer h.Close() // hijacked connections are not its any more
	var r result
	select {
	case r = <-done:
		if r.err == nil {
			return r.c, nil
		}
		<-h.over // the refusal has been sent
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.over:
		select {
		case r = <-done:
		default:
			r.err = errNotReached
		}
	}
	return nil, r.err
}

// errNotReached says that net/http answered a request by itself.
var errNotReached = errors.New("Accept was not reached")

// server serves HTTP on one connection.
type server struct {
	http.Server
	over chan struct{} // closed with the connection
}

// serve starts an HTTP server for the one connection.
func serve(near net.Conn, f http.HandlerFunc) *server {
	h := &server{over: make(chan struct{})}
	h.Handler, h.ErrorLog = f, quiet
	h.ReadHeaderTimeout, h.MaxHeaderBytes = 10*time.Second, 16<<10
	h.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			close(h.over)
		}
	}
	l := &single{addr: near.LocalAddr(), conns: make(chan net.Conn, 1), closed: make(chan struct{})}
	l.conns <- near
	go h.Serve(l)
	return h
}

// quiet is for servers that are to be given errors.
var quiet = log.New(io.Discard, "", 0)

// single is a listener that has one connection to give.
type single struct {
	addr   net.Addr
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *single) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *single) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *single) Addr() net.Addr { return l.addr }

// tcp returns the two ends of a TCP connection on this machine.
func tcp(t testing.TB) (near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if far, err = net.Dial("tcp", l.Addr().String()); err == nil {
		near, err = l.Accept()
	}
	if err != nil {
		t.Fatal(err)
	}
	return near, far
}

// memory returns the two ends of a connection in memory, for tests of time.
func memory(testing.TB) (near, far net.Conn) { return net.Pipe() }

// pair returns a connection under test and its raw peer.
func (d side) pair(t testing.TB, wire func(testing.TB) (near, far net.Conn), s settings) (*ws.Conn, *peer) {
	t.Helper()
	near, far := wire(t)
	if s.near != nil {
		near = s.near(near)
	}
	p := &peer{TB: t, conn: far, in: bufio.NewReader(far), client: d.client}
	shaken := make(chan error, 1)
	go func() { shaken <- p.shake(s.extensions) }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := d.open(ctx, near, s)
	if err := errors.Join(err, <-shaken); err != nil {
		t.Fatalf("handshake: %v", err)
	}
	t.Cleanup(func() {
		c.CloseNow()
		far.Close()
	})
	return c, p
}

// everywhere runs f for each side over TCP, and looks for what is left behind.
func everywhere(t *testing.T, s settings, f func(t *testing.T, c *ws.Conn, p *peer)) {
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			c, p := d.pair(t, tcp, s)
			f(t, c, p)
		})
	}
}

// request is a handshake that is as it should be.
const request = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// response answers the request of a client, with more lines.
func response(r *http.Request, more ...string) string {
	lines := append([]string{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: " + handshake.AcceptKey(r.Header.Get("Sec-WebSocket-Key"))}, more...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}
