package handshake

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// checkHead holds what both parsers share: where the head ends, what cutting it
// means, and that no field could be mistaken for two.
func checkHead(t *testing.T, src []byte, n int, fields Fields, parse func([]byte) error) {
	if n <= 0 || n > len(src) || n != HeadEnd(src, 0) {
		t.Fatalf("took %d of %d bytes, the head ends at %d", n, len(src), HeadEnd(src, 0))
	}
	for _, cut := range []int{1, n / 3, n / 2, n - 2, n - 1} {
		if err := parse(src[:min(cut, n-1)]); err != ErrShort {
			t.Fatalf("the first %d of %d bytes: %v, want ErrShort", cut, n, err)
		}
	}
	if len(fields) > MaxFields {
		t.Fatalf("%d fields", len(fields))
	}
	for _, f := range fields {
		if !isToken(f.Name) || !isFieldValue(f.Value) || trimSpace(f.Value) != f.Value {
			t.Fatalf("the field %q was accepted", f)
		}
	}
}

// sameFields compares ours with net/http's, which takes some fields out and
// adds Cache-Control to an old Pragma.
func sameFields(t *testing.T, fields Fields, h http.Header) {
	for name, values := range fields.HTTP() {
		switch name {
		case "Host", "Transfer-Encoding", "Trailer", "Content-Length", "Cache-Control":
			continue
		}
		if !slices.Equal(values, h[name]) {
			t.Fatalf("%s: we read %q, net/http %q", name, values, h[name])
		}
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(sampleRequest))
	f.Add([]byte("GET http://a.example:80/ HTTP/1.1\r\nHost: b\r\n\r\nrest"))
	f.Add([]byte("GET / HTTP/1.1\nHost: b\n\n"))
	f.Add([]byte("GET / HTTP/1.1\r\nA: b\r\n c\r\nD : e\r\n\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		parse := func(b []byte) error { _, _, err := ParseRequest(b); return err }
		r, n, err := ParseRequest(src)
		if err != nil {
			if _, ok := err.(*api.HandshakeError); r != nil || n != 0 || err != ErrShort && !ok {
				t.Fatalf("%v, %d, %v", r, n, err)
			}
			return
		}
		checkHead(t, src, n, r.Header, parse)
		if a, refusal := Check(r, nil); (a == nil) == (refusal == nil) {
			t.Fatalf("Check = %v, %v", a, refusal)
		} else if refusal != nil {
			if _, _, err := ParseResponse(AppendRefusal(nil, refusal)); err != nil {
				t.Fatalf("our refusal cannot be read: %v", err)
			}
		} else if _, err := AppendResponse(nil, a, "", nil); err != nil {
			t.Fatalf("our answer cannot be written: %v", err)
		}
		h, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(src)))
		if err != nil {
			return // net/http is stricter here, about targets and lengths
		}
		if h.Method != r.Method || h.RequestURI != r.Target || h.Proto != r.Proto || h.Host != r.Host {
			t.Fatalf("we read %q %q %q %q, net/http %q %q %q %q",
				r.Method, r.Target, r.Proto, r.Host, h.Method, h.RequestURI, h.Proto, h.Host)
		}
		sameFields(t, r.Header, h.Header)
	})
}

func FuzzParseResponse(f *testing.F) {
	f.Add([]byte(sampleResponse))
	f.Add([]byte("HTTP/1.1 101\r\nSec-WebSocket-Extensions: a; b=\"c\"\r\n\r\n"))
	f.Add([]byte("HTTP/1.0 302 Found\r\nLocation: /\r\n\r\nbody"))
	f.Fuzz(func(t *testing.T, src []byte) {
		parse := func(b []byte) error { _, _, err := ParseResponse(b); return err }
		r, n, err := ParseResponse(src)
		if err != nil {
			if e, ok := err.(*api.HandshakeError); r != nil || n != 0 || err != ErrShort && (!ok || e.Status != 0) {
				t.Fatalf("%v, %d, %v", r, n, err)
			}
			return
		}
		checkHead(t, src, n, r.Header, parse)
		req := sampleOffer()
		req.Extensions = "a"
		if name, extensions, err := CheckResponse(r, req); err == nil {
			if r.Status != 101 || r.Header.Get("Sec-WebSocket-Accept") != AcceptKey(sampleKey) ||
				name != "" && !slices.Contains(req.Subprotocols, name) || len(extensions) > 1 {
				t.Fatalf("accepted %+v with %q and %v", r, name, extensions)
			}
		}
		h, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(src)), nil)
		if err != nil {
			return // net/http is stricter here, about lengths
		}
		if h.StatusCode != r.Status || h.Proto != r.Proto {
			t.Fatalf("we read %q %d, net/http %q %d", r.Proto, r.Status, h.Proto, h.StatusCode)
		}
		sameFields(t, r.Header, h.Header)
	})
}

func FuzzParseExtensions(f *testing.F) {
	f.Add("permessage-deflate; client_max_window_bits")
	f.Add(`a; b="\c"; d , e;f = g,,`)
	f.Add(`a; b="c`)
	f.Fuzz(func(t *testing.T, value string) {
		l := &lexer{s: value}
		parseExtensions(nil, l)
		if l.looks > 8*len(value) {
			t.Fatalf("looked %d times at %d bytes", l.looks, len(value))
		}
		all, err := ParseExtensions([]string{value})
		if err != nil {
			return
		}
		if len(all) > MaxExtensions {
			t.Fatalf("%d extensions", len(all))
		}
		for _, e := range all {
			if !isToken(e.Name) || len(e.Params) > MaxParams {
				t.Fatalf("accepted %q with %d parameters", e.Name, len(e.Params))
			}
			for _, p := range e.Params {
				if !isToken(p.Name) || p.Value != "" && !isToken(p.Value) {
					t.Fatalf("accepted the parameter %q", p)
				}
			}
		}
		text := AppendExtensions(nil, all)
		if len(text) > MaxExtensionBytes {
			return // our spacing made it longer than the limit
		}
		again, err := ParseExtensions([]string{string(text)})
		if err != nil || !reflect.DeepEqual(again, all) {
			t.Fatalf("%q was written as %q and read back as %q, %v", value, text, again, err)
		}
	})
}

// FuzzOrigin compares with net/url: what we let pass must be, to another
// parser too, of the host and port that we took it for.
func FuzzOrigin(f *testing.F) {
	f.Add("http://good.com", "good.com", "*.friend.com", false)
	f.Add("https://a.friend.com:8443", "good.com:80", "https://*.friend.com:*", true)
	f.Add("http://[::1]:80", "[0::1]", "null", false)
	f.Add("http://good.com@evil.com", "good.com", "*", false)
	f.Fuzz(func(t *testing.T, value, host, pattern string, tls bool) {
		c := call{host, tls, []string{value}}
		p := Policy{OriginPatterns: []string{pattern}}
		malformed := p.Validate() != nil
		if own := c.check(Policy{}) == ""; own {
			u := parseURL(t, value)
			want := "http"
			if tls {
				want = "https"
			}
			h := parseURL(t, want+"://"+host)
			if !strings.EqualFold(u.Scheme, want) || port(u) != port(h) || !strings.EqualFold(canonical(u), canonical(h)) {
				t.Fatalf("%q is the same origin as %q", value, host)
			}
			return
		}
		if c.check(p) != "" {
			return
		}
		if malformed {
			t.Fatalf("the malformed pattern %q allowed %q", pattern, value)
		}
		if value == "null" {
			if pattern != "*" && !strings.EqualFold(pattern, "null") {
				t.Fatalf("the pattern %q allowed null", pattern)
			}
			return
		}
		u := parseURL(t, value)
		if _, suffix, wild := strings.Cut(pattern, "*."); wild {
			suffix, _, _ = strings.Cut(suffix, ":")
			if !strings.HasSuffix(strings.ToLower(u.Hostname()), "."+strings.ToLower(suffix)) {
				t.Fatalf("the pattern %q allowed %q", pattern, value)
			}
		}
	})
}

func parseURL(t *testing.T, s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		t.Fatalf("%q passed, but net/url says %v", s, err)
	}
	if u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" || u.Hostname() == "" {
		t.Fatalf("%q passed, but to net/url it is %#v", s, u)
	}
	return u
}

func port(u *url.URL) string {
	if p := strings.TrimLeft(u.Port(), "0"); p != "" || u.Port() != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
}

// canonical gives the host of u, IPv6 in the form that parseHost settles on.
func canonical(u *url.URL) string {
	if strings.Contains(u.Hostname(), ":") {
		host, _ := parseHost("[" + u.Hostname() + "]")
		return host
	}
	return u.Hostname()
}
