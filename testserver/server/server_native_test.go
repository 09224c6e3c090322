//go:build !js

package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"nhooyr.io/websocket"
)

// testServer is a server, and what its tests do with it through the independent
// peer: that an endpoint does as it says must not hang on our own client.
type testServer struct {
	*testing.T
	url string // ws://
	ctx context.Context
}

func newTestServer(t *testing.T) *testServer {
	s := New(Options{})
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	t.Cleanup(s.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return &testServer{t, "ws" + strings.TrimPrefix(h.URL, "http"), ctx}
}

func (s *testServer) dial(path string, subprotocols ...string) *websocket.Conn {
	s.Helper()
	c, _, err := websocket.Dial(s.ctx, s.url+path, &websocket.DialOptions{Subprotocols: subprotocols,
		HTTPHeader: http.Header{"X-Test": {"one", "two"}}})
	if err != nil {
		s.Fatalf("%s: %v", path, err)
	}
	s.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(-1)
	return c
}

// raw shakes hands over TCP, and returns what follows.
func (s *testServer) raw(path string) net.Conn {
	s.Helper()
	addr := strings.TrimPrefix(s.url, "ws://")
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(nc, "GET "+path+" HTTP/1.1\r\nHost: "+addr+"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	var head []byte
	for b := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, b...) {
		if _, err := nc.Read(b); err != nil {
			s.Fatalf("after %q: %v", head, err)
		}
	}
	// The accept key is that of the example in RFC 6455 section 1.3.
	if !bytes.Contains(head, []byte("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")) {
		s.Fatalf("got %q", head)
	}
	return nc
}

func (s *testServer) wantText(c *websocket.Conn, want string) {
	s.Helper()
	if _, p, err := c.Read(s.ctx); string(p) != want || err != nil {
		s.Fatalf("got %q, %v, want %q", p, err, want)
	}
}

func (s *testServer) wantClosed(c *websocket.Conn, code websocket.StatusCode, reason string) {
	s.Helper()
	_, _, err := c.Read(s.ctx)
	if e, ok := errors.AsType[websocket.CloseError](err); !ok || e.Code != code || e.Reason != reason {
		s.Errorf("Read returned %v, want %d %q", err, code, reason)
	}
}

func TestEchoesAndWhatWasSeen(t *testing.T) {
	s := newTestServer(t)
	for _, path := range []string{"/echo", "/echo/nhooyr", "/echo/bytes"} {
		c := s.dial(path+"?choose=b&id="+path, "a", "b")
		if c.Subprotocol() != "b" {
			t.Errorf("%s: agreed on %q", path, c.Subprotocol())
		}
		for _, n := range []int{0, 1, 126, 65536, 3 << 20} {
			p := strings.Repeat("x", n)
			if err := c.Write(s.ctx, websocket.MessageText, []byte(p)); err != nil {
				t.Fatal(err)
			}
			s.wantText(c, p)
		}
		if err := c.Close(4000, "a reason"); err != nil {
			t.Errorf("%s: Close: %v", path, err)
		}
		s.wantText(s.dial("/seen?id="+path), "4000 a reason")

		c = s.dial(path + "?id=lost" + path)
		c.CloseNow()
		s.wantText(s.dial("/seen?id=lost"+path), "1006 ")
	}
}

func TestCloseAndFlood(t *testing.T) {
	s := newTestServer(t)
	s.wantClosed(s.dial("/close?code=4001&reason=a+reason"), 4001, "a reason")
	s.wantClosed(s.dial("/close"), websocket.StatusNoStatusRcvd, "")
	c := s.dial("/close?send=2&after=1&code=4002")
	s.wantText(c, "0")
	s.wantText(c, "1")
	if err := c.Write(s.ctx, websocket.MessageText, nil); err != nil {
		t.Fatal(err)
	}
	s.wantClosed(c, 4002, "")

	c = s.dial("/flood?n=300&size=1000&code=4003")
	for i := range 300 {
		_, p, err := c.Read(s.ctx)
		if err != nil || len(p) != 1000 || binary.BigEndian.Uint32(p) != uint32(i) || p[999] != byte(i) {
			t.Fatalf("message %d: %d bytes, %v", i, len(p), err)
		}
	}
	s.wantClosed(c, 4003, "")
}

func TestSmallEndpoints(t *testing.T) {
	s := newTestServer(t)
	s.wantText(s.dial("/header?name=X-Test"), "one, two")
	s.wantText(s.dial("/ping?n=3"), "2")
	if c := s.dial("/subprotocol?choose=b", "a", "b"); c.Subprotocol() != "b" {
		t.Errorf("agreed on %q", c.Subprotocol())
	}
	_, _, err := websocket.Dial(s.ctx, s.url+"/subprotocol?choose=unasked", nil)
	if err == nil || !strings.Contains(err.Error(), "unasked") {
		t.Errorf("an unasked subprotocol: Dial returned %v", err)
	}
}

func TestCount(t *testing.T) {
	s := newTestServer(t)
	nc := s.raw("/count")
	nc.Write([]byte{0x01, 0x82, 0, 0, 0, 0, 'a', 'b', 0x80, 0x81, 0, 0, 0, 0, 'c', 0x88, 0x80, 0, 0, 0, 0}) // in two frames
	if got, err := io.ReadAll(nc); err != nil || string(got) != "\x88\x05\x03\xe81 3" {
		t.Errorf("got %q, %v", got, err)
	}
	nc = s.raw("/count")
	nc.Write([]byte{0x89, 0x80, 0, 0, 0, 0, 0x88, 0x80, 0, 0, 0, 0}) // a ping is not a message
	if got, err := io.ReadAll(nc); err != nil || string(got) != "\x8a\x00\x88\x05\x03\xe80 0" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestHandshakeAnswersWhatItIsTold(t *testing.T) {
	s := newTestServer(t)
	nc := s.raw("/handshake?id=shaken&line=HTTP/1.1+200+No&line=Upgrade:+x&line=Sec-WebSocket-Accept:+ACCEPT")
	nc.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 0x0f, 0xa4}) // close 4004
	if got, err := io.ReadAll(nc); err != nil || string(got) != "\x88\x02\x0f\xa4" {
		t.Errorf("got %q, %v", got, err)
	}
	s.wantText(s.dial("/seen?id=shaken"), "4004 ")
}

func TestRefuseSendsOn(t *testing.T) {
	s := newTestServer(t)
	r, err := http.DefaultTransport.RoundTrip(httptest.NewRequest("GET", "http"+strings.TrimPrefix(s.url, "ws")+"/refuse?status=302&location=/echo", nil))
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != 302 || r.Header.Get("Location") != "/echo" {
		t.Errorf("got %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
}

func TestRawAndReset(t *testing.T) {
	s := newTestServer(t)
	mask := []byte{0x81, 0x80, 0, 0, 0, 0} // an empty text of a client

	nc := s.raw("/raw?hex=0102ff&hex=04&end=eof")
	got := make([]byte, 3)
	if _, err := io.ReadFull(nc, got); err != nil || !bytes.Equal(got, []byte{1, 2, 0xff}) {
		t.Fatalf("got %x, %v", got, err)
	}
	nc.Write(mask)
	if rest, err := io.ReadAll(nc); err != nil || !bytes.Equal(rest, []byte{4}) {
		t.Errorf("then got %x, %v", rest, err)
	}

	for mid, want := range beginnings {
		nc := s.raw("/reset?after=1&mid=" + mid)
		nc.Write(mask)
		got, err := io.ReadAll(nc)
		if !errors.Is(err, syscall.ECONNRESET) || !bytes.HasPrefix(want, got) {
			t.Errorf("%s: got %x, %v, want a reset after %x", mid, got, err, want)
		}
	}
}

func TestSilentCloseStaysOpen(t *testing.T) {
	s := newTestServer(t)
	nc := s.raw("/silent-close?id=silent")
	nc.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 0x0f, 0xa4}) // close 4004
	s.wantText(s.dial("/seen?id=silent"), "4004 ")
	nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := nc.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the close: %d bytes, %v, want silence", n, err)
	}
}

func TestHangSeesTheClientLeave(t *testing.T) {
	s := newTestServer(t)
	nc, err := net.Dial("tcp", strings.TrimPrefix(s.url, "ws://"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "GET /hang?id=hang HTTP/1.1\r\nHost: x\r\n\r\n")
	nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := nc.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d bytes, %v, want silence", n, err)
	}
	nc.Close()
	s.wantText(s.dial("/seen?id=hang"), "1006 ")
}

func TestPlainAnswers(t *testing.T) {
	s := newTestServer(t)
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/refuse":                            {403, ""},
		"/refuse?status=401&body=ab&times=3": {401, "ababab"},
		"/refuse?status=99":                  {400, "want a status from 200 to 599, and times up to 1048576\n"},
		"/flood?n=many":                      {400, "n=many: want a number from 0 to 1000000\n"},
		"/reset?mid=night":                   {400, "mid=night: want one of [\"payload\" \"header\" \"fragment\" \"close\"]\n"},
		"/raw?hex=8":                         {400, "hex=8: encoding/hex: odd length hex string\n"},
		"/close":                             {426, "this is a WebSocket endpoint\n"},
		"/nowhere":                           {404, "404 page not found\n"},
	} {
		r, err := http.Get("http" + strings.TrimPrefix(s.url, "ws") + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(r.Body)
		r.Body.Close()
		if r.StatusCode != want.status || string(body) != want.body {
			t.Errorf("%s: %d %q, want %d %q", path, r.StatusCode, body, want.status, want.body)
		}
		if r.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: a page may not fetch it", path)
		}
	}
}

func TestCloseEndsEverything(t *testing.T) {
	s := New(Options{})
	h := httptest.NewServer(s)
	defer h.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, path := range []string{"/echo", "/echo/nhooyr", "/echo/bytes", "/never-reads", "/silent-close", "/seen?id=never"} {
		c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()
	}
	s.Close()
	r, err := http.Get(h.URL + "/refuse")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close: status %d", r.StatusCode)
	}
}
