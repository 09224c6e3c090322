package handshake

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

func TestParseResponseSample(t *testing.T) {
	want := &Response{Proto: "HTTP/1.1", Status: 101, Reason: "Switching Protocols", Header: Fields{
		{"Upgrade", "websocket"},
		{"Connection", "Upgrade"},
		{"Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
		{"Sec-WebSocket-Protocol", "chat"},
	}}
	r, n, err := ParseResponse([]byte(sampleResponse + "\x81\x05Hello"))
	if err != nil || n != len(sampleResponse) || !reflect.DeepEqual(r, want) {
		t.Fatalf("ParseResponse = %+v, %d, %v", r, n, err)
	}
	name, extensions, err := CheckResponse(r, sampleOffer())
	if name != "chat" || extensions != nil || err != nil {
		t.Fatalf("CheckResponse = %q, %v, %v", name, extensions, err)
	}
}

func TestParseResponseTruncated(t *testing.T) {
	for i := range sampleResponse {
		if r, n, err := ParseResponse([]byte(sampleResponse[:i])); r != nil || n != 0 || err != ErrShort {
			t.Fatalf("the first %d bytes gave %+v, %d, %v, want ErrShort", i, r, n, err)
		}
	}
}

func TestParseResponseLine(t *testing.T) {
	for _, c := range []struct {
		name, line string
		status     int // 0: refused
		reason     string
	}{
		{"RFC 6455 section 4.2.2", "HTTP/1.1 101 Switching Protocols", 101, "Switching Protocols"},
		{"RFC 9112 section 4: any reason", "HTTP/1.1 404 Nicht \xE4 da", 404, "Nicht \xE4 da"},
		{"RFC 9112 section 4: an empty reason", "HTTP/1.1 101 ", 101, ""},
		{"RFC 9112 section 4: no space before no reason", "HTTP/1.1 101", 101, ""},
		{"RFC 9112 section 2.3: an old server refuses", "HTTP/1.0 400 Bad Request", 400, "Bad Request"},
		{"RFC 9110 section 15: an unknown status", "HTTP/1.1 999 Request Denied", 999, "Request Denied"},
		{"RFC 9110 section 15: two digits", "HTTP/1.1 99 Low", 0, ""},
		{"RFC 9110 section 15: four digits", "HTTP/1.1 1010 High", 0, ""},
		{"RFC 9110 section 15: a sign", "HTTP/1.1 +10 Plus", 0, ""},
		{"RFC 9110 section 15: below 100", "HTTP/1.1 099 Low", 0, ""},
		{"RFC 9112 section 4: two spaces", "HTTP/1.1  101 Switching Protocols", 0, ""},
		{"RFC 9112 section 4: a tab", "HTTP/1.1\t101 Switching Protocols", 0, ""},
		{"RFC 9110 section 5.5: NUL in the reason", "HTTP/1.1 101 \x00", 0, ""},
		{"RFC 9112 section 2.3: no digit", "HTTP/1.x 101 Switching Protocols", 0, ""},
		{"RFC 9112 section 2.3: HTTP/2", "HTTP/2.0 101 Switching Protocols", 0, ""},
		{"RFC 9112 section 2.2: a bare CR", "HTTP/1.1 101 a\rb", 0, ""},
		{"another protocol", "SSH-2.0-OpenSSH_9.2", 0, ""},
		{"an empty line first", "\r\nHTTP/1.1 101 Switching Protocols", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _, err := ParseResponse([]byte(c.line + "\r\nA: b\r\n\r\n"))
			if c.status == 0 {
				e, ok := errors.AsType[*api.HandshakeError](err)
				if !ok || e.Status != 0 || !strings.HasPrefix(e.Problem, "the server's response is invalid: ") || r != nil {
					t.Fatalf("got %+v, %v, want a HandshakeError without a status", r, err)
				}
				return
			}
			if err != nil || r.Status != c.status || r.Reason != c.reason {
				t.Fatalf("got %+v, %v, want %d %q", r, err, c.status, c.reason)
			}
		})
	}
}

// TestParseResponseOfAnotherProtocol tells at once what a time-out would hide.
func TestParseResponseOfAnotherProtocol(t *testing.T) {
	for _, src := range []string{"SSH-2.0", "\x15\x03\x01\x00\x02", "HTTP/2", "http/1.1", "\r"} {
		if _, _, err := ParseResponse([]byte(src)); err == nil || err == ErrShort {
			t.Errorf("%q gave %v, though it cannot become an HTTP/1 response", src, err)
		}
	}
}

// TestInterim reads a response behind an interim one (RFC 9110 section 15.2).
func TestInterim(t *testing.T) {
	src := []byte("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + sampleResponse)
	first, n, err := ParseResponse(src)
	if err != nil || !first.Interim() {
		t.Fatalf("first %+v, %v", first, err)
	}
	last, m, err := ParseResponse(src[n:])
	if err != nil || last.Interim() || last.Status != 101 || n+m != len(src) {
		t.Fatalf("last %+v, %d bytes, %v", last, n+m, err)
	}
	if (&Response{Status: 200}).Interim() {
		t.Error("200 was taken for an interim response")
	}
}
