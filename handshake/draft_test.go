package handshake

import (
	"slices"
	"strings"
	"testing"
)

// draftRequests are requests of each version, in few lines.
var draftRequests = map[Draft]string{
	RFC6455: "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
	Hixie75: "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: a\r\nOrigin: http://a\r\n\r\n",
	Hixie76: "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key1: 1 2 \r\nSec-WebSocket-Key2: 3 4\r\n\r\n",
	Hybi07:  "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 7\r\n\r\n",
	Hybi10:  "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n",
}

func draftRequest(t *testing.T, s string) *Request {
	t.Helper()
	r, _, err := ParseRequest([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDraftOf(t *testing.T) {
	for want, s := range draftRequests {
		if d, ok := DraftOf(draftRequest(t, s)); !ok || d != want {
			t.Errorf("%v: %v, %v", want, d, ok)
		}
	}
	for name, s := range map[string]string{
		"a key and no version": strings.Replace(draftRequests[RFC6455], "Sec-WebSocket-Version: 13\r\n", "", 1),
		"version 6":            strings.Replace(draftRequests[Hybi07], "Version: 7", "Version: 6", 1),
		"no Upgrade":           strings.Replace(draftRequests[Hixie75], "Upgrade: WebSocket", "Upgrade: h2c", 1),
		"no Connection":        strings.Replace(draftRequests[Hixie75], "Connection: Upgrade", "Connection: close", 1),
		"a POST":               strings.Replace(draftRequests[Hixie76], "GET", "POST", 1),
	} {
		if d, ok := DraftOf(draftRequest(t, s)); ok {
			t.Errorf("%s: %v", name, d)
		}
	}
}

// A server without Drafts answers 426, names the draft and what accepts it; one
// with them accepts versions 7 and 8, and lists them for others.
func TestCheckOfDrafts(t *testing.T) {
	both := &Policy{Drafts: []Draft{Hybi10, Hybi07}}
	for d, s := range draftRequests {
		a, err := Check(draftRequest(t, s), nil)
		if d == RFC6455 {
			if err != nil || a.Draft != RFC6455 {
				t.Errorf("%v: %v", d, err)
			}
			continue
		}
		if err == nil || err.Status != 426 || !strings.Contains(err.Problem, d.String()) || !strings.Contains(err.Problem, "github.com/twinws/ws/legacy") ||
			!slices.Equal(err.Header["Sec-Websocket-Version"], []string{"13"}) {
			t.Errorf("%v: %v", d, err)
		}
		a, err = Check(draftRequest(t, s), both)
		if hybi := d.Version() != ""; hybi != (err == nil) || hybi && a.Draft != d {
			t.Errorf("%v, let in: %v", d, err)
		} else if err != nil && !slices.Equal(err.Header["Sec-Websocket-Version"], []string{"13, 8, 7"}) {
			t.Errorf("%v: the versions are %q", d, err.Header)
		}
	}
}

// Perl's Protocol::WebSocket (0.26) announces the 8 bytes behind the head: such
// a request is of a draft, and not one with a body.
func TestAnnouncedTail(t *testing.T) {
	for fields, status := range map[string]int{
		"Content-Length: 8\r\n":                            426,
		"Content-Length: 9\r\n":                            400,
		"Content-Length: 8\r\nContent-Length: 8\r\n":       400,
		"Transfer-Encoding: chunked\r\n":                   400,
		"Content-Length: 8\r\nTransfer-Encoding: gzip\r\n": 400,
	} {
		for d, want := range map[Draft]int{Hixie76: status, Hixie75: 400, RFC6455: 400} {
			_, err := Check(draftRequest(t, strings.Replace(draftRequests[d], "Host", fields+"Host", 1)), nil)
			if err == nil || err.Status != want {
				t.Errorf("%v with %q: %v, want %d", d, fields, err, want)
			}
		}
	}
}

func TestAppendRequestOfDrafts(t *testing.T) {
	r := ClientRequest{Target: "/chat", Host: "server.example.com", Key: "dGhlIHNhbXBsZSBub25jZQ==", Origin: "http://example.com"}
	for d, lines := range map[Draft]string{
		RFC6455: "Sec-WebSocket-Version: 13\r\nOrigin: http://example.com\r\n",
		Hybi07:  "Sec-WebSocket-Version: 7\r\nSec-WebSocket-Origin: http://example.com\r\n",
		Hybi10:  "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Origin: http://example.com\r\n",
	} {
		r.Draft = d
		got, err := AppendRequest(nil, &r)
		if err != nil || !strings.Contains(string(got), lines) {
			t.Errorf("%v: %q, %v", d, got, err)
		}
	}
	for _, d := range []Draft{Hixie75, Hixie76} {
		r.Draft = d
		if _, err := AppendRequest(nil, &r); err == nil {
			t.Errorf("%v: it has a request of its own", d)
		}
	}
	r.Draft, r.Origin = RFC6455, "http://a\r\nX-Evil: yes"
	if _, err := AppendRequest(nil, &r); err == nil {
		t.Error("an origin of two lines was accepted")
	}
}

// A draft's page is known by the draft's field, and by today's if it is there.
func TestOriginOfDrafts(t *testing.T) {
	for _, tt := range []struct {
		d      Draft
		fields Fields
		ok     bool
	}{
		{Hybi07, Fields{{"Sec-WebSocket-Origin", "http://a"}}, true},
		{Hybi10, Fields{{"Sec-WebSocket-Origin", "http://b"}}, false},
		{Hybi10, Fields{{"Sec-WebSocket-Origin", "http://a"}, {"Origin", "http://b"}}, false},
		{Hybi10, Fields{{"Sec-WebSocket-Origin", "http://a"}, {"Sec-WebSocket-Origin", "http://a"}}, false},
		{Hybi10, Fields{{"Sec-WebSocket-Origin", "null"}}, false},
		{Hybi10, nil, true},
		{Hixie75, Fields{{"Origin", "http://b"}}, false},
		{Hixie76, Fields{{"Origin", "http://a"}}, true},
		{RFC6455, Fields{{"Sec-WebSocket-Origin", "http://b"}, {"Origin", "http://a"}}, true},
	} {
		p := new(Policy)
		err := p.checkOrigin(&Request{Host: "a", Header: tt.fields}, tt.d)
		if (err == nil) != tt.ok {
			t.Errorf("%v %v: %v", tt.d, tt.fields, err)
		}
	}
}
