package handshake

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// parse returns the sample request with old replaced by new.
func parse(t *testing.T, old, new string) *Request {
	t.Helper()
	if strings.Count(sampleRequest, old) == 0 {
		t.Fatalf("%q is no part of the sample", old)
	}
	r, _, err := ParseRequest([]byte(strings.Replace(sampleRequest, old, new, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// samplePolicy allows the origin of the sample, which is not its server's.
func samplePolicy() *Policy {
	return &Policy{Subprotocols: []string{"chat"}, OriginPatterns: []string{"example.com"}}
}

func TestCheckSample(t *testing.T) {
	a, err := Check(parse(t, "", ""), samplePolicy())
	if err != nil {
		t.Fatal(err)
	}
	if want := (&Agreement{Key: sampleKey, Subprotocol: "chat"}); !reflect.DeepEqual(a, want) {
		t.Fatalf("Check = %+v, want %+v", a, want)
	}
	got, aerr := AppendResponse(nil, a, "", nil)
	if aerr != nil || string(got) != sampleResponse {
		t.Fatalf("AppendResponse = %v\n%s\nwant the response of RFC 6455 section 1.2", aerr, got)
	}
}

func TestCheckAccepts(t *testing.T) {
	for _, c := range []struct{ name, old, new string }{
		{"RFC 6455 section 4.2.1 item 3: Upgrade in any case", ": websocket", ": WebSocket"},
		{"RFC 6455 section 4.2.1 item 3: among others", ": websocket", ": h2c, websocket"},
		{"RFC 6455 section 4.2.1 item 4: as Firefox sends it", "Connection: Upgrade", "Connection: keep-alive, Upgrade"},
		{"RFC 9110 section 5.3: Connection on two lines", "Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade"},
		{"RFC 9110 section 5.1: names in any case", "Sec-WebSocket-Key", "SEC-websocket-KEY"},
		{"RFC 9112 section 3.2.2: absolute form", "GET /chat", "GET http://server.example.com/chat"},
		{"RFC 9110 section 2.5: a later HTTP/1", "HTTP/1.1", "HTTP/1.2"},
		{"RFC 6455 section 4.2.1 item 7: no Origin", "Origin: http://example.com\r\n", ""},
		{"RFC 6455 section 4.2.1 item 8: no subprotocol", "Sec-WebSocket-Protocol: chat, superchat\r\n", ""},
		{"RFC 6455 section 4.2.1 item 10: cookies", "\r\n\r\n", "\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n"},
		{"RFC 9110 section 8.6: a body of no bytes", "\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a, err := Check(parse(t, c.old, c.new), samplePolicy()); err != nil || a.Key != sampleKey {
				t.Errorf("Check = %+v, %v", a, err)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	const key = "Sec-WebSocket-Key: " + sampleKey
	for _, c := range []struct {
		name, old, new string
		status         int
		problem        string
	}{
		{"RFC 6455 section 4.2.1 item 1: POST", "GET", "POST", 405, `"POST"`},
		{"RFC 6455 section 4.2.1 item 1: lower case is another method", "GET", "get", 405, `"get"`},
		{"RFC 6455 section 4.2.1 item 1: HTTP/1.0", "HTTP/1.1", "HTTP/1.0", 426, "proxy_http_version"},
		{"RFC 6455 section 4.2.1 item 1: HTTP/0.9", "HTTP/1.1", "HTTP/0.9", 426, "HTTP/0.9"},
		{"RFC 9113 section 8.6: HTTP/2 knows no Upgrade", "HTTP/1.1", "HTTP/2.0", 400, "ALPN"},
		{"RFC 6455 section 4.2.1 item 2: no Host", "Host: server.example.com\r\n", "", 400, "Host"},
		{"RFC 6455 section 4.2.1 item 2: an empty Host", ": server.example.com", ":", 400, "Host"},
		{"RFC 9112 section 3.2: two Hosts", "Host: server.example.com", "Host: a\r\nHost: b", 400, "more than one Host"},
		{"RFC 9112 section 3.2: a malformed Host", ": server.example.com", ": user@server", 400, "user@server"},
		{"RFC 6455 section 4.2.1 item 3: no Upgrade", "Upgrade: websocket\r\n", "", 426, "no Upgrade field"},
		{"RFC 6455 section 4.2.1 item 3: another protocol", ": websocket", ": h2c", 426, "no Upgrade field"},
		{"RFC 6455 section 4.2.1 item 3: only ASCII letters have case", ": websocket", ": websoc\u212Aet", 426, "no Upgrade field"},
		{"RFC 6455 section 4.2.1 item 3: Upgrade twice", "Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: websocket", 400, "more than one Upgrade"},
		{"RFC 6455 section 4.2.1 item 4: no Connection", "Connection: Upgrade\r\n", "", 426, "a proxy in front must forward"},
		{"RFC 6455 section 4.2.1 item 4: another token", "Connection: Upgrade", "Connection: keep-alive", 426, "no Connection field"},
		{"RFC 6455 section 4.2.1 item 5: no key", key + "\r\n", "", 400, "exactly once"},
		{"RFC 6455 section 11.3.1: two keys", key, key + "\r\n" + key, 400, "exactly once"},
		{"RFC 6455 section 4.2.1 item 5: a short key", sampleKey, "AAAA", 400, "16 bytes"},
		{"RFC 6455 section 4.2.1 item 5: not base64", sampleKey, "!GhlIHNhbXBsZSBub25jZQ==", 400, "16 bytes"},
		{"RFC 6455 section 4.2.1 item 6: no version", "Sec-WebSocket-Version: 13\r\n", "", 426, "only version 13"},
		{"RFC 6455 section 4.4: an older version", "Version: 13", "Version: 8", 426, "only version 13"},
		{"RFC 6455 section 4.1 item 9: leading zero", "Version: 13", "Version: 013", 426, "only version 13"},
		{"RFC 6455 section 11.3.5: two versions", "Version: 13", "Version: 13\r\nSec-WebSocket-Version: 8", 400, "more than one Sec-WebSocket-Version"},
		{"RFC 6455 section 11.3.4: a subprotocol that is no token", "chat, superchat", `"chat"`, 400, "not a token"},
		{"RFC 6455 section 9.1: a malformed extension", "\r\n\r\n", "\r\nSec-WebSocket-Extensions: a;;b\r\n\r\n", 400, "RFC 6455 section 9.1"},
		{"RFC 9112 section 6: a body by length", "\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n", 400, "no body"},
		{"RFC 9112 section 6: a length that is none", "\r\n\r\n", "\r\nContent-Length: x\r\n\r\n", 400, "no body"},
		{"RFC 9112 section 6: a body in chunks", "\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "no body"},
		{"RFC 6455 section 10.2: another site", ": http://example.com", ": http://evil.example", 403, "evil.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Check(parse(t, c.old, c.new), samplePolicy())
			if err == nil || a != nil {
				t.Fatalf("accepted: %+v", a)
			}
			if err.Status != c.status || !strings.Contains(err.Problem, c.problem) {
				t.Fatalf("status %d, problem %q, want %d and %q", err.Status, err.Problem, c.status, c.problem)
			}
			checkRefusalHeader(t, err)
		})
	}
}

// checkRefusalHeader holds a refusal to the fields that its status calls for,
// under the names by which http.Header.Get finds them.
func checkRefusalHeader(t *testing.T, err *api.HandshakeError) {
	t.Helper()
	want := map[int]map[string][]string{
		400: {"Sec-Websocket-Version": {"13"}},
		403: {},
		405: {"Allow": {"GET"}}, // RFC 9110 section 15.5.6
		426: {"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}},
	}[err.Status]
	if !reflect.DeepEqual(err.Header, want) {
		t.Errorf("status %d has the header %v, want %v", err.Status, err.Header, want)
	}
}

func TestCheckReturnsOffers(t *testing.T) {
	r := parse(t, "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Extensions: x\r\n\r\n")
	a, err := Check(r, samplePolicy())
	want := []Extension{{"permessage-deflate", []Param{{Name: "client_max_window_bits"}}}, {Name: "x"}}
	if err != nil || !reflect.DeepEqual(a.Offers, want) {
		t.Errorf("got %+v, %v, want %v", a, err, want)
	}
}

func TestCheckWithoutPolicy(t *testing.T) {
	if _, err := Check(parse(t, "Origin: http://example.com\r\n", ""), nil); err != nil {
		t.Error(err)
	}
	if _, err := Check(parse(t, "", ""), nil); err == nil || err.Status != 403 {
		t.Errorf("another origin passed without a policy: %v", err)
	}
}

func TestPolicyValidate(t *testing.T) {
	if err := samplePolicy().Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		policy Policy
		arg    string
	}{
		{Policy{Subprotocols: []string{"a b"}}, "Subprotocols"},
		{Policy{Subprotocols: []string{"a", "a"}}, "Subprotocols"},
		{Policy{OriginPatterns: []string{"good.com", "https://good.com/"}}, "OriginPatterns"},
	} {
		if e, ok := errors.AsType[*api.ArgumentError](c.policy.Validate()); !ok || e.Name != c.arg {
			t.Errorf("Validate of %+v = %v, want an ArgumentError of %s", c.policy, e, c.arg)
		}
	}
}
