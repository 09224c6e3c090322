//go:build !js

package ws_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/twinws/ws"
)

// behindTLS are the options of a server behind a proxy at one of these
// addresses.
func behindTLS(proxies ...string) *ws.AcceptOptions {
	o := &ws.AcceptOptions{}
	for _, p := range proxies {
		o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(p))
	}
	return o
}

// asProxy dials as a proxy that ends TLS does, for a page of
// https://site.example.
func asProxy(t *testing.T, network, addr string) error {
	t.Helper()
	d := ws.Dialer{
		DialOptions: ws.DialOptions{Header: http.Header{"Origin": {"https://site.example"}, "X-Forwarded-Proto": {"https"}}},
		NetDial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
		Proxy: noProxy,
	}
	c, err := d.Dial(t.Context(), "ws://site.example/")
	if err == nil {
		c.CloseNow()
	}
	return err
}

// wantTrust says whether err is that of a trusted proxy's request, or not.
func wantTrust(t *testing.T, err error, trusted bool) {
	t.Helper()
	e, refused := errors.AsType[*ws.HandshakeError](err)
	if trusted && err != nil || !trusted && (!refused || e.Status != http.StatusForbidden) {
		t.Errorf("%v, want trusted = %v", err, trusted)
	}
}

// The address is that of the connection, in each way to accept one.
func TestTrustedProxiesByConnection(t *testing.T) {
	ways := map[string]func(nc net.Conn, o *ws.AcceptOptions) (*ws.Conn, error){
		"Upgrade": func(nc net.Conn, o *ws.AcceptOptions) (*ws.Conn, error) { return ws.Upgrade(t.Context(), nc, o) },
		"ReadHandshake": func(nc net.Conn, o *ws.AcceptOptions) (*ws.Conn, error) {
			h, err := ws.ReadHandshake(t.Context(), nc, nil)
			if err != nil {
				return nil, err
			}
			return h.Accept(t.Context(), o)
		},
		// A type that the library does not know.
		"a wrapped address": func(nc net.Conn, o *ws.AcceptOptions) (*ws.Conn, error) {
			return ws.Upgrade(t.Context(), otherAddr{nc}, o)
		},
	}
	for name, accept := range ways {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				o       *ws.AcceptOptions
				trusted bool
			}{
				{nil, false},
				{behindTLS("10.0.0.0/8"), false},
				{behindTLS("10.0.0.0/8", "127.0.0.0/8"), true},
			} {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					if nc, err := l.Accept(); err == nil {
						if c, err := accept(nc, c.o); err == nil {
							c.CloseNow()
						}
					}
				}()
				wantTrust(t, asProxy(t, "tcp", l.Addr().String()), c.trusted)
				l.Close()
				<-done
			}
		})
	}
}

// otherAddr has an address that is only text.
type otherAddr struct{ net.Conn }

type text string

func (text) Network() string             { return "other" }
func (a text) String() string            { return string(a) }
func (o otherAddr) RemoteAddr() net.Addr { return text(o.Conn.RemoteAddr().String()) }

// With net/http it is that of the request, which middleware may have replaced.
func TestTrustedProxiesByRequest(t *testing.T) {
	for _, c := range []struct {
		name, remote, network string
		proxy                 string
		trusted               bool
	}{
		{"TCP", "", "tcp", "127.0.0.1/32", true},
		{"TCP, another address", "", "tcp", "127.0.0.2/32", false},
		{"replaced, without a port", "192.0.2.1", "tcp", "192.0.2.1/32", true},
		{"replaced, and the proxy's own is gone", "192.0.2.1", "tcp", "127.0.0.1/32", false},
		{"replaced by no address", "client", "tcp", "0.0.0.0/0", false},
		{"a Unix socket counts as 127.0.0.1", "", "unix", "127.0.0.1/32", true},
		{"a Unix socket is not everybody", "", "unix", "10.0.0.0/8", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c.remote != "" {
					r.RemoteAddr = c.remote
				}
				if conn, err := ws.Accept(w, r, behindTLS(c.proxy)); err == nil {
					conn.CloseNow()
				}
			}))
			if c.network == "unix" {
				s.Listener.Close()
				l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
				if err != nil {
					t.Fatal(err)
				}
				s.Listener = l
			}
			s.Start()
			defer s.Close()
			wantTrust(t, asProxy(t, c.network, s.Listener.Addr().String()), c.trusted)
		})
	}
}

// TLS up to the server, and no word of a proxy's: https it stays.
func TestTrustedProxyOverTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, behindTLS("127.0.0.0/8")); err == nil {
			c.CloseNow()
		}
	}))
	defer s.Close()
	d := ws.Dialer{TLSConfig: &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs},
		DialOptions: ws.DialOptions{Header: http.Header{"Origin": {s.URL}}}}
	c, err := d.Dial(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
}

func TestValidateTrustedProxies(t *testing.T) {
	err := (&ws.AcceptOptions{TrustedProxies: []netip.Prefix{{}}}).Validate()
	if e, ok := errors.AsType[*ws.ArgumentError](err); !ok || e.Name != "TrustedProxies" {
		t.Errorf("%v, want an *ArgumentError for TrustedProxies", err)
	}
}

// Without TrustedProxies Accept does not look at the peer's address, and with
// it an address is read without garbage.
func TestTrustedProxiesAllocations(t *testing.T) {
	accept := func(o *ws.AcceptOptions) float64 {
		r := httptest.NewRequest("GET", "http://good.com/", nil) // no handshake: rejected before all else
		return testing.AllocsPerRun(100, func() {
			if _, err := ws.Accept(httptest.NewRecorder(), r, o); err == nil {
				t.Error("accepted")
			}
		})
	}
	plain, trusting := accept(&ws.AcceptOptions{}), accept(behindTLS("10.0.0.0/8"))
	if trusting > plain && !raced() {
		t.Errorf("%v allocations with TrustedProxies, %v without", trusting, plain)
	}
}
