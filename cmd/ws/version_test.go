package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h3"
	_ "github.com/twinws/ws/xconnect"
)

// said answers each message with the version of HTTP that brought it.
func said(ctx context.Context, c *ws.Conn) {
	for {
		_, _, err := c.Read(ctx)
		if err != nil || c.Write(ctx, ws.MessageText, []byte(c.HTTPVersion())) != nil {
			return
		}
	}
}

// One flag takes another road: RFC 8441, RFC 9220.
func TestVersions(t *testing.T) {
	pair := selfMade(t)
	s := httptest.NewUnstartedServer(ws.Handler(said, nil))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	ws.ConfigureHTTP2(s.Config)
	s.StartTLS()
	t.Cleanup(s.Close)
	url := "wss" + s.URL[len("https"):]

	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	q := &http3.Server{Handler: ws.Handler(said, nil), QUICConfig: h3.ServerConfig(10),
		TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{pair}})}
	served := make(chan error, 1)
	go func() { served <- q.Serve(udp) }()
	t.Cleanup(func() {
		q.Close()
		udp.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	for _, c := range []struct{ version, url, want string }{
		{"1.1", url, "HTTP/1.1"}, {"2", url, "HTTP/2.0"}, {"3", "wss://" + udp.LocalAddr().String(), "HTTP/3.0"},
	} {
		text(t, "a\n", "dial", "--insecure", "--http", c.version, c.url).want(t, exitOK, c.want+"\n", "")
	}
}

func selfMade(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
