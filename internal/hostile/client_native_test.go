//go:build !js

package hostile

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// TestRow22Answers gives a client every wrong answer (RFC 6455 section 4.1):
// Dial fails with a *HandshakeError that says which, with the response's
// status.
func TestRow22Answers(t *testing.T) {
	without := func(line string) func(*http.Request) string {
		return func(r *http.Request) string { return strings.Replace(response(r), line+"\r\n", "", 1) }
	}
	and := func(lines ...string) func(*http.Request) string {
		return func(r *http.Request) string { return response(r, lines...) }
	}
	plain := func(s string) func(*http.Request) string { return func(*http.Request) string { return s } }
	const wrong = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	for name, c := range map[string]struct {
		reply  func(r *http.Request) string
		status int
		says   string
	}{
		"accept wrong": {func(r *http.Request) string {
			head, _, _ := strings.Cut(response(r), "Sec-WebSocket-Accept")
			return head + wrong + "\r\n\r\n"
		}, 101, "does not match the key"},
		"accept missing": {func(r *http.Request) string {
			head, _, _ := strings.Cut(response(r), "Sec-WebSocket-Accept")
			return head + "\r\n"
		}, 101, "no Sec-WebSocket-Accept"},
		"accept twice":         {and(wrong), 101, "more than once"},
		"101 without Upgrade":  {without("Upgrade: websocket"), 101, "no Upgrade"},
		"101 to h2c":           {func(r *http.Request) string { return strings.Replace(response(r), "websocket", "h2c", 1) }, 101, "h2c"},
		"no Connection":        {without("Connection: Upgrade"), 101, "no Connection"},
		"200":                  {plain("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 200, "instead of 101"},
		"a redirect":           {plain("HTTP/1.1 302 Found\r\nLocation: ws://evil.example/\r\nContent-Length: 0\r\n\r\n"), 302, "redirects are not followed"},
		"403":                  {plain("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), 403, "403"},
		"unasked subprotocol":  {and("Sec-WebSocket-Protocol: superchat"), 101, "not offered"},
		"another's case":       {and("Sec-WebSocket-Protocol: CHAT"), 101, "not offered"},
		"subprotocol twice":    {and("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: chat"), 101, "more than once"},
		"unasked extension":    {and("Sec-WebSocket-Extensions: permessage-deflate"), 101, "not offered"},
		"a status of 4 digits": {plain("HTTP/1.1 1010 x\r\n\r\n"), 0, "status line"},
		"no HTTP":              {plain("220 smtp.example ESMTP\r\n"), 0, "another protocol"},
		"nothing":              {plain(""), 0, "before the server responded"},
		"endless 103s":         {plain(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100)), 0, "interim"},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			err := dialed(t, func(d *ws.Dialer) { d.Subprotocols = []string{"chat"} }, c.reply)
			wantHandshakeError(t, err, c.status, c.says)
		})
	}
}

// TestRow22bBodies gives a client a 101 that announces a body: it connects, and
// what follows the head are frames.
func TestRow22bBodies(t *testing.T) {
	for _, field := range []string{"Content-Length: 7", "Transfer-Encoding: chunked"} {
		t.Run(field, func(t *testing.T) {
			leavesNothing(t)
			near, far := tcp(t)
			go func() {
				defer far.Close()
				if r, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
					io.WriteString(far, response(r, field)+"\x81\x0d5\r\nhello\r\n0\r\n")
					io.Copy(io.Discard, far)
				}
			}()
			d := dialer(func(context.Context) (net.Conn, error) { return near, nil })
			c, err := d.Dial(t.Context(), "ws://example.com/")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			if _, p, err := c.Read(t.Context()); string(p) != "5\r\nhello\r\n0\r\n" {
				t.Errorf("Read = %q, %v; want the frame's payload as it came", p, err)
			}
		})
	}
}

// certified starts an HTTPS server whose certificate, for example.com, nobody
// trusts but those who are given the pool.
func certified(t *testing.T, h http.HandlerFunc) (addr string, pool *x509.CertPool) {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	pool = x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.Listener.Addr().String(), pool
}

// tunnels accepts connections, and leads each that asks by CONNECT to addr.
func tunnels(t *testing.T, addr string) (proxy *url.URL) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer here.Close()
		io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(there, here)
			there.Close()
		}()
		io.Copy(here, there)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestRow11TLS dials wss to a wrong name and to an untrusted certificate, also
// behind a proxy: refused, before a byte of the request. The name that is
// checked is the URL's, whatever the Host field and the proxy are called.
func TestRow11TLS(t *testing.T) {
	reached := make(chan string, 100)
	addr, pool := certified(t, func(w http.ResponseWriter, r *http.Request) {
		reached <- r.Host
		if c, err := ws.Accept(w, r, nil); err == nil {
			c.CloseNow()
		}
	})
	proxy := tunnels(t, addr)
	for _, behind := range []bool{false, true} {
		for name, c := range map[string]struct {
			host   string
			pool   *x509.CertPool
			change func(d *ws.Dialer)
			want   any // a pointer for errors.As; nil when it is to succeed
		}{
			"right":                     {"example.com", pool, nil, nil},
			"a wrong name":              {"wrong.test", pool, nil, new(x509.HostnameError)},
			"the right name as Host":    {"wrong.test", pool, func(d *ws.Dialer) { d.Host = "example.com" }, new(x509.HostnameError)},
			"the right name as a user":  {"example.com@wrong.test", pool, nil, new(x509.HostnameError)},
			"the name with a suffix":    {"example.com.wrong.test", pool, nil, new(x509.HostnameError)},
			"untrusted":                 {"example.com", x509.NewCertPool(), nil, new(x509.UnknownAuthorityError)},
			"untrusted by the system's": {"example.com", nil, nil, new(x509.UnknownAuthorityError)},
		} {
			t.Run(name, func(t *testing.T) {
				leavesNothing(t)
				d := &ws.Dialer{TLSConfig: &tls.Config{RootCAs: c.pool}, Proxy: func(*http.Request) (*url.URL, error) { return nil, nil }}
				to := addr
				if behind {
					d.Proxy, to = http.ProxyURL(proxy), proxy.Host
				}
				d.NetDial = func(ctx context.Context, network, _ string) (net.Conn, error) {
					return new(net.Dialer).DialContext(ctx, network, to)
				}
				if c.change != nil {
					c.change(d)
				}
				conn, err := d.Dial(background, "wss://"+c.host+"/")
				if c.want == nil {
					if err != nil {
						t.Fatal(err)
					}
					conn.CloseNow()
					<-reached
					return
				}
				wantHandshakeError(t, err, 0, "TLS")
				if !errors.As(err, c.want) {
					t.Errorf("error = %v, want a %T", err, c.want)
				}
				if len(reached) > 0 {
					t.Errorf("the request was sent, for %s", <-reached)
				}
			})
		}
	}
}

// TestRow11Proxy lets the proxy itself be what lies: it answers in the server's
// place, or says more than it should. wss ends with an error either way.
func TestRow11Proxy(t *testing.T) {
	for name, c := range map[string]struct{ reply, says string }{
		"speaks no TLS":   {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n", "after its response"},
		"refuses":         {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "refused to connect"},
		"switches itself": {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "refused to connect"},
		"hangs up":        {"", "no response"},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			near, far := tcp(t)
			go func() {
				defer far.Close()
				if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
					io.WriteString(far, c.reply)
				}
			}()
			d := dialer(func(context.Context) (net.Conn, error) { return near, nil })
			d.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example:3128"})
			_, err := d.Dial(background, "wss://example.com/")
			if e, ok := errors.AsType[*ws.HandshakeError](err); !ok || !strings.Contains(e.Problem, c.says) {
				t.Errorf("error = %v, want a *HandshakeError about %q", err, c.says)
			}
		})
	}
}
