package handshake

import (
	"errors"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

func sampleOffer() *ClientRequest {
	return &ClientRequest{
		Target:       "/chat",
		Host:         "server.example.com",
		Key:          sampleKey,
		Subprotocols: []string{"chat", "superchat"},
	}
}

func TestAppendRequest(t *testing.T) {
	r := sampleOffer()
	r.Target = "/chat?room=1"
	r.Extensions = "permessage-deflate; client_max_window_bits"
	r.Header = map[string][]string{
		"X-B":    {"2"},
		"Origin": {"http://example.com"},
		"Cookie": {"a=1", " b=2\t"},
		"X-A":    nil,
		"X-C":    {""},
	}
	// The order of fields is not significant (RFC 6455 section 4.1), but ours
	// never changes, so that a request can be compared with a golden one.
	const want = "GET /chat?room=1 HTTP/1.1\r\n" +
		"Host: server.example.com\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Protocol: chat, superchat\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n" +
		"Cookie: a=1\r\n" +
		"Cookie: b=2\r\n" +
		"Origin: http://example.com\r\n" +
		"X-B: 2\r\n" +
		"X-C: \r\n" +
		"\r\n"
	for range 10 {
		got, err := AppendRequest([]byte("before "), r)
		if err != nil || string(got) != "before "+want {
			t.Fatalf("got %v\n%s\nwant\n%s", err, got, want)
		}
	}
	if _, n, err := ParseRequest([]byte(want)); n != len(want) || err != nil {
		t.Errorf("our own parser took %d of %d bytes: %v", n, len(want), err)
	}
}

func TestAppendRequestSmallest(t *testing.T) {
	got, err := AppendRequest(nil, &ClientRequest{Target: "/", Host: "[::1]:8080", Key: sampleKey})
	const want = "GET / HTTP/1.1\r\nHost: [::1]:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	if err != nil || string(got) != want {
		t.Fatalf("got %v\n%s", err, got)
	}
}

func TestAppendRequestRefuses(t *testing.T) {
	header := func(name, value string) func(*ClientRequest) {
		return func(r *ClientRequest) { r.Header = map[string][]string{name: {"fine", value}} }
	}
	for _, c := range []struct {
		name string
		edit func(*ClientRequest)
		arg  string // what the error must name
	}{
		{"RFC 6455 section 3: no target", func(r *ClientRequest) { r.Target = "" }, "Target"},
		{"RFC 6455 section 4.1 item 2: no slash", func(r *ClientRequest) { r.Target = "chat" }, "Target"},
		{"RFC 6455 section 3: a fragment", func(r *ClientRequest) { r.Target = "/#a" }, "Target"},
		{"RFC 9112 section 3.2: a space", func(r *ClientRequest) { r.Target = "/a b" }, "Target"},
		{"RFC 3986 section 2: other than ASCII", func(r *ClientRequest) { r.Target = "/\u00e4" }, "Target"},
		{"RFC 6455 section 4.1 item 4: no host", func(r *ClientRequest) { r.Host = "" }, "Host"},
		{"RFC 6455 section 4.1 item 4: userinfo", func(r *ClientRequest) { r.Host = "me:secret@host" }, "Host"},
		{"RFC 6455 section 4.1 item 4: a path", func(r *ClientRequest) { r.Host = "host/" }, "Host"},
		{"RFC 6455 section 4.1 item 7: no key", func(r *ClientRequest) { r.Key = "" }, "Key"},
		{"RFC 6455 section 4.1 item 7: a short key", func(r *ClientRequest) { r.Key = "AAAA" }, "Key"},
		{"RFC 6455 section 4.1 item 10: empty", func(r *ClientRequest) { r.Subprotocols = []string{""} }, "Subprotocols"},
		{"RFC 6455 section 4.1 item 10: a separator", func(r *ClientRequest) { r.Subprotocols = []string{"a,b"} }, "Subprotocols"},
		{"RFC 6455 section 4.1 item 10: twice", func(r *ClientRequest) { r.Subprotocols = []string{"a", "b", "a"} }, "Subprotocols"},
		{"RFC 6455 section 9.1: grammar", func(r *ClientRequest) { r.Extensions = "a;" }, "Extensions"},
		{"RFC 9110 section 5.1: empty name", header("", "v"), `Header[""]`},
		{"RFC 9110 section 5.1: a space in the name", header("X Y", "v"), `Header["X Y"]`},
		{"RFC 9110 section 5.1: a colon in the name", header("X:Y", "v"), `Header["X:Y"]`},
		{"RFC 9110 section 5.5: DEL", header("X", "\x7F"), `Header["X"]`},
		{"RFC 6455 section 4.1 item 4", header("host", "evil"), `Header["host"]`},
		{"RFC 6455 section 4.1 item 5", header("UPGRADE", "h2c"), `Header["UPGRADE"]`},
		{"RFC 6455 section 4.1 item 6", header("Connection", "close"), `Header["Connection"]`},
		{"RFC 6455 section 4.1 item 7: by Header", header("Sec-WebSocket-Key", sampleKey), `Header["Sec-WebSocket-Key"]`},
		{"RFC 6455 section 11.3: reserved prefix", header("sec-websocket-new", "v"), `Header["sec-websocket-new"]`},
		{"RFC 9112 section 6: Content-Length", header("Content-Length", "5"), `Header["Content-Length"]`},
		{"RFC 9112 section 6: Transfer-Encoding", header("transfer-Encoding", "chunked"), `Header["transfer-Encoding"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sampleOffer()
			c.edit(r)
			got, err := AppendRequest([]byte("dst"), r)
			e, ok := errors.AsType[*api.ArgumentError](err)
			if !ok || e.Name != c.arg || e.Problem == "" || string(got) != "dst" {
				t.Fatalf("got %q, %v, want dst as it was and an ArgumentError of %s", got, err, c.arg)
			}
			if strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Errorf("the error itself has control characters: %q", err)
			}
		})
	}
}
