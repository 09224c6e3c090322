//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// throughProxy makes d ask for a tunnel through proxy.
func throughProxy(t *testing.T, d *ws.Dialer, proxy string) *ws.Dialer {
	t.Helper()
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	d.Proxy = func(*http.Request) (*url.URL, error) { return u, nil }
	return d
}

// A tunnel is asked for by CONNECT with the server's address (RFC 9110 section
// 9.3.6), for ws as for wss, and with the proxy's credentials.
func TestDialProxy(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			n := newCensus(t)
			s, _ := n.serve(t, echo(nil), nil)
			d := n.dialer()
			p := n.by(t, d, scheme+" proxy", s.Listener.Addr().String())
			asked := ""
			d.Proxy = func(r *http.Request) (*url.URL, error) {
				asked = r.URL.String()
				u := *p.url
				u.User = url.UserPassword("Aladdin", "open sesame")
				return &u, nil
			}
			if scheme == "https" {
				certified, _ := n.serve(t, nil, withTLS)
				d.TLSConfig = trusting(certified)
			}
			c, err := d.Dial(within(t), "ws://example.com/chat")
			if err != nil {
				t.Fatal(err)
			}
			says(t, c, "hello")
			c.CloseNow()
			p.mu.Lock()
			defer p.mu.Unlock()
			if want := "CONNECT example.com:80 Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="; len(p.log) != 1 || p.log[0] != want {
				t.Errorf("the proxy was asked %q, want %q", p.log, want)
			}
			if asked != "http://example.com/chat" {
				t.Errorf("Proxy was asked about %q, want the URL with http", asked)
			}
		})
	}
}

func TestDialProxyRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		status int
		body   string
		says   string
	}{
		"403":               {"HTTP/1.1 403 Filtered\r\nContent-Length: 0\r\n\r\n", 403, "", "403 Filtered: many proxies allow CONNECT to port 443 only"},
		"401, as tinyproxy": {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", 401, "", "401 Unauthorized: it rejects the credentials of the proxy's URL"},
		"a reason of none":  {"HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", 503, "", "503 Service Unavailable"},
		"502 by HTTP/1.0":   {"HTTP/1.0 502 Bad Gateway\r\n\r\nno such host", 502, "no such host", "refused to connect"},
		"a redirect":        {"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n", 302, "", "refused to connect"},
		"101":               {"HTTP/1.1 101 X\r\n\r\n", 101, "", "refused to connect"},
		"nothing":           {"", 0, "", "sent no response"},
		"half":              {"HTTP/1.1 200 O", 0, "", "sent no response"},
		"no HTTP":           {"\x05\x00", 0, "", "sent no response"},
		"endless":           {"HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", 20_000), 0, "", "over the limit"},
		"an answer to what was not asked yet": {"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n",
			0, "", "after its response"},
	} {
		t.Run(name, func(t *testing.T) {
			newCensus(t)
			d := pipe(func(nc net.Conn, r *http.Request) { io.WriteString(nc, tt.answer) })
			_, err := throughProxy(t, d, "http://user:secret@proxy.example").Dial(within(t), "ws://example.com/")
			e := asHandshake(t, err)
			if e.Proxy != "proxy.example" {
				t.Errorf("the proxy that failed is %q", e.Proxy)
			}
			if e.Status != tt.status || string(e.Body) != tt.body || (e.Header != nil) != (tt.status != 0) {
				t.Errorf("status %d, body %q, header %v; want %d, %q", e.Status, e.Body, e.Header, tt.status, tt.body)
			}
			if s := err.Error(); !strings.Contains(s, tt.says) || !strings.Contains(s, "proxy.example") || strings.Contains(s, "secret") {
				t.Errorf("the error is %q, which does not say %q and name the proxy", s, tt.says)
			}
		})
	}
}

// RFC 9110 section 15.5.8: the error of a 407 says which schemes the proxy
// wants, and what to do about it.
func TestDialProxyAuthentication(t *testing.T) {
	const basic = "Proxy-Authenticate: Basic realm=\"a, b\"\r\n"
	for name, tt := range map[string]struct {
		fields, user string
		header       http.Header
		says         string
	}{
		"no credentials":                  {basic, "", nil, "407 Who are you: it requires credentials, by Basic authentication: put them into the proxy's URL, as user:password@"},
		"no credentials, two schemes":     {"Proxy-Authenticate: Digest realm=x, nonce=y\r\n" + basic, "", nil, "it requires credentials, by Digest or Basic authentication: put them"},
		"no credentials, no field":        {"", "", nil, "it requires credentials: put them into the proxy's URL"},
		"rejected":                        {basic, "user:secret@", nil, "it wants Basic authentication, and rejects the credentials of the proxy's URL"},
		"rejected, no field":              {"", "user:secret@", nil, "it rejects the credentials of the proxy's URL, or does not accept Basic authentication"},
		"no Basic":                        {"Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n", "", nil, "it wants Negotiate or NTLM authentication, and of these Dial speaks none: set a Proxy-Authorization in ProxyHeader"},
		"no Basic, though it was tried":   {"Proxy-Authenticate: NTLM\r\n", "user:secret@", nil, "the credentials of the proxy's URL were sent by Basic"},
		"the program's own":               {"Proxy-Authenticate: Bearer\r\n", "user:secret@", http.Header{"proxy-authorization": {"Bearer x"}}, "it rejects the Proxy-Authorization of ProxyHeader, and wants Bearer"},
		"the program's own, and no field": {"", "", http.Header{"Proxy-Authorization": {"Bearer x"}}, "it rejects the Proxy-Authorization of ProxyHeader; it says"},
	} {
		t.Run(name, func(t *testing.T) {
			d := pipe(func(nc net.Conn, r *http.Request) {
				io.WriteString(nc, "HTTP/1.1 407 Who are you\r\n"+tt.fields+"Content-Length: 9\r\n\r\nwho? you?")
			})
			d.ProxyHeader = tt.header
			_, err := throughProxy(t, d, "http://"+tt.user+"proxy.example:3128").Dial(within(t), "ws://example.com/")
			e := asHandshake(t, err)
			if e.Proxy != "proxy.example:3128" || e.Status != 407 || string(e.Body) != "who? you?" {
				t.Errorf("the proxy %q, status %d, body %q; want the proxy's 407", e.Proxy, e.Status, e.Body)
			}
			if s := err.Error(); !strings.Contains(s, tt.says) || !strings.Contains(s, `"who? you?"`) || strings.Contains(s, "secret") {
				t.Errorf("the error is %q, which does not say %q", s, tt.says)
			}
		})
	}
}

// A refusal behind the tunnel is the server's.
func TestDialProxyServerRefused(t *testing.T) {
	newCensus(t)
	d := pipe(func(nc net.Conn, r *http.Request) {
		io.WriteString(nc, "HTTP/1.1 200 OK\r\n\r\n")
		if _, err := http.ReadRequest(bufio.NewReader(nc)); err == nil {
			io.WriteString(nc, "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
		}
	})
	_, err := throughProxy(t, d, "http://proxy.example").Dial(within(t), "ws://example.com/")
	if e := asHandshake(t, err); e.Proxy != "" || e.Status != 407 {
		t.Errorf("proxy %q, status %d; want 407 of the server: %v", e.Proxy, e.Status, err)
	}
}

// What CONNECT says: no zone, which means something to this machine alone (RFC
// 6874 section 1), the name as DNS has it, and fields of the program's own.
func TestDialProxyRequest(t *testing.T) {
	for _, tt := range []struct {
		url, target string
		d           ws.Dialer
		header      map[string]string // "": must not be there
	}{
		{"ws://[fe80::1%25eth0]/", "[fe80::1]:80", ws.Dialer{}, map[string]string{"User-Agent": "Go-twinws-client/1", "Proxy-Authorization": "Basic dXNlcjpzZWNyZXQ="}},
		{"wss://[fe80::1%25eth0]:81/", "[fe80::1]:81", ws.Dialer{}, nil},
		{"ws://bücher.example/", "xn--bcher-kva.example:80", ws.Dialer{Host: "example.com"}, nil},
		{"ws://example.com/", "example.com:80", ws.Dialer{ProxyHeader: http.Header{"X-Tag": {"a"}, "user-agent": {"mine"}, "Proxy-Authorization": {"Bearer x"}}},
			map[string]string{"X-Tag": "a", "User-Agent": "mine", "Proxy-Authorization": "Bearer x"}},
	} {
		newCensus(t)
		var got *http.Request
		d := pipe(func(nc net.Conn, r *http.Request) {
			got = r
			io.WriteString(nc, "HTTP/1.1 503 No\r\n\r\n")
		})
		tt.d.NetDial = d.NetDial
		throughProxy(t, &tt.d, "http://user:secret@proxy.example").Dial(within(t), tt.url)
		if got == nil || got.Method != "CONNECT" || got.RequestURI != tt.target || got.Host != tt.target {
			t.Errorf("%s: the proxy was asked %+v, want CONNECT %s", tt.url, got, tt.target)
			continue
		}
		for k, want := range tt.header {
			if v := got.Header[k]; len(v) != 1 || v[0] != want {
				t.Errorf("%s: %s is %q, want %q once", tt.url, k, v, want)
			}
		}
	}
	for _, name := range []string{"Host", "a b"} {
		d := pipe(func(nc net.Conn, r *http.Request) { t.Error("the proxy was asked") })
		d.ProxyHeader = http.Header{name: {"x"}}
		_, err := throughProxy(t, d, "http://proxy.example").Dial(within(t), "ws://example.com/")
		asArgument(t, err, `ProxyHeader["`+name+`"]`)
	}
}

// Interim answers come from proxies too (RFC 9110 section 15.2).
func TestDialProxyInterim(t *testing.T) {
	newCensus(t)
	d := pipe(func(nc net.Conn, r *http.Request) {
		io.WriteString(nc, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
		io.Copy(io.Discard, io.LimitReader(nc, 1)) // the handshake comes
	})
	_, err := throughProxy(t, d, "http://proxy.example").Dial(within(t), "ws://example.com/")
	if e := asHandshake(t, err); !strings.Contains(e.Problem, "before the server responded") {
		t.Errorf("error = %v, want one of the handshake in the tunnel", err)
	}
}

// Proxies that cannot be asked are refused before anything is dialed.
func TestDialProxyUnusable(t *testing.T) {
	for _, proxy := range []string{
		"socks4://proxy.example", "socks://proxy.example", "ftp://proxy.example", "proxy.example:3128", "http://", "http:///path",
		"//proxy.example", "http://:3128", "socks5://", "socks5h://:1080", "http://proxy.example:65536", "http://xn--a\u00e4.example",
		"socks5://:secret@proxy.example", "socks5://user:" + strings.Repeat("s", 256) + "@proxy.example",
		"socks5h://" + strings.Repeat("u", 256) + "@proxy.example",
	} {
		d := &ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
			t.Errorf("%s: it was dialed", proxy)
			return nil, errNotDialed
		}}
		_, err := throughProxy(t, d, proxy).Dial(within(t), "ws://example.com/")
		asArgument(t, err, "Proxy")
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "ssss") {
			t.Errorf("%s: the error reveals the password: %v", proxy, err)
		}
	}
	d := &ws.Dialer{Proxy: func(*http.Request) (*url.URL, error) { return nil, errNotDialed }}
	_, err := d.Dial(within(t), "ws://example.com/")
	if asHandshake(t, err); !errors.Is(err, errNotDialed) {
		t.Errorf("error = %v, want Proxy's", err)
	}
	d = &ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return nil, errNotDialed }}
	_, err = throughProxy(t, d, "http://proxy.example:1").Dial(within(t), "ws://example.com/")
	if e := asHandshake(t, err); !errors.Is(err, errNotDialed) || e.Proxy != "proxy.example:1" || !strings.Contains(err.Error(), "the proxy proxy.example:1 cannot be used") {
		t.Errorf("error = %v of the proxy %q, want NetDial's about the proxy", err, e.Proxy)
	}
}

// Default ports, and names as DNS has them.
func TestDialProxyAddress(t *testing.T) {
	for proxy, want := range map[string]string{
		"http://proxy.example": "proxy.example:80", "https://proxy.example": "proxy.example:443",
		"socks5://proxy.example": "proxy.example:1080", "socks5h://proxy.example/": "proxy.example:1080",
		"SOCKS5H://Proxy.Example:1": "proxy.example:1", "http://[::1]:3128": "[::1]:3128", "socks5h://[fe80::1%25eth0]": "[fe80::1%eth0]:1080",
		"http://b\u00fccher.example:8": "xn--bcher-kva.example:8",
	} {
		dialed := ""
		d := &ws.Dialer{NetDial: func(_ context.Context, network, addr string) (net.Conn, error) {
			dialed = addr
			return nil, errNotDialed
		}}
		_, err := throughProxy(t, d, proxy).Dial(within(t), "ws://127.0.0.1/")
		if e := asHandshake(t, err); dialed != want || e.Proxy == "" {
			t.Errorf("%s: dialed %s, want %s; %v", proxy, dialed, want, err)
		}
	}
}

// The time limit holds for the proxy too.
func TestDialProxyBounds(t *testing.T) {
	for _, proxy := range []string{"http://proxy.example", "https://proxy.example", "socks5h://proxy.example", "socks5h://user:secret@proxy.example"} {
		synctest.Test(t, func(t *testing.T) {
			d := &ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) {
				near, far := net.Pipe()
				go func() {
					defer far.Close()
					io.Copy(io.Discard, far)
				}()
				return near, nil
			}}
			begun := time.Now()
			_, err := throughProxy(t, d, proxy).Dial(context.Background(), "wss://example.com/")
			if e := asHandshake(t, err); e.Proxy != "proxy.example" || e.Status != 0 {
				t.Errorf("%s: proxy %q, status %d; want that it was waited for", proxy, e.Proxy, e.Status)
			}
			if took := time.Since(begun); took != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v after %v, want the time limit of 10 s", proxy, err, took)
			}
		})
	}
}
