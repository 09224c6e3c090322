package handshake

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// extended is a request for a WebSocket over HTTP/2, or HTTP/3, as Check sees
// it.
func extended(fields ...Field) *Request {
	return &Request{Method: "CONNECT", Target: "/chat", Host: "example.com", Proto: "HTTP/2.0", Protocol: "websocket",
		Header: append(Fields{{"Sec-Websocket-Version", "13"}}, fields...)}
}

// RFC 8441 section 5: the negotiation is that of RFC 6455, without a key.
func TestCheckExtended(t *testing.T) {
	p := &Policy{Subprotocols: []string{"chat"}, TLS: true}
	for _, proto := range []string{"HTTP/2.0", "HTTP/3.0"} {
		r := extended(Field{"Sec-Websocket-Protocol", "soap, chat"}, Field{"Origin", "https://example.com"}, Field{"Sec-Websocket-Key", "ignored"})
		r.Proto = proto
		a, err := Check(r, p)
		if err != nil {
			t.Fatal(err)
		}
		if want := (&Agreement{Subprotocol: "chat", Extended: true}); !reflect.DeepEqual(a, want) {
			t.Errorf("%+v, want %+v", a, want)
		}
	}
}

func TestCheckRefusesExtended(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(r *Request)
		status int
		says   string
	}{
		"RFC 8441 section 4: GET":                   {func(r *Request) { r.Method = "GET" }, 400, "only CONNECT"},
		"RFC 8441 section 4: over HTTP/1.1":         {func(r *Request) { r.Proto = "HTTP/1.1" }, 400, "no extended CONNECT"},
		"RFC 9220 section 3: another protocol":      {func(r *Request) { r.Protocol = "connect-udp" }, 501, "connect-udp"},
		"RFC 9220 section 3: in capitals":           {func(r *Request) { r.Protocol = "WebSocket" }, 501, "WebSocket"},
		"RFC 9110 section 9.3.6: a plain CONNECT":   {func(r *Request) { r.Protocol = "" }, 400, "RFC 8441 section 4"},
		"RFC 6455 section 4.2.1 item 6: no version": {func(r *Request) { r.Header = nil }, 400, "section 4.2.1 item 6"},
		"RFC 6455 section 4.2.1 item 6: a draft":    {func(r *Request) { r.Header[0].Value = "8" }, 400, "section 4.2.1 item 6"},
		"RFC 6455 section 11.3.5: two versions":     {func(r *Request) { r.Header = append(r.Header, r.Header[0]) }, 400, "section 11.3.5"},
		"RFC 6455 section 4.2.1 item 2: no host":    {func(r *Request) { r.Host = "" }, 400, "item 2"},
		"a target that is no path":                  {func(r *Request) { r.Target = "chat" }, 400, "target"},
		"a body":                                    {func(r *Request) { r.Header = append(r.Header, Field{"Content-Length", "1"}) }, 400, "no body"},
		"another origin":                            {func(r *Request) { r.Header = append(r.Header, Field{"Origin", "https://other.example"}) }, 403, "may not connect"},
		"201 fields":                                {func(r *Request) { r.Header = append(r.Header, make(Fields, 200)...) }, 431, "fields"},
	} {
		r := extended()
		tt.change(r)
		a, err := Check(r, &Policy{Drafts: []Draft{Hybi07, Hybi10}})
		if err == nil || err.Status != tt.status || !strings.Contains(err.Problem, tt.says) {
			t.Errorf("%s: %+v, %v; want %d, %q", name, a, err, tt.status, tt.says)
		}
	}
	if d, ok := DraftOf(extended()); d != RFC6455 || !ok {
		t.Errorf("DraftOf = %v, %v", d, ok)
	}
}

// The protocol is where net/http has it, and where quic-go has it.
func TestConnectProtocol(t *testing.T) {
	for name, tt := range map[string]struct {
		r               http.Request
		protocol, proto string
	}{
		"net/http":          {http.Request{Method: "CONNECT", Proto: "HTTP/2.0", ProtoMajor: 2, Header: http.Header{":protocol": {"websocket"}}}, "websocket", "HTTP/2.0"},
		"quic-go":           {http.Request{Method: "CONNECT", Proto: "websocket", ProtoMajor: 3}, "websocket", "HTTP/3.0"},
		"none":              {http.Request{Method: "CONNECT", Proto: "HTTP/2.0", ProtoMajor: 2}, "", "HTTP/2.0"},
		"none of quic-go":   {http.Request{Method: "CONNECT", Proto: "HTTP/3.0", ProtoMajor: 3}, "", "HTTP/3.0"},
		"HTTP/1.1 has none": {http.Request{Method: "CONNECT", Proto: "HTTP/1.1", ProtoMajor: 1, Header: http.Header{":protocol": {"websocket"}}}, "", "HTTP/1.1"},
	} {
		r := FromHTTP(&tt.r)
		if got := ConnectProtocol(&tt.r); got != tt.protocol || r.Protocol != tt.protocol || r.Proto != tt.proto {
			t.Errorf("%s: %q, %q, %q", name, got, r.Protocol, r.Proto)
		}
		if r.Protocol != "" && len(r.Header) > 0 {
			t.Errorf("%s: the fields are %v", name, r.Header)
		}
	}
	get := http.Request{Method: "GET", Proto: "HTTP/2.0", ProtoMajor: 2, Header: http.Header{":protocol": {"websocket"}}}
	if ConnectProtocol(&get) != "" || FromHTTP(&get).Protocol != "websocket" {
		t.Error("a GET is a CONNECT")
	}
}

// RFC 6455 section 4.2.2 item 5, RFC 8441 section 5.
func TestResponse(t *testing.T) {
	a := &Agreement{Key: sampleKey, Subprotocol: "chat"}
	status, header, err := a.Response("permessage-deflate", map[string][]string{"Set-Cookie": {"a", "b"}})
	want := map[string][]string{"Set-Cookie": {"a", "b"}, "Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-WebSocket-Accept": {AcceptKey(sampleKey)}, "Sec-WebSocket-Protocol": {"chat"}, "Sec-WebSocket-Extensions": {"permessage-deflate"}}
	if status != 101 || !reflect.DeepEqual(header, want) || err != nil {
		t.Errorf("%d, %v, %v", status, header, err)
	}
	a = &Agreement{Extended: true}
	if status, header, err := a.Response("", nil); status != 200 || len(header) != 0 || err != nil {
		t.Errorf("%d, %v, %v", status, header, err)
	}
	for _, bad := range []func() error{
		func() error { _, _, err := (&Agreement{Subprotocol: "a b"}).Response("", nil); return err },
		func() error { _, _, err := a.Response("\n", nil); return err },
		func() error {
			_, _, err := a.Response("", map[string][]string{"Sec-WebSocket-Accept": {"a"}})
			return err
		},
		func() error { _, err := AppendResponse(nil, a, "", nil); return err },
	} {
		if _, ok := errors.AsType[*api.ArgumentError](bad()); !ok {
			t.Errorf("error = %v", bad())
		}
	}
}
