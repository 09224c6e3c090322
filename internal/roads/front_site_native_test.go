//go:build !js

package roads

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
	_ "github.com/twinws/ws/xconnect" // the backends announce extended CONNECT
)

// origin is that of the site's own pages.
const origin = "https://example.com"

// site is wss://example.com, served by a proxy in front of a backend.
type site struct {
	addr   string        // of the proxy
	http2  *h2.Transport // nil for HTTP/1.1
	reload func(ctx context.Context, t *testing.T, app *backend)
	again  func() error // tells the proxy to reload once more; nil if that is not needed
}

// serve starts f in front of app.
func (f front) serve(ctx context.Context, t *testing.T, app *backend, set settings) *site {
	t.Helper()
	if f.program == nil {
		return serveGo(t, app)
	}
	p := f.program.start(ctx, t, app.addr, set)
	s := &site{addr: p.vars["ADDR"], reload: func(ctx context.Context, t *testing.T, app *backend) {
		t.Helper()
		p.configure(t, app.addr)
		if err := f.program.reload(ctx, p); err != nil {
			t.Fatal(err)
		}
	}}
	if f.http2 {
		s.http2 = new(h2.Transport)
		t.Cleanup(func() { s.http2.Close() })
	}
	if f.program.forgets {
		s.again = func() error { return f.program.reload(ctx, p) }
	}
	return s
}

// serveGo serves the site by Go's own proxy. To reload it is to start another
// server, and to shut the first one down: a WebSocket is no longer net/http's.
func serveGo(t *testing.T, app *backend) *site {
	t.Helper()
	s := new(site)
	server := listenGo(t, app)
	s.addr = server.Listener.Addr().String()
	s.reload = func(ctx context.Context, t *testing.T, app *backend) {
		t.Helper()
		next := listenGo(t, app)
		s.addr = next.Listener.Addr().String()
		if err := server.Config.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	}
	return s
}

func listenGo(t *testing.T, app *backend) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(newProxy(&url.URL{Scheme: "http", Host: app.addr}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate()}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// newProxy is Go's, as a user would write it.
func newProxy(app *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(app)
		r.Out.Host = r.In.Host
		r.SetXForwarded() // for, host and proto; Rewrite has removed the client's
	}}
}

// dialer dials the site as its pages do. More options can be set.
func (s *site) dialer() *ws.Dialer {
	d := &ws.Dialer{
		DialOptions: ws.DialOptions{Header: http.Header{"Origin": {origin}}},
		TLSConfig:   &tls.Config{RootCAs: roots()},
		NetDial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, s.addr)
		},
		Proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	}
	if s.http2 != nil {
		d.OpenStream = s.http2.OpenStream
	}
	return d
}

// dial connects to a path of the site's.
func (s *site) dial(ctx context.Context, t *testing.T, path string) *ws.Conn {
	t.Helper()
	c, err := s.dialer().Dial(ctx, "wss://example.com"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

// accepts reports whether a TLS handshake with addr succeeds.
func accepts(ctx context.Context, addr string) bool {
	d := tls.Dialer{Config: &tls.Config{RootCAs: roots(), ServerName: "example.com"}}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// pair is a certificate of example.com, made anew for each run.
var pair = sync.OnceValues(func() (cert, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"}, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		panic(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
})

func certificate() tls.Certificate {
	c, err := tls.X509KeyPair(pair())
	if err != nil {
		panic(err)
	}
	return c
}

func roots() *x509.CertPool {
	cert, _ := pair()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// writeCertificate writes the files that proxies read.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	cert, key := pair()
	write(t, filepath.Join(dir, "cert.pem"), string(cert))
	write(t, filepath.Join(dir, "key.pem"), string(key))
	write(t, filepath.Join(dir, "both.pem"), string(cert)+string(key))
}
