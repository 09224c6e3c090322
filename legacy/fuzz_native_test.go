//go:build !js

package legacy

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/handshake"
)

// Whatever request arrives, it is accepted with a response that a client can
// parse and that has no field of an attacker's, or rejected with a status.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("GET /demo HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: example.com\r\nOrigin: http://example.com\r\nWebSocket-Protocol: sample\r\n\r\n"), "12345678")
	f.Add([]byte("GET http://h/?q HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nUpgrade: WebSocket\r\n"+
		"Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nContent-Length: 8\r\n\r\n"), "^n:ds[4U")
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+
		"Sec-WebSocket-Origin: http://a\r\nSec-WebSocket-Extensions: deflate-stream\r\nSec-WebSocket-Version: 8\r\n\r\n"), "")
	t0, err := (*AcceptOptions)(nil).resolve()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, head []byte, behind string) {
		r, _, err := handshake.ParseRequest(head)
		if err != nil {
			return
		}
		v := t0.server(r)
		if v == nil || len(behind) < v.Behind {
			return
		}
		a, refusal := v.Check(r, &handshake.Policy{Drafts: t0.drafts, Subprotocols: []string{"sample"}})
		if refusal != nil {
			if refusal.Status < 400 || refusal.Problem == "" {
				t.Errorf("%q: %v", head, refusal)
			}
			return
		}
		answer, err := v.Respond(nil, r, a, []byte(behind[:v.Behind]), false, nil)
		if err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		res, n, err := handshake.ParseResponse(answer)
		if err != nil || res.Status != http.StatusSwitchingProtocols {
			t.Fatalf("%q: %q, %v", head, answer, err)
		}
		if len(answer)-n != map[bool]int{true: answerBytes, false: 0}[v.Behind > 0] {
			t.Errorf("%q: %d bytes behind the head", head, len(answer)-n)
		}
		if res.Header.Count("Upgrade") != 1 || res.Header.Count("Connection") != 1 || len(res.Header) > 5 {
			t.Errorf("%q: %q", head, res.Header)
		}
	})
}

// Whatever a server answers, a client accepts only what proves something, and
// its error names the draft.
func FuzzResponse(f *testing.F) {
	for _, h := range []hixie{hixie75, hixie76} {
		f.Add([]byte(h.status+upgradeFields+h.origin()+": http://a\r\n"+h.locationField()+": ws://a/\r\n\r\n"), h.draft == Hixie76)
	}
	f.Fuzz(func(t *testing.T, head []byte, in76 bool) {
		res, _, err := handshake.ParseResponse(head)
		if err != nil || res.Interim() {
			return
		}
		h := hixie75
		if in76 {
			h = hixie76
		}
		v := h.client("", false, rand.New(rand.NewPCG(1, 1)))
		r := &handshake.ClientRequest{Target: "/", Host: "a", Key: "dGhlIHNhbXBsZSBub25jZQ==", Origin: "http://a", Subprotocols: []string{"sample"}}
		if _, err := v.Request(nil, r, false); err != nil {
			t.Fatal(err)
		}
		subprotocol, err := v.Check(res, r, make([]byte, v.Behind))
		if e, ok := err.(*api.HandshakeError); err != nil && (!ok || res.Status == 101 && !strings.Contains(e.Problem, h.draft.String())) {
			t.Errorf("%q: %v", head, err)
		}
		if err == nil && (in76 || res.Status != 101 || subprotocol != "" && subprotocol != "sample") {
			t.Errorf("%q was accepted", head)
		}
	})
}
