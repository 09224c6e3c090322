//go:build !js

package wstest

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/twinws/ws"
)

// T is what this package needs of a test; a testing.TB is one. Cleanup runs its
// functions at the end of the test, the last one first, and Fatalf does not
// return.
type T interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// URL is the URL of connections in memory. Nothing resolves it.
const URL = "ws://wstest.test/"

// PipeOptions are the options of Pipe.
type PipeOptions struct {
	// Client are the client's options: subprotocols, compression, read limit,
	// keepalive and more. nil means the zero Dialer. Its Proxy, NetDial,
	// NetDialTLS and OpenStream are not used.
	Client *ws.Dialer
	// Server are the server's options; nil means the zero AcceptOptions.
	Server *ws.AcceptOptions
	// Delay is how long bytes take in each direction; 0 means no time.
	Delay time.Duration
	// Buffer is how many bytes may be on their way in each direction before a
	// Write waits; 0 means 64 KiB.
	Buffer int
}

// Pipe returns the two sides of a connection in memory, after a handshake of
// RFC 6455 section 4 with the options given; o may be nil. They are ended with
// the test, and a handshake that fails ends it by Fatal.
//
// In a bubble of testing/synctest call it with the bubble's t.
func Pipe(t T, o *PipeOptions) (client, server *ws.Conn) {
	t.Helper()
	if o == nil {
		o = new(PipeOptions)
	}
	near, far := newStream(o.Delay, o.Buffer)
	type result struct {
		c   *ws.Conn
		err error
	}
	accepted := make(chan result, 1)
	go func() {
		c, err := ws.Upgrade(context.Background(), far, o.Server)
		accepted <- result{c, err}
	}()
	client, err := inMemory(o.Client, func(context.Context, string, string) (net.Conn, error) { return near, nil }).
		Dial(context.Background(), URL)
	if err != nil {
		near.Close()
	}
	r := <-accepted
	if r.c != nil {
		t.Cleanup(func() { r.c.CloseNow() })
	}
	if err != nil || r.err != nil {
		t.Fatalf("wstest: the handshake failed: client: %v; server: %v", err, r.err)
	}
	t.Cleanup(func() { client.CloseNow() })
	return client, r.c
}

// inMemory returns a Dialer with the options of d, nil for none, that dials
// with f and nothing else.
func inMemory(d *ws.Dialer, f func(context.Context, string, string) (net.Conn, error)) *ws.Dialer {
	var own ws.Dialer
	if d != nil {
		own = *d
	}
	own.NetDial, own.NetDialTLS, own.OpenStream = f, nil, nil
	own.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	return &own
}
