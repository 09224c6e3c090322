package handshake

import (
	"errors"
	"testing"

	"github.com/twinws/ws/api"
)

func TestAppendResponse(t *testing.T) {
	a := &Agreement{Key: sampleKey, Subprotocol: "chat"}
	extra := map[string][]string{"X-B": {"2"}, "Set-Cookie": {"a=1", "b=2"}}
	const want = "HTTP/1.1 101 Switching Protocols\r\n" +
		"Upgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
		"Sec-WebSocket-Protocol: chat\r\n" +
		"Sec-WebSocket-Extensions: x-trace\r\n" +
		"Set-Cookie: a=1\r\n" +
		"Set-Cookie: b=2\r\n" +
		"X-B: 2\r\n" +
		"\r\n"
	got, err := AppendResponse([]byte("before "), a, "x-trace", extra)
	if err != nil || string(got) != "before "+want {
		t.Fatalf("got %v\n%s\nwant\n%s", err, got, want)
	}
	req := sampleOffer()
	req.Extensions = "x-trace"
	r, _, err := ParseResponse([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	if name, extensions, err := CheckResponse(r, req); name != "chat" || len(extensions) != 1 || err != nil {
		t.Errorf("our own client reads %q, %v, %v", name, extensions, err)
	}
}

func TestAppendResponseRefuses(t *testing.T) {
	for _, c := range []struct {
		name, subprotocol, extensions string
		extra                         map[string][]string
		arg                           string
	}{
		{"RFC 6455 section 4.2.2 item 5.5: not a token", "a\r\nb", "", nil, "Subprotocol"},
		{"RFC 6455 section 9.1: grammar", "", "a\r\nb", nil, "Extensions"},
		{"RFC 6455 section 4.2.2 item 5.4: Accept is ours", "", "", map[string][]string{"Sec-Websocket-Accept": {"x"}}, `Header["Sec-Websocket-Accept"]`},
		{"RFC 9110 section 8.6: no body", "", "", map[string][]string{"Content-Length": {"0"}}, `Header["Content-Length"]`},
		{"RFC 9110 section 5.5: response splitting", "", "", map[string][]string{"Set-Cookie": {"a\r\nB: c"}}, `Header["Set-Cookie"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &Agreement{Key: sampleKey, Subprotocol: c.subprotocol}
			got, err := AppendResponse([]byte("dst"), a, c.extensions, c.extra)
			if e, ok := errors.AsType[*api.ArgumentError](err); !ok || e.Name != c.arg || string(got) != "dst" {
				t.Fatalf("got %q, %v, want dst as it was and an ArgumentError of %s", got, err, c.arg)
			}
		})
	}
}
