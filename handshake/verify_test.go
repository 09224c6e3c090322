package handshake

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// responseCase is an edit of the good response, and what must be said of it.
type responseCase struct {
	name     string
	old, new string // replaced in sampleResponse
	problem  string // a part of the problem; "": accepted
}

var acceptedResponses = []responseCase{
	{"RFC 6455 section 4.1 item 2: Upgrade in any case", "Upgrade: websocket", "upgrade: WebSocket", ""},
	{"RFC 6455 section 4.1 item 3: Connection in any case", "Connection: Upgrade", "connection: upgrade", ""},
	{"RFC 6455 section 4.1 item 3: among other tokens", "Connection: Upgrade", "Connection: keep-alive, upgrade", ""},
	{"RFC 6455 section 4.1 item 4: white space around", "Accept: s3p", "Accept: \t s3p", ""},
	{"RFC 6455 section 4.2.2: a reason of the server's own", "Switching Protocols", "Web Socket Protocol Handshake", ""},
	{"RFC 6455 section 4.1 item 6: any of those offered", ": chat", ": superchat", ""},
	{"RFC 9112 section 6.3 item 1: a Content-Length of 0", "\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n", ""},
	{"RFC 9112 section 6.3 item 1: a Content-Length", "\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n", ""},
	{"RFC 9112 section 6.3 item 1: chunks", "\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
	{"RFC 9112 section 2.3: a status line of HTTP/1.0", "HTTP/1.1", "HTTP/1.0", ""},
	{"RFC 9112 section 2.2: bare LF", "\r\n", "\n", ""},
	{"RFC 9112 section 5.2: a folded field", "Connection: Upgrade", "Connection: keep-alive,\r\n\t Upgrade", ""},
}

var refusedResponses = []responseCase{
	{"item 1: 200", "101 Switching Protocols", "200 OK", "answered 200 OK instead of 101"},
	{"item 1: a redirect", "101 Switching Protocols", "302 Found\r\nLocation: https://other.example/", `dial "https://other.example/" if you trust it`},
	{"item 1: 401", "101 Switching Protocols", "401 Unauthorized", "credentials"},
	{"item 1: 403", "101 Switching Protocols", "403 Forbidden", "Origin"},
	{"item 1: 404", "101 Switching Protocols", "404 Not Found", "check the path"},
	{"item 1: 426", "101 Switching Protocols", "426 Upgrade Required\r\nSec-WebSocket-Version: 8", `version "8"`},
	{"item 1: 503", "101 Switching Protocols", "503 Busy", "answered 503 Service Unavailable instead of 101"},
	{"item 1: 999", "101 Switching Protocols", "999 Denied", "answered 999 instead of 101"},
	{"item 2: no Upgrade", "Upgrade: websocket\r\n", "", "no Upgrade field"},
	{"item 2: another protocol", ": websocket", ": h2c", `switched to "h2c"`},
	{"item 2: two protocols", ": websocket", ": websocket, h2c", "not to websocket alone"},
	{"item 2: Upgrade twice", "Upgrade: websocket", "Upgrade: websocket\r\nUpgrade: websocket", "not to websocket alone"},
	{"item 2: only ASCII letters have case", ": websocket", ": websoc\u212Aet", "not to websocket alone"},
	{"item 3: no Connection", "Connection: Upgrade\r\n", "", "no Connection field"},
	{"item 3: another token", "Connection: Upgrade", "Connection: close", "no Connection field with the token Upgrade"},
	{"item 4: no Accept", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "", "no Sec-WebSocket-Accept"},
	{"item 4: a wrong Accept", "s3pP", "S3pP", "does not match the key"},
	{"item 4: an Accept that is too long", "xOo=", "xOo=x", "does not match the key"},
	{"item 4: Accept twice", "Sec-WebSocket-Accept:", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Accept:", "more than once"},
	{"item 5: an extension that was not offered", "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", `"permessage-deflate", which was not offered`},
	{"item 5: an extension that cannot be read", "\r\n\r\n", "\r\nSec-WebSocket-Extensions: a=b\r\n\r\n", "RFC 6455 section 9.1"},
	{"item 6: a subprotocol that was not offered", ": chat", ": other", `"other", which was not offered`},
	{"item 6: a subprotocol in another case", ": chat", ": Chat", `"Chat", which was not offered`},
	{"item 6: an empty subprotocol", ": chat", ":", "not offered"},
	{"item 6: two subprotocols in one", ": chat", ": chat, superchat", "not offered"},
	{"item 6: a subprotocol twice", "Protocol: chat", "Protocol: chat\r\nSec-WebSocket-Protocol: chat", "more than once"},
}

func (c responseCase) check(t *testing.T) error {
	t.Helper()
	if strings.Count(sampleResponse, c.old) == 0 {
		t.Fatalf("%q is no part of the sample", c.old)
	}
	r, _, err := ParseResponse([]byte(strings.Replace(sampleResponse, c.old, c.new, 1)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = CheckResponse(r, sampleOffer())
	return err
}

func TestCheckResponseAccepts(t *testing.T) {
	for _, c := range acceptedResponses {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(t); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCheckResponseNoSubprotocol is section 4.2.2 item 5.5: a server that knows
// none of them leaves the field out.
func TestCheckResponseNoSubprotocol(t *testing.T) {
	c := responseCase{old: "Sec-WebSocket-Protocol: chat\r\n"}
	if err := c.check(t); err != nil {
		t.Error(err)
	}
}

func TestCheckResponseExtensions(t *testing.T) {
	const offered = "permessage-deflate; client_max_window_bits, permessage-deflate, x-trace"
	for _, c := range []struct {
		name, answer string
		want         []Extension
		problem      string
	}{
		{"RFC 6455 section 9.1: none", "", nil, ""},
		{"RFC 6455 section 9.1: one", "x-trace", []Extension{{Name: "x-trace"}}, ""},
		{"RFC 7692 section 7.1: with parameters", "permessage-deflate; server_max_window_bits=10",
			[]Extension{{"permessage-deflate", []Param{{"server_max_window_bits", "10"}}}}, ""},
		{"RFC 6455 section 9.1: the server's order", "x-trace, permessage-deflate",
			[]Extension{{Name: "x-trace"}, {Name: "permessage-deflate"}}, ""},
		{"RFC 6455 section 4.1 item 5: not offered", "permessage-bzip2", nil, "not offered"},
		{"RFC 6455 section 4.1 item 5: more than was offered", "x-trace, x-other", nil, `"x-other", which was not offered`},
		{"RFC 6455 section 9.1: twice", "x-trace, x-trace", nil, "more than once"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := sampleOffer()
			req.Extensions = offered
			r, _, err := ParseResponse([]byte(strings.TrimSuffix(sampleResponse, "\r\n") + "Sec-WebSocket-Extensions: " + c.answer + "\r\n\r\n"))
			if err != nil {
				t.Fatal(err)
			}
			_, got, err := CheckResponse(r, req)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Fatalf("got %v, %v, want %q", got, err, c.problem)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Fatalf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

// TestCheckResponseError: the error carries what a program needs to try again.
func TestCheckResponseError(t *testing.T) {
	c := responseCase{old: "101 Switching Protocols", new: "503 Busy\r\nRetry-After: 5"}
	e, ok := errors.AsType[*api.HandshakeError](c.check(t))
	if !ok || e.Status != 503 || !reflect.DeepEqual(e.Header["Retry-After"], []string{"5"}) {
		t.Errorf("got %+v, want status 503 and its header", e)
	}
}
