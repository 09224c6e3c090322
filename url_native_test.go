//go:build !js

package ws_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

var errNotDialed = errors.New("this test dials nothing")

// Where a URL leads: RFC 6455 section 3, and for http and https the WHATWG
// WebSockets standard.
func TestDialAddress(t *testing.T) {
	for _, tt := range []struct{ url, addr, name string }{
		{"ws://example.com/", "example.com:80", "ws://example.com/"},
		{"wss://example.com/", "example.com:443", "wss://example.com/"},
		{"http://example.com/a", "example.com:80", "ws://example.com/a"},
		{"https://example.com/a", "example.com:443", "wss://example.com/a"},
		{"WSS://example.com/", "example.com:443", "wss://example.com/"},
		{"ws://example.com:8080", "example.com:8080", "ws://example.com:8080/"},
		{"ws://example.com:/", "example.com:80", "ws://example.com/"},
		{"ws://EXAMPLE.com/A", "example.com:80", "ws://example.com/A"},
		{"ws://bücher.example/", "xn--bcher-kva.example:80", "ws://xn--bcher-kva.example/"},
		{"ws://BÜCHER.example:81/", "xn--bcher-kva.example:81", "ws://xn--bcher-kva.example:81/"},
		{"ws://straße.example/", "xn--strae-oqa.example:80", "ws://xn--strae-oqa.example/"},
		{"ws://日本語。example/", "xn--wgv71a119e.example:80", "ws://xn--wgv71a119e.example/"},
		{"ws://example.com/a/../b", "example.com:80", "ws://example.com/b"},
		{"ws://[2001:db8::1]/", "[2001:db8::1]:80", "ws://[2001:db8::1]/"},
		{"ws://[fe80::1%25lo]:81/", "[fe80::1%lo]:81", "ws://[fe80::1%25lo]:81/"},
		{"ws://user:secret@example.com/", "example.com:80", "ws://example.com/"},
	} {
		t.Run(tt.url, func(t *testing.T) {
			dialed := ""
			d := ws.Dialer{Proxy: noProxy, NetDial: func(_ context.Context, network, addr string) (net.Conn, error) {
				dialed = network + " " + addr
				return nil, errNotDialed
			}}
			_, err := d.Dial(within(t), tt.url)
			if dialed != "tcp "+tt.addr {
				t.Errorf("dialed %q, want tcp %q", dialed, tt.addr)
			}
			if e := asHandshake(t, err); e.URL != tt.name || !errors.Is(err, errNotDialed) {
				t.Errorf("error = %v about %q, want NetDial's about %q", err, e.URL, tt.name)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// What a URL makes of the request (RFC 6455 section 4.1, items 2 to 4).
func TestDialRequest(t *testing.T) {
	for _, tt := range []struct {
		url, target, host, auth string
		why                     string
	}{
		{"ws://example.com", "/", "example.com", "", "section 3: an empty path is /"},
		{"ws://example.com/a/b?c=d&e", "/a/b?c=d&e", "example.com", "", "section 3: resource name"},
		{"ws://example.com?q", "/?q", "example.com", "", "section 3"},
		{"ws://example.com:80/", "/", "example.com", "", "item 4: the default port is left out"},
		{"ws://example.com:/", "/", "example.com", "", "RFC 3986 section 3.2.3: a lone colon is no port"},
		{"ws://example.com:443/", "/", "example.com:443", "", "item 4"},
		{"ws://[2001:db8::1]:81/", "/", "[2001:db8::1]:81", "", "item 4"},
		{"ws://[fe80::1%25lo]/", "/", "[fe80::1]", "", "RFC 6874 section 1: a zone is this machine's own"},
		{"ws://bücher.example/", "/", "xn--bcher-kva.example", "", "URL standard section 3.5: domain to ASCII"},
		{"ws://example.com/a/../b", "/b", "example.com", "", "URL standard section 4.4, path state; RFC 3986 section 5.2.4"},
		{"ws://example.com/a/./b/", "/a/b/", "example.com", "", "a single dot"},
		{"ws://example.com/a/b/..", "/a/", "example.com", "", "dots at the end leave a slash"},
		{"ws://example.com/a/b/.", "/a/b/", "example.com", "", "a dot at the end leaves a slash"},
		{"ws://example.com/../../a", "/a", "example.com", "", "nothing is above the root"},
		{"ws://example.com/a/%2e%2E/b/%2e/c/.%2e/d", "/b/d", "example.com", "", "encoded dots are dots"},
		{"ws://example.com/a//../b", "/a/b", "example.com", "", "an empty segment is one"},
		{"ws://example.com//a", "//a", "example.com", "", "an empty segment at the start"},
		{"ws://example.com/a/...", "/a/...", "example.com", "", "three dots are a name"},
		{"ws://example.com/a..b/.c", "/a..b/.c", "example.com", "", "dots in names"},
		{`ws://example.com/a\..\b`, "/b", "example.com", "", "a backslash is a slash"},
		{"ws://example.com/a%2F..%2Fb", "/a%2F..%2Fb", "example.com", "", "an encoded slash is none"},
		{"ws://example.com/a?b/../c", "/a?b/../c", "example.com", "", "the query stays"},
		{"ws://example.com?/../c", "/?/../c", "example.com", "", "a slash in the query begins no path"},
		{"ws://example.com/a'b(c)[d]|e^f`{g}", "/a'b(c)[d]%7Ce%5Ef%60%7Bg%7D", "example.com", "", "the path percent-encode set, and |"},
		{"ws://example.com/a%2Fb/%C3%BC", "/a%2Fb/%C3%BC", "example.com", "", "what is encoded stays so"},
		{"ws://example.com/ü x?ü='x y'", "/%C3%BC%20x?%C3%BC=%27x%20y%27", "example.com", "", "URL standard, percent-encode sets"},
		{"ws://Aladdin:open%20sesame@example.com/", "/", "example.com", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "RFC 7617 section 2"},
		{"ws://Aladdin@example.com/", "/", "example.com", "Basic QWxhZGRpbjo=", "RFC 7617: an empty password"},
		{"ws://@example.com/", "/", "example.com", "", "URL standard: an empty user is none"},
	} {
		t.Run(tt.url, func(t *testing.T) {
			r := requestOf(t, tt.url, ws.Dialer{})
			if r.RequestURI != tt.target || r.Host != tt.host || r.Header.Get("Authorization") != tt.auth {
				t.Errorf("%s:\n got %q, Host %q, Authorization %q\nwant %q, Host %q, Authorization %q", tt.why,
					r.RequestURI, r.Host, r.Header.Get("Authorization"), tt.target, tt.host, tt.auth)
			}
		})
	}
}

// requestOf returns the request that d sends for url.
func requestOf(t *testing.T, url string, d ws.Dialer) *http.Request {
	t.Helper()
	newCensus(t)
	requests := make(chan *http.Request, 1)
	p := pipe(func(nc net.Conn, r *http.Request) {
		requests <- r
		nc.Write([]byte(switching(r)))
	})
	d.NetDial, d.Proxy = p.NetDial, noProxy
	c, err := d.Dial(within(t), url)
	if err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
	return <-requests
}

// What no home could use is refused before anything is sent (HOSTILE rows of
// header injection: CR, LF and NUL), and passwords stay out of the error.
func TestDialRefusesURL(t *testing.T) {
	for _, url := range []string{
		"",
		"/relative",
		"example.com/chat",
		"//example.com/chat",
		"ftp://example.com/",
		"wsss://example.com/",
		"ws://",
		"ws:///path",
		"ws:example.com",
		"ws://:80/",
		"ws://example.com/#",
		"ws://example.com/#fragment",
		"ws://example.com/?q#fragment",
		"ws://example.com:65536/",
		"ws://example.com:http/",
		"ws://example.com:-1/",
		"ws://[::1/",
		"ws://exa mple.com/",
		"ws://ex%41mple.com/",
		"ws://a%25b/",
		"ws://xn--ü.example/",
		"ws://a\u2028b.example/",
		"ws://example.com/%zz",
		"ws://example.com/\r\nX: y",
		"ws://example.com/\n",
		"ws://example.com/?\x00",
		"ws://example.com\r\n/",
		"ws://user:secret@",
		"ws://user:secret@example.com/#fragment",
		"ws://user:secret@example.com:99999/",
		"ftp://user:secret@example.com/",
		"ws://user:secret/x@example.com/",
		"ws://user:secret#x@example.com/",
		"ws://user:secret%zz@example.com/",
		"ws://user:secret x@example.com/",
		"ws://user:secret[@example.com/",
		"user:secret@example.com/",
	} {
		t.Run(url, func(t *testing.T) {
			d := ws.Dialer{Proxy: noProxy, NetDial: func(_ context.Context, _, addr string) (net.Conn, error) {
				t.Errorf("%s was dialed", addr)
				return nil, errNotDialed
			}}
			_, err := d.Dial(within(t), url)
			asArgument(t, err, "url")
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}
