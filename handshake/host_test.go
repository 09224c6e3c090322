package handshake

import (
	"errors"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

func TestAllowedHosts(t *testing.T) {
	for _, c := range []struct {
		allowed string
		good    []string
		bad     []string
	}{
		{"localhost",
			[]string{"localhost", "LOCALHOST", "localhost:80", "localhost:3000"},
			[]string{"localhost.", "localhost.evil.com", "evil.com", "127.0.0.1", "a.localhost"}},
		{"localhost:3000",
			[]string{"localhost:3000", "LocalHost:3000"},
			[]string{"localhost", "localhost:80", "localhost:30000"}},
		{"localhost:80", []string{"localhost", "localhost:80"}, []string{"localhost:443"}},
		{"localhost:*", []string{"localhost", "localhost:1"}, []string{"evil.com:1"}},
		{"127.0.0.1",
			[]string{"127.0.0.1", "127.0.0.1:8080"},
			[]string{"127.0.0.10", "127.0.0.1.nip.example", "127.1", "2130706433", "localhost"}},
		{"[::1]", []string{"[::1]", "[0:0::1]:8080"}, []string{"[::2]", "[::1.2.3.4]"}},
		{"*.dev.example",
			[]string{"a.dev.example", "b.A.Dev.Example:5173"},
			[]string{"dev.example", "adev.example", "a.dev.example.evil.com", "evil.com"}},
		{"*", []string{"localhost", "evil.com:1", "[::1]"}, nil},
		{"*:8080", []string{"evil.com:8080"}, []string{"evil.com"}},
		{"bad host", nil, []string{"bad host", "bad", "host"}}, // malformed: never matched
		{"https://localhost", nil, []string{"localhost", "https"}},
	} {
		p := Policy{AllowedHosts: []string{"other.example", c.allowed}}
		for _, host := range c.good {
			if err := p.checkHost(&Request{Host: host}); err != nil {
				t.Errorf("%q: Host %q was refused: %v", c.allowed, host, err)
			}
		}
		for _, host := range c.bad {
			err := p.checkHost(&Request{Host: host})
			if err == nil || err.Status != 403 || !strings.Contains(err.Problem, "AllowedHosts") {
				t.Errorf("%q: Host %q gives %v, want 403", c.allowed, host, err)
			}
		}
	}
}

func TestAllowedHostsOverTLS(t *testing.T) {
	p := Policy{AllowedHosts: []string{"good.com:443"}, TLS: true}
	if err := p.checkHost(&Request{Host: "good.com"}); err != nil {
		t.Errorf("a Host without a port, over TLS: %v", err)
	}
	if p.TLS = false; p.checkHost(&Request{Host: "good.com"}) == nil {
		t.Error("a Host without a port has the port 443 without TLS")
	}
}

// TestHostile13Rebinding: Host and Origin agree on a name of the attacker's
// that resolves to this machine. Same origin alone lets it in; AllowedHosts
// does not, whatever else the policy allows.
func TestHostile13Rebinding(t *testing.T) {
	rebound := strings.NewReplacer("server.example.com", "attacker.com", "http://example.com", "http://attacker.com")
	r, _, err := ParseRequest([]byte(rebound.Replace(sampleRequest)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(r, nil); err != nil {
		t.Fatalf("it is of the same origin: %v", err)
	}
	for name, p := range map[string]Policy{
		"same origin":   {},
		"every origin":  {OriginPatterns: []string{"*"}},
		"its origin":    {OriginPatterns: []string{"http://attacker.com"}},
		"no check":      {InsecureSkipOriginCheck: true},
		"over TLS, too": {TLS: true, InsecureSkipOriginCheck: true},
	} {
		p.AllowedHosts = []string{"localhost", "127.0.0.1", "[::1]"}
		if _, err := Check(r, &p); err == nil || err.Status != 403 {
			t.Errorf("%s: %v, want 403", name, err)
		}
		p.AllowedHosts = append(p.AllowedHosts, "attacker.com")
		if _, err := Check(r, &p); err != nil && name != "over TLS, too" && name != "same origin" {
			t.Errorf("%s: a Host that is allowed: %v", name, err)
		}
	}
}

func TestAllowedHostsAreValidated(t *testing.T) {
	for _, c := range []struct{ entry, problem string }{
		{"", "empty"},
		{"http://localhost", "leave out the scheme"},
		{"localhost/", "leave out"},
		{"user@localhost", "leave out"},
		{"localhost:", "is not host"},
		{"localhost:x", "is not host"},
		{"localhost:65536", "is not host"},
		{"b\u00fccher.example", "punycode"},
		{"a.*.com", `"*"`},
		{"*.1.2.3", "is not host"},
		{"::1", "brackets"},
		{"[::1", "is not host"},
		{"a b", "is not host"},
	} {
		err := (&Policy{AllowedHosts: []string{"localhost", c.entry}}).Validate()
		e, ok := errors.AsType[*api.ArgumentError](err)
		if !ok || e.Name != "AllowedHosts" || !strings.Contains(e.Problem, c.problem) {
			t.Errorf("%q: Validate = %v, want an ArgumentError about %q", c.entry, err, c.problem)
		}
	}
	for _, entry := range []string{"localhost", "localhost:1", "localhost:*", "*", "*:1", "*.a.b", "[::1]:1", "127.0.0.1"} {
		if err := (&Policy{AllowedHosts: []string{entry}}).Validate(); err != nil {
			t.Errorf("%q: %v", entry, err)
		}
	}
}
