package handshake

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// RFC 8441 section 5: "Sec-WebSocket-Key" and the fields of the connection are
// left out, the others are sent.
func TestConnectHeader(t *testing.T) {
	h, err := ConnectHeader(&ClientRequest{
		Target: "/", Host: "example.com", Key: sampleKey, Subprotocols: []string{"a", "b"}, Extensions: "x",
		Header: map[string][]string{"x-two": {"1", " 2\t"}, "X-Two": {"3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		":protocol": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Protocol": "a, b", "Sec-Websocket-Extensions": "x",
	} {
		if got := strings.Join(h[name], "|"); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if len(h["X-Two"]) != 3 || len(h) != 5 {
		t.Errorf("header %v", h)
	}
}

// What AppendRequest rejects, ConnectHeader does: no field may add another.
func TestConnectHeaderRejects(t *testing.T) {
	for name, r := range map[string]ClientRequest{
		"Target":              {Target: "x", Host: "a", Key: sampleKey},
		"Host":                {Target: "/", Host: "a b", Key: sampleKey},
		"Subprotocols":        {Target: "/", Host: "a", Key: sampleKey, Subprotocols: []string{"a b"}},
		"Extensions":          {Target: "/", Host: "a", Key: sampleKey, Extensions: "a;"},
		`Header["A"]`:         {Target: "/", Host: "a", Key: sampleKey, Header: map[string][]string{"A": {"b\r\nc"}}},
		`Header[":protocol"]`: {Target: "/", Host: "a", Key: sampleKey, Header: map[string][]string{":protocol": {"x"}}},
		`Header["upgrade"]`:   {Target: "/", Host: "a", Key: sampleKey, Header: map[string][]string{"upgrade": {"x"}}},
	} {
		_, err := ConnectHeader(&r)
		if e, ok := errors.AsType[*api.ArgumentError](err); !ok || e.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// RFC 8441 section 5: a 2xx is the sign of success; RFC 6455 section 4.1 items
// 5 and 6 hold for what was negotiated.
func TestCheckConnectResponse(t *testing.T) {
	req := &ClientRequest{Target: "/", Host: "a", Key: sampleKey, Subprotocols: []string{"chat"}, Extensions: "x"}
	for name, tt := range map[string]struct {
		status int
		header http.Header
		says   string
	}{
		"200":                     {200, nil, ""},
		"a 204":                   {204, nil, ""},
		"a subprotocol":           {200, http.Header{"Sec-Websocket-Protocol": {"chat"}}, ""},
		"in lower case":           {200, http.Header{"sec-websocket-protocol": {" chat "}}, ""},
		"an extension":            {200, http.Header{"Sec-Websocket-Extensions": {"x"}}, ""},
		"101":                     {101, nil, "101 Switching Protocols instead of 200 OK"},
		"401":                     {401, nil, "credentials"},
		"403":                     {403, nil, "Origin"},
		"404":                     {404, nil, "check the path"},
		"405":                     {405, nil, "dial by HTTP/1.1"},
		"501":                     {501, nil, "dial by HTTP/1.1"},
		"a redirect":              {308, http.Header{"Location": {"/b"}}, `dial "/b"`},
		"999":                     {999, nil, "answered 999 instead"},
		"another subprotocol":     {200, http.Header{"Sec-Websocket-Protocol": {"z"}}, "not offered"},
		"two subprotocols":        {200, http.Header{"Sec-Websocket-Protocol": {"chat", "chat"}}, "more than once"},
		"another extension":       {200, http.Header{"Sec-Websocket-Extensions": {"y"}}, "not offered"},
		"an extension unparsable": {200, http.Header{"Sec-Websocket-Extensions": {"x;"}}, "RFC 6455 section 9.1"},
	} {
		_, _, err := CheckConnectResponse(&http.Response{Proto: "HTTP/2.0", StatusCode: tt.status, Header: tt.header}, req)
		if tt.says == "" && err == nil {
			continue
		}
		if e, ok := errors.AsType[*api.HandshakeError](err); !ok || e.Status != tt.status || tt.says == "" || !strings.Contains(e.Problem, tt.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
