package h2_test

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
	"github.com/twinws/ws/h2"
	_ "github.com/twinws/ws/xconnect"
)

// site is a server of net/http over TLS.
type site struct {
	*httptest.Server
	tls *tls.Config // for a client
}

// url is the server's with a path.
func (s *site) url(path string) string { return "wss" + strings.TrimPrefix(s.URL, "https") + path }

// serve starts a server of HTTP/1.1 and HTTP/2.
func serve(t testing.TB, h http.Handler) *site {
	return start(t, h, true)
}

// serve1 starts a server of HTTP/1.1 alone.
func serve1(t testing.TB, h http.Handler) *site { return start(t, h, false) }

func start(t testing.TB, h http.Handler, both bool) *site {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = both
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &site{s, &tls.Config{RootCAs: roots, ServerName: "example.com"}}
}

// dialer returns a Dialer over HTTP/2.
func (s *site) dialer(t testing.TB, tr *h2.Transport) *ws.Dialer {
	t.Cleanup(func() { tr.Close() })
	return &ws.Dialer{TLSConfig: s.tls, OpenStream: tr.OpenStream}
}

// echo sends every message back.
func echo(ctx context.Context, c *ws.Conn) {
	for {
		typ, p, err := c.Read(ctx)
		if err != nil || c.Write(ctx, typ, p) != nil {
			return
		}
	}
}

// unlimited are options of a server that takes messages of any size.
var unlimited = &ws.AcceptOptions{ReadLimit: -1}

// serveProtocols starts a server without TLS, and returns its URL.
func serveProtocols(t testing.TB, p *http.Protocols, h http.Handler) string {
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = p
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return "ws" + strings.TrimPrefix(s.URL, "http")
}
