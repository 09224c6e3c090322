//go:build !js

package hostile

import (
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// called returns the request for a host, with more lines.
func called(host string, lines ...string) string {
	return strings.Replace(with(lines...), "Host: example.com", "Host: "+host, 1)
}

// TestRow12Origin is cross-site WebSocket hijacking in its disguises: 403
// unless allowed. Patterns match on the parsed scheme, host and port.
func TestRow12Origin(t *testing.T) {
	patterns := settings{options: func(o *ws.AcceptOptions) { o.OriginPatterns = []string{"*.friend.com", "https://friend.com:8443"} }}
	onServers(t, func(t *testing.T, d side) {
		for _, origin := range []string{
			"http://evil.com", "null", "", "https://good.com", "http://good.com:81", "http://good.com.evil.com",
			"https://evil.com/.good.com", "http://good.com@evil.com", "http://evil.com@good.com", "HTTP://EVIL.COM",
			"http://xn--gd-jmca.com", "http://good.com/", "https://friend.com", "https://evilfriend.com",
			"https://evil.com/.friend.com", "https://a.friend.com@evil.com", "https://a.friend.com.evil.com",
			"http://good.com, http://evil.com", "http://good.com\r\nOrigin: http://evil.com",
			"http://good.com\r\nOrigin: http://good.com",
		} {
			a := d.ask(t, patterns, called("good.com", "Origin: "+origin))
			if a.status != 403 || !strings.Contains(a.raw, "Connection: close\r\n") {
				t.Errorf("Origin %q: status %d, want 403 and the connection closed", origin, a.status)
			}
			wantHandshakeError(t, a.err, 403, "")
		}
		for _, origin := range []string{"http://good.com", "HTTP://Good.com", "http://good.com:80", "https://a.friend.com", "https://FRIEND.com:8443"} {
			if a := d.ask(t, patterns, called("good.com", "Origin: "+origin)); a.status != 101 {
				t.Errorf("Origin %q: status %d, want 101", origin, a.status)
			}
		}
	})
}

// TestRow13Rebinding: Host and Origin agree on a name of the attacker's, which
// resolves to this machine. AllowedHosts refuses it; without it, as its doc
// says, they are of the same origin.
func TestRow13Rebinding(t *testing.T) {
	local := settings{options: func(o *ws.AcceptOptions) { o.AllowedHosts = []string{"localhost", "127.0.0.1:8080", "*.test"} }}
	onServers(t, func(t *testing.T, d side) {
		for host, status := range map[string]int{
			"attacker.com": 403, "attacker.com:8080": 403, "localhost.attacker.com": 403, "127.0.0.1": 403, "test": 403,
			"localhost": 101, "LOCALHOST:3000": 101, "127.0.0.1:8080": 101, "a.test:99": 101,
		} {
			raw := called(host, "Origin: http://"+host)
			a := d.ask(t, local, raw)
			if a.status != status {
				t.Errorf("Host %s: status %d, want %d", host, a.status, status)
			}
			if status != 101 {
				wantHandshakeError(t, a.err, 403, "AllowedHosts")
			}
			if a = d.ask(t, settings{}, raw); a.status != 101 {
				t.Errorf("Host %s, no AllowedHosts: status %d", host, a.status)
			}
		}
		if a := d.ask(t, local, called("attacker.com")); a.status != 403 {
			t.Errorf("without an Origin: status %d, want 403", a.status)
		}
	})
	bad := settings{options: func(o *ws.AcceptOptions) { o.AllowedHosts = []string{"http://localhost"} }}
	if a := servers[0].ask(t, bad, request); a.status != 500 {
		t.Errorf("a malformed AllowedHosts: status %d, want 500", a.status)
	}
}

// TestRow14HalfRight sends handshakes that are nearly right, and another
// request behind each: 400 or 426 with the version spoken here, and the
// connection is closed, never left readable as HTTP.
func TestRow14HalfRight(t *testing.T) {
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: example.com\r\n\r\n"
	for name, c := range map[string]struct {
		old, new string
		status   int
	}{
		"version 777":     {"Version: 13", "Version: 777", 426},
		"version 13, 777": {"Version: 13", "Version: 13, 777", 426},
		"version twice":   {"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 777", 400},
		"no version":      {"Sec-WebSocket-Version: 13\r\n", "", 426},
		"no Upgrade":      {"Upgrade: websocket\r\n", "", 426},
		"h2c":             {"Upgrade: websocket", "Upgrade: h2c", 426},
		"no Connection":   {"Connection: Upgrade\r\n", "", 426},
		"no key":          {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400},
		"a short key":     {"dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400},
		"a body":          {"\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello", 400},
		"chunks":          {"\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"HTTP/1.0":        {"HTTP/1.1", "HTTP/1.0", 426},
	} {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, d side) {
				a := d.ask(t, settings{}, strings.Replace(request, c.old, c.new, 1)+smuggled)
				if a.status != c.status {
					t.Errorf("status %d, want %d", a.status, c.status)
				}
				wantHandshakeError(t, a.err, c.status, "")
				// As it is on the wire, and for scripts that look for it.
				if !strings.Contains(a.raw, "\r\nSec-WebSocket-Version: 13\r\n") || !strings.Contains(a.raw, "\r\nConnection: close\r\n") {
					t.Errorf("the answer lacks the version, or that the connection is closed: %q", a.raw)
				}
				if n := strings.Count(a.raw, "\r\nContent-Length:"); n != 1 {
					t.Errorf("%d responses: what follows was read as HTTP: %q", n, a.raw)
				}
			})
		})
	}
}
