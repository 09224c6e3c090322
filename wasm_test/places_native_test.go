//go:build !js

package wasmtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
	"github.com/twinws/ws/testserver/server"
)

// places returns the places of the native build.
func places(t *testing.T) []place {
	h := newServer(t)
	plain := httptest.NewServer(h)
	t.Cleanup(plain.Close)
	secure := httptest.NewUnstartedServer(h)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it would report cancelled Dials
	secure.StartTLS()
	t.Cleanup(secure.Close)
	backend := func(s *httptest.Server, echo string, c *tls.Config) apitest.Backend {
		return apitest.Backend{URL: wsURL(s), Echo: echo, Dial: dialer(c)}
	}
	return []place{
		{"native", backend(plain, "/echo", nil)},
		{"tls", backend(secure, "/echo", &tls.Config{RootCAs: roots(secure)})},
		{"nhooyr", backend(plain, "/echo/nhooyr", nil)},
		{"bytes", backend(plain, "/echo/bytes", nil)},
	}
}

// newServer returns the test server's handler, with a joiner at /join, which is
// closed after the test.
func newServer(t *testing.T) http.Handler {
	h := server.New(server.Options{})
	j := &joiner{open: map[*ws.Conn]bool{}, one: map[string]*ws.Conn{}}
	t.Cleanup(func() { j.Close(); h.Close() })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/join" {
			j.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// roots returns a pool that trusts only the certificate of s.
func roots(s *httptest.Server) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.Certificate())
	return p
}

func wsURL(s *httptest.Server) string { return "ws" + strings.TrimPrefix(s.URL, "http") }

// dialer dials with options that only native programs have, or as Dial if none
// of them is set.
func dialer(c *tls.Config) func(context.Context, string, apitest.Options) (api.Conn, error) {
	return func(ctx context.Context, url string, o apitest.Options) (api.Conn, error) {
		if c == nil && o.Idle == 0 {
			return dial(ctx, url, o)
		}
		d := ws.Dialer{DialOptions: *dialOptions(o), TLSConfig: c}
		if o.Idle != 0 {
			d.Keepalive = &ws.Keepalive{Idle: o.Idle, Timeout: o.Idle}
		}
		return conn(d.Dial(ctx, url))
	}
}
