package handshake

import (
	"strings"
	"testing"
)

// call is a handshake as far as the Origin policy sees it.
type call struct {
	host    string
	tls     bool
	origins []string
}

func (c call) check(p Policy) (problem string) {
	p.TLS = c.tls
	r := &Request{Host: c.host}
	for _, o := range c.origins {
		r.Header = append(r.Header, Field{"Origin", o})
	}
	if err := p.checkOrigin(r, RFC6455); err != nil {
		if err.Status != 403 {
			return "a status other than 403: " + err.Error()
		}
		return err.Problem
	}
	return ""
}

func from(origin string) call { return call{"good.com", false, []string{origin}} }

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		name string
		call call
		want bool
	}{
		{"RFC 6455 section 10.2: no Origin, no browser", call{"good.com", false, nil}, true},
		{"RFC 6454 section 5: equal", from("http://good.com"), true},
		{"RFC 6454 section 4: upper case", from("HTTP://GOOD.com"), true},
		{"RFC 6454 section 4: upper case in Host", call{"Good.COM", false, []string{"http://good.com"}}, true},
		{"RFC 6454 section 4: default port in Origin", from("http://good.com:80"), true},
		{"RFC 6454 section 4: default port in Host", call{"good.com:80", false, []string{"http://good.com"}}, true},
		{"RFC 6454 section 4: default port of https", call{"good.com:443", true, []string{"https://good.com"}}, true},
		{"RFC 6454 section 4: another port on both", call{"good.com:8080", false, []string{"http://good.com:8080"}}, true},
		{"RFC 5952: spellings of IPv6", call{"[0:0::1]:8080", false, []string{"http://[::1]:8080"}}, true},
		{"RFC 3492: punycode", call{"xn--bcher-kva.example", true, []string{"https://xn--bcher-kva.example"}}, true},
		{"RFC 6454 section 5: another port", from("http://good.com:8080"), false},
		{"RFC 6454 section 5: the other scheme's port", from("http://good.com:443"), false},
		{"RFC 6454 section 5: another scheme", from("https://good.com"), false},
		{"RFC 6454 section 5: plain page, TLS server", call{"good.com", true, []string{"http://good.com"}}, false},
		{"RFC 6454 section 5: the same port is not enough", call{"good.com:443", true, []string{"http://good.com:443"}}, false},
		{"RFC 6454 section 5: ws is no page's scheme", from("ws://good.com"), false},
		{"RFC 6454 section 5: a subdomain", from("http://a.good.com"), false},
		{"RFC 6454 section 5: the parent domain", call{"a.good.com", false, []string{"http://good.com"}}, false},
		{"RFC 6454 section 5: a rooted name", from("http://good.com."), false},
		{"RFC 6454 section 5: a Kelvin sign is no k", call{"k.com", false, []string{"http://\u212A.com"}}, false},
		{"RFC 6454 section 5: localhost is not 127.0.0.1", call{"127.0.0.1", false, []string{"http://localhost"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if problem := c.call.check(Policy{}); (problem == "") != c.want {
				t.Errorf("%+v: %q, want allowed %v", c.call, problem, c.want)
			}
		})
	}
}

func TestOriginPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		allowed []string
		refused []string
	}{
		{"*",
			[]string{"http://evil.com", "https://evil.com:8443", "chrome-extension://abcdef", "null"},
			[]string{"", "evil.com", "http://evil.com/"}},
		{"null",
			[]string{"null"},
			[]string{"http://null", "https://null", "null://null", "NULL", ""}},
		{"app.com",
			[]string{"http://app.com", "https://app.com", "HTTPS://APP.com:443", "http://app.com:80"},
			[]string{"https://app.com:80", "http://app.com:8080", "ftp://app.com", "https://a.app.com", "https://xapp.com", "https://app.com.evil.com", "null"}},
		{"https://App.com",
			[]string{"https://app.com", "https://app.com:443"},
			[]string{"http://app.com", "http://app.com:443", "https://app.com:8443"}},
		{"https://app.com:8443",
			[]string{"https://app.com:8443"},
			[]string{"https://app.com", "http://app.com:8443"}},
		{"app.com:8080",
			[]string{"http://app.com:8080", "https://app.com:8080"},
			[]string{"http://app.com", "http://app.com:80"}},
		{"localhost:*",
			[]string{"http://localhost", "http://localhost:5173", "https://localhost:1"},
			[]string{"http://127.0.0.1:5173", "http://localhost.evil.com:5173", "app://localhost"}},
		{"*.app.com",
			[]string{"https://a.app.com", "http://a.b.app.com", "https://A.App.Com"},
			[]string{"https://app.com", "https://aapp.com", "https://app.com.evil.com", "https://evil.com", "https://a.app.com:8443"}},
		{"https://*.app.com:*",
			[]string{"https://a.app.com:8443", "https://a.app.com"},
			[]string{"http://a.app.com", "https://app.com:8443"}},
		{"https://*",
			[]string{"https://any.example"},
			[]string{"http://any.example", "https://any.example:8443", "null"}},
		{"*:8080",
			[]string{"http://any.example:8080", "https://any.example:8080"},
			[]string{"http://any.example", "app://any.example:8080"}},
		{"*:*",
			[]string{"http://any.example:8080", "https://any.example"},
			[]string{"app://any.example", "null"}},
		{"[0::1]:8080",
			[]string{"http://[::1]:8080"},
			[]string{"http://[::2]:8080", "http://[::1]"}},
		{"192.0.2.1",
			[]string{"http://192.0.2.1"},
			[]string{"http://192.0.2.1.evil.com", "http://192.0.2.10"}},
		{"chrome-extension://abcdef",
			[]string{"chrome-extension://abcdef"},
			[]string{"https://abcdef", "chrome-extension://abcdeg", "chrome-extension://abcdef:1"}},
		{"xn--bcher-kva.example",
			[]string{"https://XN--bcher-kva.example"},
			[]string{"https://b\u00fccher.example", "https://bcher-kva.example"}},
	} {
		t.Run(c.pattern, func(t *testing.T) {
			p := Policy{OriginPatterns: []string{"first.example", c.pattern}}
			if err := p.Validate(); err != nil {
				t.Fatal(err)
			}
			for _, o := range c.allowed {
				if problem := from(o).check(p); problem != "" {
					t.Errorf("%q was refused: %s", o, problem)
				}
			}
			for _, o := range c.refused {
				if from(o).check(p) == "" {
					t.Errorf("%q was allowed", o)
				}
			}
		})
	}
}

func TestMalformedPatterns(t *testing.T) {
	for _, c := range []struct{ pattern, problem string }{
		{"", "is empty"},
		{"b\u00fccher.example", "punycode"},
		{"\xFF.example", "punycode"},
		{"https://user@app.com", "has a user"},
		{"https://app.com/", "slash at its end"},
		{"app.com/path", "has a path"},
		{"app.com?x", "a query"},
		{"app.*", `neither the whole host nor its first label`},
		{"*app.com", `neither the whole host nor its first label`},
		{"a.*.com", `neither the whole host nor its first label`},
		{"*.*.com", `neither the whole host nor its first label`},
		{"**", `neither the whole host nor its first label`},
		{"::1", "in brackets"},
		{"[::1", "is not [scheme://]host[:port]"},
		{"*.", "is not [scheme://]host[:port]"},
		{"*.0.0.1", "is not [scheme://]host[:port]"}, // else 127.0.0.1 would be a subdomain
		{"*.[::1]", "is not [scheme://]host[:port]"},
		{"*://app.com", "is not [scheme://]host[:port]"},
		{"://app.com", "is not [scheme://]host[:port]"},
		{"1http://app.com", "is not [scheme://]host[:port]"},
		{"https://", "is not [scheme://]host[:port]"},
		{"app.com:", "is not [scheme://]host[:port]"},
		{"app.com:http", "is not [scheme://]host[:port]"},
		{"app.com:8*", "is not [scheme://]host[:port]"},
		{"app.com:65536", "is not [scheme://]host[:port]"},
		{"app com", "is not [scheme://]host[:port]"},
		{"app..com", "is not [scheme://]host[:port]"},
	} {
		p := Policy{OriginPatterns: []string{c.pattern}}
		err := p.Validate()
		if err == nil || !strings.Contains(err.Error(), c.problem) {
			t.Errorf("Validate of %q = %v, want %q", c.pattern, err, c.problem)
		}
		for _, o := range []string{"https://app.com", "http://app.com", "http://127.0.0.1", "null"} {
			if from(o).check(p) == "" {
				t.Errorf("the malformed pattern %q allowed %q", c.pattern, o)
			}
		}
	}
}

func TestInsecureSkipOriginCheck(t *testing.T) {
	p := Policy{InsecureSkipOriginCheck: true}
	for _, c := range []call{from("https://evil.com"), from("null"), from(""), {"good.com", false, []string{"a", "b"}}} {
		if problem := c.check(p); problem != "" {
			t.Errorf("%+v was refused although the check is off: %s", c, problem)
		}
	}
}

// TestOriginRemedy follows the advice that a refusal gives, and sees whether it
// helps.
func TestOriginRemedy(t *testing.T) {
	for _, c := range []struct {
		name  string
		call  call
		wants []string
	}{
		{"a page of one's own elsewhere", from("https://app.example:8443"),
			[]string{`"https://app.example:8443" may not connect to the server of "http://good.com"`, "changes the Host field"}},
		{"a proxy that ends TLS", from("https://good.com"), []string{"a proxy in front of the server terminates TLS"}},
		{"a proxy that ends TLS, on a port", call{"good.com:8080", false, []string{"https://good.com"}},
			[]string{"a proxy in front of the server terminates TLS", `"http://good.com:8080"`}},
		{"an opaque origin", from("null"), []string{"sandboxed frame"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			problem := c.call.check(Policy{})
			for _, want := range c.wants {
				if !strings.Contains(problem, want) {
					t.Errorf("%q does not say %q", problem, want)
				}
			}
			_, entry, ok := strings.Cut(problem, `OriginPatterns entry "`)
			entry, _, _ = strings.Cut(entry, `"`)
			if !ok || entry != strings.ToLower(c.call.origins[0]) {
				t.Fatalf("%q names no entry to add", problem)
			}
			p := Policy{OriginPatterns: []string{entry}}
			if err := p.Validate(); err != nil {
				t.Errorf("the advice is malformed: %v", err)
			}
			if problem := c.call.check(p); problem != "" {
				t.Errorf("the advice %q does not help: %s", entry, problem)
			}
		})
	}
}
