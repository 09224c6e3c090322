package handshake

import (
	"errors"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// The handshake of RFC 6455 section 1.2, byte for byte.
const (
	sampleRequest = "GET /chat HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Origin: http://example.com\r\n" +
		"Sec-WebSocket-Protocol: chat, superchat\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"\r\n"
	sampleResponse = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
		"Sec-WebSocket-Protocol: chat\r\n" +
		"\r\n"
	sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="
)

func TestParseRequestSample(t *testing.T) {
	want := &Request{Method: "GET", Target: "/chat", Host: "server.example.com", Proto: "HTTP/1.1", Header: Fields{
		{"Host", "server.example.com"},
		{"Upgrade", "websocket"},
		{"Connection", "Upgrade"},
		{"Sec-WebSocket-Key", sampleKey},
		{"Origin", "http://example.com"},
		{"Sec-WebSocket-Protocol", "chat, superchat"},
		{"Sec-WebSocket-Version", "13"},
	}}
	r, n, err := ParseRequest([]byte(sampleRequest + "\x81\x00 the first frame"))
	if err != nil || n != len(sampleRequest) || !reflect.DeepEqual(r, want) {
		t.Fatalf("ParseRequest = %+v, %d, %v", r, n, err)
	}
}

func TestParseRequestDoesNotKeepTheInput(t *testing.T) {
	src := []byte(sampleRequest)
	r, _, err := ParseRequest(src)
	if err != nil {
		t.Fatal(err)
	}
	clear(src)
	if r.Target != "/chat" || r.Header.Get("Origin") != "http://example.com" {
		t.Errorf("the request changed with the buffer it was read from: %+v", r)
	}
}

func TestParseRequestTruncated(t *testing.T) {
	for i := range sampleRequest {
		if r, n, err := ParseRequest([]byte(sampleRequest[:i])); r != nil || n != 0 || err != ErrShort {
			t.Fatalf("the first %d bytes gave %+v, %d, %v, want ErrShort", i, r, n, err)
		}
	}
}

func TestParseRequestLine(t *testing.T) {
	for _, c := range []struct {
		name, line   string
		target, host string // "": refused with 400
	}{
		{"RFC 9112 section 3.2.1: origin form", "GET /chat?a=b HTTP/1.1", "/chat?a=b", "field.example"},
		{"RFC 9112 section 3.2.1: two slashes", "GET //evil.example/ HTTP/1.1", "//evil.example/", "field.example"},
		{"RFC 9112 section 3.2.2: absolute form overrides Host", "GET http://Uri.example:81/x HTTP/1.1", "http://Uri.example:81/x", "Uri.example:81"},
		{"RFC 9112 section 3.2.2: without a path", "GET HTTPS://uri.example?q HTTP/1.1", "HTTPS://uri.example?q", "uri.example"},
		{"RFC 6455 section 4.2.1: the version is for Check", "GET / HTTP/1.0", "/", "field.example"},
		{"RFC 6455 section 4.2.1: the method is for Check", "POST / HTTP/1.1", "/", "field.example"},
		{"RFC 9112 section 3.2.2: no host", "GET http:///x HTTP/1.1", "", ""},
		{"RFC 9110 section 4.2.4: userinfo", "GET http://good@evil.example/ HTTP/1.1", "", ""},
		{"RFC 6455 section 4.2.1: another scheme", "GET ftp://uri.example/ HTTP/1.1", "", ""},
		{"RFC 9112 section 3.2.3: authority form", "GET uri.example:80 HTTP/1.1", "", ""},
		{"RFC 9112 section 3.2.4: asterisk form", "OPTIONS * HTTP/1.1", "", ""},
		{"RFC 9112 section 3.2: a fragment", "GET /a#b HTTP/1.1", "", ""},
		{"RFC 3986 section 2: bytes over 0x7F, as net/http takes them", "GET /\xE4 HTTP/1.1", "/\xE4", "field.example"},
		{"RFC 3986 section 2.1: a broken encoding", "GET /%zz HTTP/1.1", "", ""},
		{"RFC 9112 section 3: two spaces", "GET  / HTTP/1.1", "", ""},
		{"RFC 9112 section 3: a tab", "GET\t/ HTTP/1.1", "", ""},
		{"RFC 9112 section 3: a space in the target", "GET /a b HTTP/1.1", "", ""},
		{"RFC 9112 section 3: a space at the end", "GET / HTTP/1.1 ", "", ""},
		{"RFC 9112 section 3: no version", "GET /", "", ""},
		{"RFC 9112 section 2.3: lower case", "GET / http/1.1", "", ""},
		{"RFC 9112 section 2.3: two digits", "GET / HTTP/1.11", "", ""},
		{"RFC 9112 section 2.3: no number", "GET / HTTP/1.x", "", ""},
		{"RFC 9110 section 9.1: no method", " / HTTP/1.1", "", ""},
		{"RFC 9110 section 9.1: a method that is no token", "GE(T / HTTP/1.1", "", ""},
		{"RFC 9112 section 2.2: a bare CR", "GET /\ra HTTP/1.1", "", ""},
		{"RFC 9112 section 2.2: an empty line first", "\r\nGET / HTTP/1.1", "", ""},
		{"a TLS client hello", "\x16\x03\x01", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _, err := ParseRequest([]byte(c.line + "\r\nHost: field.example\r\n\r\n"))
			if c.target == "" {
				if e, ok := errors.AsType[*api.HandshakeError](err); !ok || e.Status != 400 || e.Problem == "" || r != nil {
					t.Fatalf("got %+v, %v, want status 400", r, err)
				}
				return
			}
			if err != nil || r.Target != c.target || r.Host != c.host {
				t.Fatalf("got %+v, %v, want target %q and host %q", r, err, c.target, c.host)
			}
		})
	}
}

// TestParseRequestRefusesBareLF keeps two readers of one request from seeing
// two requests (RFC 9112 section 2.2).
func TestParseRequestRefusesBareLF(t *testing.T) {
	for i := range sampleRequest {
		if sampleRequest[i] != '\r' {
			continue
		}
		src := sampleRequest[:i] + sampleRequest[i+1:]
		if _, _, err := ParseRequest([]byte(src)); err == nil || err == ErrShort {
			t.Errorf("without the CR at %d: %v, want status 400", i, err)
		}
	}
}

func TestParseRequestAllocates(t *testing.T) {
	src := []byte(sampleRequest)
	n := testing.AllocsPerRun(100, func() {
		if _, _, err := ParseRequest(src); err != nil {
			t.Fatal(err)
		}
	})
	if n > 3 {
		t.Errorf("%v allocations, want 3 at most: the head, its fields, the request", n)
	}
}

// TestFromHTTP holds the two ways into a server to the same answer.
func TestFromHTTP(t *testing.T) {
	h := httptest.NewRequest("GET", "/chat?a=b", nil)
	h.Host = "server.example.com"
	h.Header = map[string][]string{
		"Upgrade":               {"websocket"},
		"Connection":            {"keep-alive", "Upgrade"},
		"Sec-Websocket-Key":     {sampleKey},
		"Sec-Websocket-Version": {" 13 "},
		"Origin":                {"http://server.example.com"},
	}
	r := FromHTTP(h)
	if r.Method != "GET" || r.Target != "/chat?a=b" || r.Host != "server.example.com" || r.Proto != "HTTP/1.1" {
		t.Errorf("FromHTTP = %+v", r)
	}
	if a, err := Check(r, nil); err != nil || a.Key != sampleKey {
		t.Errorf("Check = %+v, %v", a, err)
	}
	h.RequestURI = ""
	if r := FromHTTP(h); r.Target != "/chat?a=b" {
		t.Errorf("without RequestURI the target is %q", r.Target)
	}
}

// TestFromHTTPBody finds the bodies whose fields net/http has taken out.
func TestFromHTTPBody(t *testing.T) {
	for _, c := range []struct {
		length   int64
		encoding []string
		want     string
	}{
		{0, nil, ""},
		{5, nil, "Content-Length"},
		{-1, []string{"chunked"}, "Transfer-Encoding"},
	} {
		h := httptest.NewRequest("GET", "/", strings.NewReader(""))
		h.ContentLength, h.TransferEncoding = c.length, c.encoding
		if got := FromHTTP(h).Header.body(); got != c.want {
			t.Errorf("length %d, encoding %q: the body is announced by %q, want %q", c.length, c.encoding, got, c.want)
		}
	}
}
