//go:build !js

package ws_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// proxyVariables are all that are read.
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"}

// The proxy comes from the environment as Go's net/http and curl have it, and
// is read at each Dial.
func TestDialEnvironment(t *testing.T) {
	const direct = ""
	type env = map[string]string
	for _, tt := range []struct {
		name, url string
		env       env
		want      string // the address dialed; "" for the server's
	}{
		{"none", "ws://example.com/", nil, direct},
		{"ws", "ws://example.com/", env{"HTTP_PROXY": "http://a.test:1", "HTTPS_PROXY": "http://b.test:2", "ALL_PROXY": "http://c.test:3"}, "a.test:1"},
		{"wss", "wss://example.com/", env{"HTTP_PROXY": "http://a.test:1", "HTTPS_PROXY": "http://b.test:2", "ALL_PROXY": "http://c.test:3"}, "b.test:2"},
		{"lower case", "wss://example.com/", env{"https_proxy": "https://b.test"}, "b.test:443"},
		{"lower case, ws", "ws://example.com/", env{"http_proxy": "a.test"}, "a.test:80"},
		{"another's only", "ws://example.com/", env{"HTTPS_PROXY": "http://b.test:2"}, direct},
		{"ALL_PROXY, ws", "ws://example.com/", env{"ALL_PROXY": "socks5h://c.test"}, "c.test:1080"},
		{"ALL_PROXY, wss", "wss://example.com/", env{"all_proxy": "socks5h://user:pw@c.test:9"}, "c.test:9"},
		{"ALL_PROXY for an empty one", "wss://example.com/", env{"HTTPS_PROXY": "", "ALL_PROXY": "c.test:3"}, "c.test:3"},
		{"upper case comes first", "ws://example.com/", env{"HTTP_PROXY": "a.test:1", "http_proxy": "a.test:2"}, "a.test:1"},
		{"lower case for an empty upper one", "ws://example.com/", env{"HTTP_PROXY": "", "http_proxy": "a.test:2"}, "a.test:2"},
		{"no scheme, with credentials", "ws://example.com/", env{"HTTP_PROXY": "user:pw@a.test:1"}, "a.test:1"},
		{"no scheme, an IPv6 address", "ws://example.com/", env{"HTTP_PROXY": "[2001:db8::1]:1"}, "[2001:db8::1]:1"},
		{"CGI: the client's field Proxy", "ws://example.com/", env{"HTTP_PROXY": "evil.test:1", "REQUEST_METHOD": "GET"}, direct},
		{"CGI: ALL_PROXY", "ws://example.com/", env{"HTTP_PROXY": "evil.test:1", "ALL_PROXY": "c.test:3", "REQUEST_METHOD": "GET"}, "c.test:3"},
		{"CGI: lower case is the administrator's", "ws://example.com/", env{"http_proxy": "a.test:2", "REQUEST_METHOD": "GET"}, "a.test:2"},
		{"CGI: wss", "wss://example.com/", env{"HTTPS_PROXY": "b.test:2", "REQUEST_METHOD": "GET"}, "b.test:2"},
		{"NO_PROXY: all", "ws://example.com/", env{"HTTP_PROXY": "a.test:1", "NO_PROXY": "*"}, direct},
		{"NO_PROXY: the name", "ws://example.com/", env{"HTTP_PROXY": "a.test:1", "NO_PROXY": "other.test, example.com"}, direct},
		{"NO_PROXY: a subdomain", "wss://a.example.com/", env{"HTTPS_PROXY": "b.test:1", "no_proxy": "example.com"}, direct},
		{"NO_PROXY: subdomains only", "ws://example.com/", env{"HTTP_PROXY": "a.test:1", "NO_PROXY": ".example.com"}, "a.test:1"},
		{"NO_PROXY: not the end of a name", "ws://badexample.com/", env{"HTTP_PROXY": "a.test:1", "NO_PROXY": "example.com"}, "a.test:1"},
		{"NO_PROXY: the default port", "wss://example.com/", env{"HTTPS_PROXY": "b.test:1", "NO_PROXY": "example.com:443"}, direct},
		{"NO_PROXY: another port", "ws://example.com/", env{"HTTP_PROXY": "a.test:1", "NO_PROXY": "example.com:443"}, "a.test:1"},
		{"NO_PROXY: an IDN", "ws://bücher.example/", env{"HTTP_PROXY": "a.test:1", "NO_PROXY": "bücher.example"}, direct},
		{"NO_PROXY: a network", "ws://192.0.2.7/", env{"ALL_PROXY": "socks5://c.test", "NO_PROXY": "192.0.2.0/24"}, direct},
		{"NO_PROXY for ALL_PROXY", "wss://example.com/", env{"ALL_PROXY": "socks5://c.test", "NO_PROXY": "example.com"}, direct},
		{"this machine", "ws://localhost:8080/", env{"HTTP_PROXY": "a.test:1", "ALL_PROXY": "c.test:3"}, direct},
		{"this machine's IPv4", "ws://127.1.2.3:8080/", env{"ALL_PROXY": "c.test:3"}, direct},
		{"this machine's IPv6", "wss://[::1]/", env{"ALL_PROXY": "c.test:3"}, direct},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, differ := tt.env["http_proxy"]; differ && len(tt.env) > 1 && runtime.GOOS == "windows" {
				t.Skip("Windows has one variable for both cases")
			}
			for _, v := range proxyVariables {
				t.Setenv(v, "")
			}
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			dialed := ""
			d := &ws.Dialer{NetDial: func(_ context.Context, _, addr string) (net.Conn, error) {
				dialed = addr
				return nil, errNotDialed
			}}
			_, err := d.Dial(within(t), tt.url)
			e := asHandshake(t, err)
			if !errors.Is(err, errNotDialed) || (e.Proxy == "") != (tt.want == "") {
				t.Errorf("the proxy is %q: %v", e.Proxy, err)
			}
			if tt.want != "" && dialed != tt.want {
				t.Errorf("dialed %s, want %s", dialed, tt.want)
			}
			if tt.want == "" && strings.Contains(dialed, ".test") {
				t.Errorf("dialed the proxy %s, want the server", dialed)
			}
		})
	}
}

// A proxy of the environment that cannot be used: the error says where it comes
// from, since the program named none. It never means to go without one.
func TestDialProxyOfEnvironment(t *testing.T) {
	for _, tt := range []struct{ url, variable, value, says string }{
		{"ws://example.com/", "HTTP_PROXY", "socks4://127.0.0.1:1", `"socks4"`},
		{"wss://example.com/", "https_proxy", "quic://127.0.0.1:1", `"quic"`},
		{"ws://example.com/", "all_proxy", "socks://127.0.0.1:1", `"socks"`}, // as some desktops set it
		{"wss://example.com/", "ALL_PROXY", "http://", "no host"},
		{"wss://example.com/", "HTTPS_PROXY", "http://user:se%cret@proxy.test", "percent-encode"},
		{"wss://example.com/", "HTTPS_PROXY", "user:se/cret@proxy.test", "percent-encode"},
		{"wss://example.com/", "HTTPS_PROXY", "http://proxy.test:x", "cannot be parsed"},
		{"wss://example.com/", "HTTPS_PROXY", "http://proxy.test:70000", "70000"},
	} {
		for _, v := range proxyVariables {
			t.Setenv(v, "")
		}
		t.Setenv(tt.variable, tt.value)
		_, err := ws.Dial(within(t), tt.url, nil)
		asArgument(t, err, "Proxy")
		for _, says := range []string{tt.says, " " + tt.variable, "NO_PROXY", "Dialer.Proxy"} {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s=%s: the error does not say %s: %v", tt.variable, tt.value, says, err)
			}
		}
		if strings.Contains(err.Error(), "cret") {
			t.Errorf("the error reveals the password: %v", err)
		}
	}
}

// The error of a proxy that fails names the variable.
func TestDialProxyOfEnvironmentFails(t *testing.T) {
	for _, v := range proxyVariables {
		t.Setenv(v, "")
	}
	for _, value := range []string{"proxy.test:1", "https://proxy.test:1", "socks5h://proxy.test:1"} {
		t.Setenv("all_proxy", value)
		d := &ws.Dialer{NetDial: func(context.Context, string, string) (net.Conn, error) { return nil, errNotDialed }}
		_, err := d.Dial(within(t), "wss://example.com/")
		if e := asHandshake(t, err); e.Proxy != "proxy.test:1" || !strings.Contains(err.Error(), "(from the environment, all_proxy)") {
			t.Errorf("proxy %q: %v", e.Proxy, err)
		}
	}
}
