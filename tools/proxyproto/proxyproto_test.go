package proxyproto

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/pires/go-proxyproto"
	"github.com/twinws/ws"
)

// client is the address that the proxy tells of.
var client = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 60).To4(), Port: 4711}

// dial connects as a proxy does for client, with a version of the protocol, or
// with none if it is 0.
func dial(t *testing.T, l net.Listener, version byte) (*ws.Conn, error) {
	d := ws.Dialer{NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil && version != 0 {
			_, err = proxyproto.HeaderProxyFromAddrs(version, client, l.Addr()).WriteTo(nc)
		}
		return nc, err
	}}
	return d.Dial(t.Context(), "ws://"+l.Addr().String())
}

// listen returns a listener as a user would make it, for proxies on this
// machine.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := proxyproto.TrustProxyHeaderFromRanges([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	pl := &proxyproto.Listener{Listener: l, ConnPolicy: policy}
	t.Cleanup(func() { pl.Close() })
	return pl
}

// report sends the address that c shows, and echoes a message.
func report(ctx context.Context, c *ws.Conn) {
	defer c.CloseNow()
	c.Write(ctx, ws.MessageText, []byte(c.RemoteAddr().String()))
	if typ, p, err := c.Read(ctx); err == nil {
		c.Write(ctx, typ, p)
	}
}

// Both ways to accept work, and show the client's address.
func TestProxyProtocol(t *testing.T) {
	servers := map[string]func(l net.Listener){
		"Accept": func(l net.Listener) {
			s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.RemoteAddr != client.String() {
					http.Error(w, r.RemoteAddr, http.StatusTeapot)
				} else if c, err := ws.Accept(w, r, nil); err == nil {
					report(r.Context(), c)
				}
			})}
			s.Serve(l)
		},
		"Handler": func(l net.Listener) { (&http.Server{Handler: ws.Handler(report, nil)}).Serve(l) },
		"Upgrade": func(l net.Listener) {
			for nc, err := l.Accept(); err == nil; nc, err = l.Accept() {
				go func() {
					if c, err := ws.Upgrade(context.Background(), nc, nil); err == nil {
						report(context.Background(), c)
					}
				}()
			}
		},
	}
	for name, serve := range servers {
		for version := range byte(3) {
			t.Run(fmt.Sprint(name, ", version ", version), func(t *testing.T) {
				l := listen(t)
				go serve(l)
				c, err := dial(t, l, version)
				if version == 0 {
					if err == nil {
						c.CloseNow()
						t.Error("a connection without the header was accepted")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				_, p, err := c.Read(t.Context())
				if err != nil || string(p) != client.String() {
					t.Errorf("the server sees the client %s (%v), want %v", p, err, client)
				}
				c.Write(t.Context(), ws.MessageText, []byte("hello"))
				if _, p, err = c.Read(t.Context()); err != nil || string(p) != "hello" {
					t.Errorf("echo: %q, %v", p, err)
				}
			})
		}
	}
}

// Without it the header is a malformed request.
func TestWithoutListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go (&http.Server{Handler: ws.Handler(report, nil)}).Serve(l)
	_, err = dial(t, l, 1)
	if e, ok := errors.AsType[*ws.HandshakeError](err); !ok || e.Status != http.StatusBadRequest {
		t.Errorf("%v, want status 400", err)
	}
}
