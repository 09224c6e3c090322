package handshake

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// The tests of this file are named after the rows of the list of hostile
// inputs: each once broke a library that people trusted.

// TestHostile07LinearLists counts instead of timing: bytes looked at by the
// lexer of extensions, allocations of the list of subprotocols.
func TestHostile07LinearLists(t *testing.T) {
	for name, part := range map[string]string{
		"spaces":                 " ",
		"commas":                 " ,",
		"open quotes":            `a;b="`,
		"open quotes, escapes":   `\"`,
		"quotes full of escapes": `\a`,
		"parameters":             ";a=b",
		"names":                  "constructor,",
	} {
		for _, start := range []string{"", `a; b="`, "a"} {
			value := start + strings.Repeat(part, 64<<10/len(part))
			l := &lexer{s: value}
			all, err := parseExtensions(nil, l)
			if limit := 8 * len(value); l.looks > limit {
				t.Errorf("%s after %q: looked %d times at %d bytes", name, start, l.looks, len(value))
			}
			if len(all) > MaxExtensions {
				t.Errorf("%s after %q: %d extensions, %v", name, start, len(all), err)
			}
			if _, err := ParseExtensions([]string{value}); err == nil {
				t.Errorf("%s after %q: %d bytes were accepted", name, start, len(value))
			}
		}
	}
	for _, part := range []string{" ", ",", "a,", "constructor, "} {
		h := Fields{{"Sec-WebSocket-Protocol", strings.Repeat(part, 64<<10/len(part)) + ",chat"}}
		n := testing.AllocsPerRun(20, func() {
			if got, err := chooseSubprotocol(h, []string{"chat"}); got != "chat" || err != nil {
				t.Errorf("%q repeated: chose %q, %v", part, got, err)
			}
		})
		if n > 0 {
			t.Errorf("%q repeated over 64 KiB took %v allocations", part, n)
		}
		size := 0
		for e := range elements(h[0].Value) {
			size += len(e)
		}
		if size > len(h[0].Value) {
			t.Errorf("%q repeated: %d bytes were yielded of %d", part, size, len(h[0].Value))
		}
	}
}

// TestHostile08Header: too many fields, Upgrade missing or twice, and a
// Connection of many tokens.
func TestHostile08Header(t *testing.T) {
	end := func(s string) string { return s + "\r\n\r\n" }
	many := end(strings.Repeat("\r\na: b", 2000))
	for _, c := range []struct {
		name, old, new string
		status         int
	}{
		{"2,000 fields", "\r\n\r\n", many, 431},
		{"2,000 fields of the same handshake", "\r\n\r\n", end(strings.Repeat("\r\nUpgrade:", 1000)), 431},
		{"the most fields there may be", "\r\n\r\n", end(strings.Repeat("\r\na: b", MaxFields-7)), 0},
		{"one field more", "\r\n\r\n", end(strings.Repeat("\r\na: b", MaxFields-6)), 431},
		{"no Upgrade", "Upgrade: websocket\r\n", "", 426},
		{"an empty Upgrade", "Upgrade: websocket", "Upgrade:", 426},
		{"Upgrade twice", "Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: websocket", 400},
		{"a Connection of many tokens", "Connection: Upgrade", "Connection: " + strings.Repeat("a, ", 4000) + "Upgrade", 0},
		{"a Connection of many other tokens", "Connection: Upgrade", "Connection: " + strings.Repeat("a, ", 4000), 426},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _, err := ParseRequest([]byte(strings.Replace(sampleRequest, c.old, c.new, 1)))
			if err == nil {
				if _, refusal := Check(r, samplePolicy()); refusal != nil {
					err = refusal
				}
			}
			e, _ := errors.AsType[*api.HandshakeError](err)
			if c.status == 0 && err != nil || c.status != 0 && (e == nil || e.Status != c.status) {
				t.Errorf("got %v, want status %d", err, c.status)
			}
		})
	}
	t.Run("2,000 fields through net/http", func(t *testing.T) {
		h := httptest.NewRequest("GET", "/", nil)
		for i := range 2000 {
			h.Header.Set("A"+strconv.Itoa(i), "b")
		}
		if _, err := Check(FromHTTP(h), nil); err == nil || err.Status != 431 {
			t.Errorf("got %v, want status 431", err)
		}
	})
	t.Run("a response of 2,000 fields", func(t *testing.T) {
		_, _, err := ParseResponse([]byte(strings.Replace(sampleResponse, "\r\n\r\n", many, 1)))
		if e, ok := errors.AsType[*api.HandshakeError](err); !ok || !strings.Contains(e.Problem, "limit of 200") {
			t.Errorf("got %v", err)
		}
	})
}

// TestHostile09EndlessHead feeds heads of megabytes one byte at a time. After
// each byte the old ones are made to look like an end, so that reading them
// again would be noticed.
func TestHostile09EndlessHead(t *testing.T) {
	for _, c := range []struct {
		name, start string
		limit       int
		parse       func([]byte) error
	}{
		{"server", "GET / HTTP/1.1\r\nA: ", MaxHeadBytes,
			func(b []byte) error { _, _, err := ParseRequest(b); return err }},
		{"client", "HTTP/1.1 101 \r\nA: ", MaxResponseHeadBytes,
			func(b []byte) error { _, _, err := ParseResponse(b); return err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent := []byte(c.start + strings.Repeat("a", 4<<20))
			trap := make([]byte, 0, c.limit)
			for len(trap) < c.limit {
				scanned := len(trap)
				trap = append(trap, sent[scanned])
				if scanned > 2 {
					trap[scanned-3] = '\n'
				}
				if end := HeadEnd(trap, scanned); end >= 0 {
					t.Fatalf("an end at %d after %d bytes", end, len(trap))
				}
			}
			if err := c.parse(sent[:c.limit-1]); err != ErrShort {
				t.Errorf("below the limit: %v, want ErrShort", err)
			}
			for _, n := range []int{c.limit, c.limit + 1, len(sent)} {
				err := c.parse(sent[:n])
				if e, ok := errors.AsType[*api.HandshakeError](err); !ok || !strings.Contains(e.Problem, "limit of "+strconv.Itoa(c.limit)+" bytes") {
					t.Errorf("%d bytes without an end: %v", n, err)
				}
			}
			whole := append(bytes.Clone(sent[:c.limit-4]), "\r\n\r\n"...)
			if err := c.parse(whole); err != nil {
				t.Errorf("a head as long as may be: %v", err)
			}
			whole = append(bytes.Clone(sent[:c.limit-3]), "\r\n\r\n"...)
			if err := c.parse(whole); err == nil || err == ErrShort {
				t.Errorf("a head of one byte more: %v", err)
			}
		})
	}
}

// TestHostile12Origin is cross-site WebSocket hijacking in all its disguises,
// against a server that also allows the subdomains of a site.
func TestHostile12Origin(t *testing.T) {
	p := Policy{OriginPatterns: []string{"*.friend.com", "https://friend.com:8443"}}
	for name, c := range map[string]call{
		"another site":                from("http://evil.com"),
		"null":                        from("null"),
		"empty":                       from(""),
		"another scheme":              from("https://good.com"),
		"a scheme that is none":       from("//good.com"),
		"no scheme":                   from("good.com"),
		"another port":                from("http://good.com:81"),
		"an unparsable port":          from("http://good.com:80:80"),
		"the name as a prefix":        from("http://good.com.evil.com"),
		"the name as a suffix":        from("http://evilgood.com"),
		"the name in the path":        from("https://evil.com/.good.com"),
		"the name in the query":       from("https://evil.com?.good.com"),
		"the name in the fragment":    from("https://evil.com#.good.com"),
		"the name as a user":          from("http://good.com@evil.com"),
		"the name and port as a user": from("http://good.com:80@evil.com"),
		"a user at the right name":    from("http://evil.com@good.com"),
		"a pattern in the path":       from("https://evil.com/.friend.com"),
		"a pattern as a user":         from("https://a.friend.com@evil.com"),
		"a pattern without its dot":   from("https://evilfriend.com"),
		"the domain of a pattern":     from("https://friend.com"),
		"an empty label":              from("https://.friend.com"),
		"a slash at the end":          from("http://good.com/"),
		"a path":                      from("http://good.com/page"),
		"a space":                     from("http://good.com http://evil.com"),
		"a list":                      from("http://good.com, http://evil.com"),
		"a backslash":                 from(`http://evil.com\.friend.com`),
		"percent-encoding":            from("http://evil.com%2F.friend.com"),
		"NUL":                         from("http://evil.com\x00.friend.com"),
		"upper case of another site":  from("HTTP://EVIL.COM"),
		"Unicode that looks alike":    from("http://g\u043e\u043ed.com"),
		"a full-width stop":           from("http://evil\uff0efriend.com"),
		"punycode that looks alike":   from("http://xn--gd-jmca.com"),
		"two Origins, one good":       {"good.com", false, []string{"http://good.com", "http://evil.com"}},
		"two Origins, both good":      {"good.com", false, []string{"http://good.com", "http://good.com"}},
	} {
		if problem := c.check(p); problem == "" {
			t.Errorf("%s: %q was allowed", name, c.origins)
		}
	}
	for name, c := range map[string]call{
		"same origin":               from("http://good.com"),
		"same origin in upper case": from("HTTP://GOOD.COM"),
		"a pattern":                 from("https://A.Friend.com"),
		"punycode of one's own":     {"xn--bcher-kva.example", false, []string{"http://xn--bcher-kva.example"}},
	} {
		if problem := c.check(p); problem != "" {
			t.Errorf("%s: %q was refused: %s", name, c.origins, problem)
		}
	}
}

// TestHostile14HalfRight: a handshake that is nearly one is refused with the
// version spoken here, and the connection is closed.
func TestHostile14HalfRight(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		status         string
	}{
		{"version 777", "Version: 13", "Version: 777", "426 Upgrade Required"},
		{"no version", "Sec-WebSocket-Version: 13\r\n", "", "426 Upgrade Required"},
		{"no Upgrade", "Upgrade: websocket\r\n", "", "426 Upgrade Required"},
		{"no Connection", "Connection: Upgrade\r\n", "", "426 Upgrade Required"},
		{"no key", "Sec-WebSocket-Key: " + sampleKey + "\r\n", "", "400 Bad Request"},
		{"a body", "\r\n\r\n", "\r\nContent-Length: 30\r\n\r\n", "400 Bad Request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Check(parse(t, c.old, c.new), samplePolicy())
			if err == nil {
				t.Fatal("accepted")
			}
			r, n, perr := ParseResponse(AppendRefusal(nil, err))
			if perr != nil || n == 0 {
				t.Fatal(perr)
			}
			if got := strconv.Itoa(r.Status) + " " + r.Reason; got != c.status {
				t.Errorf("status %s, want %s", got, c.status)
			}
			if got := r.Header.Get("Sec-WebSocket-Version"); got != "13" {
				t.Errorf("Sec-WebSocket-Version: %q, want 13", got)
			}
			if !r.Header.hasToken("Connection", "close") {
				t.Errorf("Connection: %q, want close", r.Header.Values("Connection"))
			}
		})
	}
}

// TestHostile16Injection puts CR, LF and NUL wherever the caller's words go on
// the wire, in both roles: nothing must be written.
func TestHostile16Injection(t *testing.T) {
	for _, bad := range []string{"\r", "\n", "\x00", "\r\nInjected: yes", "\r\n\r\nGET / HTTP/1.1"} {
		for name, edit := range map[string]func(*ClientRequest){
			"target":      func(r *ClientRequest) { r.Target += bad },
			"host":        func(r *ClientRequest) { r.Host += bad },
			"key":         func(r *ClientRequest) { r.Key += bad },
			"subprotocol": func(r *ClientRequest) { r.Subprotocols = []string{"chat" + bad} },
			"extension":   func(r *ClientRequest) { r.Extensions = "a" + bad },
			"name":        func(r *ClientRequest) { r.Header = http.Header{"A" + bad: {"b"}} },
			"value":       func(r *ClientRequest) { r.Header = http.Header{"A": {"b" + bad}} },
			"value start": func(r *ClientRequest) { r.Header = http.Header{"A": {bad + "b"}} },
		} {
			r := sampleOffer()
			edit(r)
			got, err := AppendRequest(nil, r)
			if _, ok := errors.AsType[*api.ArgumentError](err); !ok || len(got) > 0 {
				t.Errorf("%q in the %s: wrote %q, %v", bad, name, got, err)
			}
		}
		a := &Agreement{Key: sampleKey}
		if got, err := AppendResponse(nil, a, "", http.Header{"A": {"b" + bad}}); err == nil || len(got) > 0 {
			t.Errorf("%q in a response: wrote %q, %v", bad, got, err)
		}
		if got := AppendRefusal(nil, &api.HandshakeError{Status: 403, Header: http.Header{"A" + bad: {"b"}, "C": {bad}}}); bytes.Contains(got, []byte("Injected")) || bytes.Contains(got, []byte("GET")) {
			t.Errorf("%q in a refusal: wrote %q", bad, got)
		}
	}
}

// TestHostile22Responses holds the client to RFC 6455 section 4.1: each wrong
// answer is refused with the reason why.
func TestHostile22Responses(t *testing.T) {
	for _, c := range refusedResponses {
		t.Run(c.name, func(t *testing.T) {
			err := c.check(t)
			e, ok := errors.AsType[*api.HandshakeError](err)
			if !ok || !strings.Contains(e.Problem, c.problem) {
				t.Fatalf("got %v, want a HandshakeError with %q", err, c.problem)
			}
			if e.Status < 100 || len(e.Header) == 0 {
				t.Errorf("the error lacks the status or the header: %+v", e)
			}
		})
	}
}
