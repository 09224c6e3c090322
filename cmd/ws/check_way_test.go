package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/testserver/server"
)

// listening starts a server that does with each connection what serve does, and
// then closes it.
func listening(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(limit))
				nc.Read(make([]byte, 4096)) // the request
				serve(nc)
			}()
		}
	}()
	return l.Addr().String()
}

func TestCheckWay(t *testing.T) {
	base := testServer(t)
	plain := strings.TrimPrefix(base, "ws://")
	_, port, _ := net.SplitHostPort(plain)
	says := func(s string) string { return listening(t, func(nc net.Conn) { io.WriteString(nc, s) }) }
	for _, c := range []struct{ name, url string }{
		{"no-name", "ws://missing.example/"},
		{"by-name", "ws://server.example:" + port + "/nowhere"},
		{"refused", "ws://127.0.0.1:" + closedPort(t) + "/"},
		{"ssh", "ws://" + says("SSH-2.0-OpenSSH_9.2\r\n")},
		{"ends", "ws://" + says("")},
		{"tls-alert", "ws://" + says("\x15\x03\x01\x00\x02\x02\x16")},
		{"no-tls", "wss://" + plain + "/echo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := diagnose(t, c.url)
			r.golden(t, c.name)
			r.want(t, exitDiffers, "*", "")
		})
	}
}

// certificate makes a certificate for example names, and a key.
func certificate(t *testing.T, from, until time.Time, names ...string) (pair tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test"}, NotBefore: from, NotAfter: until, DNSNames: names,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "cert.pem")
	both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	if err := os.WriteFile(file, both, 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// quiet discards what net/http complains about.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// serveTLS serves the test server's endpoints, and returns host and port.
func serveTLS(t *testing.T, cfg *tls.Config) (port string) {
	t.Helper()
	s := server.New(server.Options{})
	t.Cleanup(s.Close)
	h := httptest.NewUnstartedServer(s)
	h.Config.ErrorLog = quiet()
	h.TLS = cfg
	h.StartTLS()
	t.Cleanup(h.Close)
	_, port, _ = net.SplitHostPort(h.Listener.Addr().String())
	return port
}

func TestCheckTLS(t *testing.T) {
	day := 24 * time.Hour
	for _, c := range []struct {
		name        string
		from, until time.Time
		trusted     bool
		auth        tls.ClientAuthType
		alpn        string
		args        []string
		host        string
		status      int
	}{
		{name: "tls-good", from: then.Add(-day), until: then.Add(60 * day), trusted: true, status: exitOK},
		{name: "tls-expires", from: then.Add(-day), until: then.Add(3 * day), trusted: true, status: exitOK},
		{name: "tls-expired", from: then.Add(-9 * day), until: then.Add(-2 * day), trusted: true, status: exitDiffers},
		{name: "tls-early", from: then.Add(day), until: then.Add(9 * day), trusted: true, status: exitDiffers},
		{name: "tls-name", from: then.Add(-day), until: then.Add(60 * day), trusted: true, host: "other.example", status: exitDiffers},
		{name: "tls-server-name", from: then.Add(-day), until: then.Add(60 * day), trusted: true, host: "other.example",
			args: []string{"--server-name", "server.example"}, status: exitOK},
		{name: "tls-untrusted", from: then.Add(-day), until: then.Add(60 * day), status: exitDiffers},
		{name: "tls-insecure", from: then.Add(-day), until: then.Add(60 * day), args: []string{"-k"}, status: exitOK},
		{name: "tls-client", from: then.Add(-day), until: then.Add(60 * day), trusted: true, auth: tls.RequireAnyClientCert, status: exitDiffers},
		{name: "tls-client-good", from: then.Add(-day), until: then.Add(60 * day), trusted: true, auth: tls.RequireAnyClientCert,
			args: []string{"--cert", "FILE"}, status: exitOK},
		{name: "tls-alpn", from: then.Add(-day), until: then.Add(60 * day), trusted: true, alpn: "x-other", status: exitDiffers},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair, file := certificate(t, c.from, c.until, "server.example", "*.server.example")
			cfg := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: c.auth, NextProtos: []string{"http/1.1"}}
			if c.alpn != "" {
				cfg.NextProtos = []string{c.alpn}
				cfg.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { // httptest adds http/1.1
					return &tls.Config{Certificates: cfg.Certificates, NextProtos: []string{c.alpn}}, nil
				}
			}
			host := "server.example"
			if c.host != "" {
				host = c.host
			}
			args := []string{"wss://" + host + ":" + serveTLS(t, cfg) + "/echo"}
			if c.trusted {
				args = append(args, "--cacert", file)
			}
			for _, a := range c.args {
				args = append(args, strings.Replace(a, "FILE", file, 1))
			}
			r := diagnose(t, args...)
			r.golden(t, c.name)
			r.want(t, c.status, "*", "")
		})
	}
}

// connectProxy is a forward proxy that connects every request to one server, or
// refuses it.
func connectProxy(t *testing.T, to string) string {
	t.Helper()
	return strings.TrimPrefix(serveHandler(t, tunnels(to)), "ws://")
}

func tunnels(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || to == "" {
			http.Error(w, "no tunnels here", http.StatusForbidden)
			return
		}
		far, err := net.Dial("tcp", to)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer far.Close()
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer near.Close()
		io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(far, near)
			far.Close()
		}()
		io.Copy(near, far)
	})
}

func TestCheckProxy(t *testing.T) {
	base := testServer(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(base, "ws://"))
	open, closed := connectProxy(t, "127.0.0.1:"+port), connectProxy(t, "")
	target := "ws://server.example:" + port + "/echo"
	check := func(t *testing.T, name string, status int, args ...string) {
		t.Helper()
		r := diagnose(t, args...)
		r.golden(t, name)
		r.want(t, status, "*", "")
	}
	t.Run("flag", func(t *testing.T) { check(t, "proxy-flag", exitOK, "--proxy", "http://u:secret@"+open, target) })
	t.Run("refuses", func(t *testing.T) { check(t, "proxy-refuses", exitDiffers, "--proxy", closed, target) })
	t.Run("down", func(t *testing.T) {
		check(t, "proxy-down", exitDiffers, "--proxy", "http://127.0.0.1:"+closedPort(t), target)
	})
	t.Run("tls", func(t *testing.T) {
		pair, file := certificate(t, then.Add(-time.Hour), then.Add(1000*time.Hour), "server.example")
		port := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{pair}})
		check(t, "proxy-tls", exitOK, "--cacert", file, "--proxy", connectProxy(t, "127.0.0.1:"+port), "wss://server.example:"+port+"/echo")
	})
	t.Run("over TLS", func(t *testing.T) {
		pair, file := certificate(t, then.Add(-time.Hour), then.Add(1000*time.Hour), "proxy.example", "server.example")
		port := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{pair}})
		proxy := httptest.NewUnstartedServer(tunnels("127.0.0.1:" + port))
		proxy.Config.ErrorLog = quiet()
		proxy.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		proxy.StartTLS()
		defer proxy.Close()
		_, proxyPort, _ := net.SplitHostPort(proxy.Listener.Addr().String())
		url := "wss://server.example:" + port + "/echo"
		check(t, "proxy-https", exitOK, "--cacert", file, "--proxy", "https://proxy.example:"+proxyPort, url)
		check(t, "proxy-https-name", exitDiffers, "--cacert", file, "--proxy", "https://other.example:"+proxyPort, url)
	})
	t.Setenv("HTTP_PROXY", "http://"+open)
	t.Run("environment", func(t *testing.T) { check(t, "proxy-environment", exitOK, target) })
	t.Run("exception", func(t *testing.T) { check(t, "proxy-exception", exitOK, base+"/echo") })
	t.Run("none", func(t *testing.T) { check(t, "proxy-none", exitOK, "--proxy", "none", base+"/echo") })
	t.Setenv("HTTP_PROXY", "http://u:secret@%zz")
	t.Run("malformed", func(t *testing.T) { check(t, "proxy-malformed", exitDiffers, target) })
}
