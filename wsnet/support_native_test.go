//go:build !js

package wsnet_test

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wsnet"
)

// raws returns the two ends of a WebSocket connection over a pipe without a
// buffer.
func raws(t testing.TB, subprotocols ...string) (client, server *ws.Conn) {
	t.Helper()
	near, far := net.Pipe()
	type result struct {
		c   *ws.Conn
		err error
	}
	upgraded := make(chan result, 1)
	go func() {
		c, err := ws.Upgrade(context.Background(), far, &ws.AcceptOptions{Subprotocols: subprotocols})
		upgraded <- result{c, err}
	}()
	d := ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
	d.Subprotocols = subprotocols
	client, err := d.Dial(context.Background(), "ws://example.com/")
	r := <-upgraded
	if err != nil || r.err != nil {
		t.Fatal(err, r.err)
	}
	t.Cleanup(func() { client.CloseNow(); r.c.CloseNow() })
	return client, r.c
}

// pair returns a net.Conn of type typ, and the WebSocket connection at its
// other end.
func pair(t testing.TB, typ ws.MessageType, subprotocols ...string) (net.Conn, *ws.Conn) {
	t.Helper()
	client, server := raws(t, subprotocols...)
	return wsnet.Conn(client, typ), server
}

// pipe returns two net.Conns that are connected.
func pipe(t testing.TB, typ ws.MessageType, subprotocols ...string) (client, server net.Conn) {
	t.Helper()
	a, b := raws(t, subprotocols...)
	return wsnet.Conn(a, typ), wsnet.Conn(b, typ)
}

// listen returns a Listener, and the URL that leads to it.
func listen(t testing.TB, opts *wsnet.ListenerOptions) (*wsnet.Listener, string) {
	t.Helper()
	l := wsnet.NewListener(opts)
	s := httptest.NewServer(l)
	t.Cleanup(func() { l.Close(); s.Close() })
	return l, "ws" + strings.TrimPrefix(s.URL, "http")
}

// sockets returns two net.Conns that Dial and Accept have connected.
func sockets(t testing.TB, l *wsnet.Listener, url string) (client, server net.Conn) {
	t.Helper()
	client, err := wsnet.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

// start calls f on a goroutine of its own. The returned function waits for it.
func start(f func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	return func() { <-done }
}
