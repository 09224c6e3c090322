//go:build !js && unix

package roads_test

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
	"net/url"
	"os/user"
	"strconv"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// patience is how long a test waits for what must happen; a busy machine is
// slow.
const patience = 2 * time.Minute

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// origin is the server behind the proxies, over TCP and over TLS.
type origin struct {
	cert  *certificate
	ports []string // ws, wss, and one that nobody listens on
	other string   // a port that squid and tinyproxy do not allow
}

// newOrigin starts a server that echoes.
func newOrigin(t *testing.T) *origin {
	t.Helper()
	o := &origin{cert: newCertificate(t)}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refused" {
			http.Error(w, "the server's own", http.StatusProxyAuthRequired)
			return
		}
		c, err := ws.Accept(w, r, nil)
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
	})
	plain, secured := httptest.NewUnstartedServer(h), httptest.NewUnstartedServer(h)
	secured.TLS = &tls.Config{Certificates: []tls.Certificate{o.cert.tls}}
	plain.Start()
	secured.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secured.Close)
	for _, s := range []*httptest.Server{plain, secured} {
		o.ports = append(o.ports, strconv.Itoa(s.Listener.Addr().(*net.TCPAddr).Port))
	}
	o.ports, o.other = append(o.ports, freePort(t)), freePort(t)
	return o
}

// url returns the URL of the server under a name.
func (o *origin) url(scheme, host string) string {
	port := o.ports[0]
	if scheme == "wss" {
		port = o.ports[1]
	}
	return scheme + "://" + host + ":" + port + "/"
}

// dialer returns a Dialer through a proxy.
func (o *origin) dialer(proxy string) *ws.Dialer {
	return &ws.Dialer{TLSConfig: &tls.Config{RootCAs: o.cert.pool}, Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy) },
		HandshakeTimeout: patience}
}

// certificate is for the server and for the https proxy.
type certificate struct {
	tls  tls.Certificate
	pool *x509.CertPool
	pem  [2][]byte // certificate and key
}

func newCertificate(t *testing.T) *certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost", inside}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(loopback)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := &certificate{pool: x509.NewCertPool()}
	c.pem[0] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	c.pem[1] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	c.pool.AppendCertsFromPEM(c.pem[0])
	if c.tls, err = tls.X509KeyPair(c.pem[0], c.pem[1]); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *certificate) write(t *testing.T, f folder) {
	t.Helper()
	f.put(t, "cert.pem", c.pem[0], 0o644)
	f.put(t, "key.pem", c.pem[1], 0o644)
}

func userName(t *testing.T, id int) string {
	t.Helper()
	u, err := user.LookupId(strconv.Itoa(id))
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}
