//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// ways are the ways to a server: straight, and through proxies.
var ways = []string{"straight", "http proxy", "https proxy"}

// trusting returns a configuration that trusts the certificates of httptest,
// which are for example.com, its subdomains and 127.0.0.1.
func trusting(s *httptest.Server) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{RootCAs: pool}
}

// withTLS makes a server speak TLS.
func withTLS(s *httptest.Server) { s.TLS = new(tls.Config) }

// goBetween is what the proxy of a test heard.
type goBetween struct {
	url *url.URL
	mu  sync.Mutex
	log []string // protected by mu: targets that CONNECT named, with credentials
	sni []string // protected by mu: the names under which it was greeted
}

// proxy starts a proxy that leads every CONNECT to addr.
func (n *census) proxy(t *testing.T, scheme, addr string) *goBetween {
	t.Helper()
	p := new(goBetween)
	s, _ := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.log = append(p.log, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization")))
		p.mu.Unlock()
		there, err := n.dial(r.Context(), "tcp", addr)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer there.Close()
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			io.Copy(there, here)
			there.Close()
		}()
		io.Copy(here, there)
	}, func(s *httptest.Server) {
		if scheme != "https" {
			return
		}
		s.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.sni = append(p.sni, hello.ServerName)
			return nil, nil
		}}
	})
	var err error
	if p.url, err = url.Parse(s.URL); err != nil {
		t.Fatal(err)
	}
	return p
}

// by makes d go one of the ways, to addr whatever the URL says.
func (n *census) by(t *testing.T, d *ws.Dialer, way, addr string) *goBetween {
	t.Helper()
	scheme, _, _ := strings.Cut(way, " ")
	if way == "straight" {
		d.NetDial = func(ctx context.Context, network, _ string) (net.Conn, error) { return n.dial(ctx, network, addr) }
		return nil
	}
	p := n.proxy(t, scheme, addr)
	d.NetDial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return n.dial(ctx, network, p.url.Host)
	}
	d.Proxy = func(*http.Request) (*url.URL, error) {
		u := *p.url
		u.Host = "proxy.example.com:" + u.Port()
		return &u, nil
	}
	return p
}

// HOSTILE: wss to a wrong name or with an untrusted certificate, also behind a
// proxy. The name that is checked is the URL's.
func TestDialTLS(t *testing.T) {
	for _, way := range ways {
		for name, tt := range map[string]struct {
			host   string
			change func(*ws.Dialer)
			check  func(error) bool
		}{
			"right name":    {host: "example.com"},
			"right address": {host: "127.0.0.1"},
			"wrong name": {host: "wrong.test", check: func(err error) bool {
				e, ok := errors.AsType[x509.HostnameError](err)
				return ok && e.Host == "wrong.test"
			}},
			"wrong name, whatever Host says": {host: "wrong.test", change: func(d *ws.Dialer) { d.Host = "example.com" },
				check: func(err error) bool { _, ok := errors.AsType[x509.HostnameError](err); return ok }},
			"another ServerName": {host: "wrong.test", change: func(d *ws.Dialer) { d.TLSConfig.ServerName = "example.com" }},
			"a wrong ServerName": {host: "example.com", change: func(d *ws.Dialer) { d.TLSConfig.ServerName = "wrong.test" },
				check: func(err error) bool {
					e, ok := errors.AsType[x509.HostnameError](err)
					return ok && e.Host == "wrong.test"
				}},
			"untrusted": {host: "example.com", change: func(d *ws.Dialer) { d.TLSConfig = nil },
				check: func(err error) bool { _, ok := errors.AsType[x509.UnknownAuthorityError](err); return ok }},
		} {
			t.Run(way+", "+name, func(t *testing.T) {
				n := newCensus(t)
				s, _ := n.serve(t, echo(nil), withTLS)
				d := n.dialer()
				d.TLSConfig = trusting(s)
				proxy := n.by(t, d, way, s.Listener.Addr().String())
				if tt.change != nil {
					tt.change(d)
				}
				c, err := d.Dial(within(t), "wss://"+tt.host+"/")
				if err == nil {
					defer c.CloseNow()
				}
				switch {
				case tt.check == nil && err != nil:
					t.Fatal(err)
				case tt.check == nil:
					says(t, c, "hello")
				case err == nil || !tt.check(err):
					t.Fatalf("error = %v", err)
				default:
					asHandshake(t, err)
				}
				if proxy == nil {
					return
				}
				proxy.mu.Lock()
				defer proxy.mu.Unlock()
				if want := "CONNECT " + tt.host + ":443"; len(proxy.log) > 0 && proxy.log[0] != want {
					t.Errorf("the proxy was asked %q, want %q", proxy.log, want)
				}
				for _, name := range proxy.sni {
					if name != "proxy.example.com" {
						t.Errorf("the proxy was greeted as %q", name)
					}
				}
			})
		}
	}
}

// The handshake of RFC 6455 is one of HTTP/1.1, and ALPN (RFC 7301) must say
// so: a server that would choose h2 is asked for http/1.1 alone.
func TestDialALPN(t *testing.T) {
	for _, way := range ways {
		for name, offers := range map[string][]string{
			"both": {"h2", "http/1.1"}, "none": nil, "no http/1.1": {"h3"},
		} {
			t.Run(way+", "+name, func(t *testing.T) {
				n := newCensus(t)
				negotiated := make(chan string, 1)
				s := httptest.NewUnstartedServer(nil)
				s.StartTLS() // only for its certificate
				s.Close()
				l := tls.NewListener(n.listen(t), &tls.Config{Certificates: s.TLS.Certificates, NextProtos: offers})
				server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
					Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						negotiated <- r.TLS.NegotiatedProtocol
						echo(nil)(w, r)
					})}
				go server.Serve(l)
				t.Cleanup(func() { server.Close() })

				d := n.dialer()
				d.TLSConfig = trusting(s)
				d.TLSConfig.NextProtos = []string{"h2", "mine"}
				n.by(t, d, way, l.Addr().String())
				c, err := d.Dial(within(t), "wss://example.com/")
				if want := []string{"h2", "mine"}; !slices.Equal(d.TLSConfig.NextProtos, want) || d.TLSConfig.ServerName != "" {
					t.Errorf("the caller's TLSConfig was changed: %q, %q", d.TLSConfig.NextProtos, d.TLSConfig.ServerName)
				}
				if name == "no http/1.1" {
					if e := asHandshake(t, err); !strings.Contains(e.Problem, "example.com does not offer http/1.1") {
						t.Errorf("error = %v, want one about http/1.1", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				says(t, c, "hello")
				want := ""
				if len(offers) > 0 {
					want = "http/1.1"
				}
				if got := <-negotiated; got != want {
					t.Errorf("negotiated %q, want %q", got, want)
				}
			})
		}
	}
}

// Giving up waits for no farewell of TLS, although nobody reads any more: not
// that of the server's layer, and not that of a proxy's below it.
func TestTLSEndsAtOnce(t *testing.T) {
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS() // only for its certificate
	s.Close()
	server := &tls.Config{Certificates: s.TLS.Certificates, SessionTicketsDisabled: true}
	for name, tt := range map[string]struct {
		proxy   bool
		answers bool // else it reads nothing from the request on
		writes  bool // the connection ends by a Write
	}{
		"CloseNow": {false, true, false}, "CloseNow through a proxy": {true, true, false},
		"Write": {false, true, true}, "Write through a proxy": {true, true, true},
		"Dial": {false, false, false}, "Dial through a proxy": {true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{})
				defer close(over)
				d := &ws.Dialer{TLSConfig: trusting(s), Proxy: noProxy}
				d.NetDial = func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go func() {
						defer far.Close()
						c := tls.Server(far, server)
						if tt.proxy {
							http.ReadRequest(bufio.NewReader(c))
							io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
							c = tls.Server(c, server)
						}
						c.Handshake()
						if tt.answers {
							r, err := http.ReadRequest(bufio.NewReader(c))
							if err != nil {
								return
							}
							io.WriteString(c, switching(r))
						}
						<-over
					}()
					return near, nil
				}
				if tt.proxy {
					throughProxy(t, d, "https://example.com")
				}
				begun := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				c, err := d.Dial(ctx, "wss://example.com/")
				if !tt.answers {
					if took := time.Since(begun); took != time.Second || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Dial = %v after %v, want the end of the context after 1 s", err, took)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if tt.writes { // crypto/tls cannot write after a timeout: the end of ctx is final
					if err := c.Write(ctx, ws.MessageText, nil); !errors.Is(err, ws.ErrClosed) || !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("Write = %v, want the connection's end by the context", err)
					}
					begun = begun.Add(time.Second)
				}
				c.CloseNow()
				if took := time.Since(begun); took != 0 {
					t.Errorf("CloseNow took %v, want no time", took)
				}
			})
		})
	}
}
