//go:build !js

package wstest_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wstest"
)

// dialRaw shakes hands by hand, and returns the response's head.
func dialRaw(t *testing.T, s *wstest.Server) (net.Conn, string) {
	t.Helper()
	nc, err := s.NetDial(t.Context(), "tcp", "x:80")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	io.WriteString(nc, "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	var head []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, b...) {
		if _, err := nc.Read(b); err != nil {
			t.Fatalf("after %q: %v", head, err)
		}
	}
	return nc, string(head)
}

// Each script does as it says, byte by byte. The client's bytes are sent at
// once; the server's are read until it ends the stream.
func TestScripts(t *testing.T) {
	const text, ping, closes = "\x81\x81\x00\x00\x00\x00a", "\x89\x81\x00\x00\x00\x00p", "\x88\x82\x00\x00\x00\x00\x03\xe8"
	for _, tt := range []struct {
		name   string
		script wstest.Script
		sends  string
		want   string
		after  time.Duration
		err    error
	}{
		{"Echo", wstest.Echo(), text + ping + closes, "\x81\x01a" + "\x8a\x01p" + "\x88\x02\x03\xe8", 0, nil},
		{"Echo of fragments (section 5.4)", wstest.Echo(), "\x01\x81\x00\x00\x00\x00a\x80\x81\x00\x00\x00\x00b" + closes, "\x81\x02ab\x88\x02\x03\xe8", 0, nil},
		{"Send", wstest.Send(wstest.Text("\xff"), wstest.Ping("")), "", "\x81\x01\xff\x89\x00", 0, nil},
		{"SendBytes", wstest.SendBytes([]byte("\x82\x7e\x01")), "", "\x82\x7e\x01", 0, nil},
		{"Flood", wstest.Flood(3, 2), "", strings.Repeat("\x82\x02\x00\x00", 3), 0, nil},
		{"Await", wstest.Seq(wstest.Await(2), wstest.Send(wstest.Text("2"))), text + ping + text, "\x8a\x01p\x81\x012", 0, nil},
		{"Await of what does not come", wstest.Seq(wstest.Await(2), wstest.Send(wstest.Text("2"))), text + closes, "\x88\x02\x03\xe8", 0, wstest.ErrEnded},
		{"CloseWith (section 5.5.1)", wstest.CloseWith(1012, "restart"), text + closes, "\x88\x09\x03\xf4restart", 0, nil},
		{"CloseWith no code", wstest.CloseWith(0, ""), closes, "\x88\x00", 0, nil},
		{"Serve", wstest.Serve(), text + ping + closes, "\x8a\x01p\x88\x02\x03\xe8", 0, nil},
		{"Pause", wstest.Seq(wstest.Pause(time.Minute), wstest.Send(wstest.Text("a"))), "", "\x81\x01a", time.Minute, nil},
		{"Discard (section 5.5.1: no answer)", wstest.Discard(), text + ping + closes, "", 0, io.EOF},
		{"Drop", wstest.Seq(wstest.Send(wstest.Text("a")), wstest.Drop(), wstest.Send(wstest.Text("b"))), "", "\x81\x01a", 0, nil},
		{"Cut in a header", wstest.Cut(1, wstest.Send(wstest.Text("a"))), "", "\x81", 0, nil},
		{"Cut in the second frame", wstest.Seq(wstest.Cut(5, wstest.Seq(wstest.Send(wstest.Text("a")), wstest.Send(wstest.Text("bc")))), wstest.Send(wstest.Text("d"))), "", "\x81\x01a\x81\x02", 0, nil},
		{"Cut behind everything", wstest.Seq(wstest.Cut(9, wstest.Send(wstest.Text("a"))), wstest.Send(wstest.Text("d"))), "", "\x81\x01a", 0, nil},
		{"SlowWrites", wstest.Seq(wstest.SlowWrites(2, time.Second, wstest.Send(wstest.Text("abc"))), wstest.Send(wstest.Text(""))), "", "\x81\x03abc\x81\x00", 3 * time.Second, nil},
		{"SlowReads", wstest.Seq(wstest.SlowReads(3, time.Second, wstest.Await(1)), wstest.Await(1)), text + text, "", 3 * time.Second, nil},
		{"an unmasked frame (section 5.1)", wstest.Serve(), "\x81\x01a", "", 0, errors.New("any")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := wstest.NewServer(t, tt.script)
				nc, _ := dialRaw(t, s)
				begin := time.Now()
				io.WriteString(nc, tt.sends)
				if tt.err == io.EOF {
					nc.(interface{ CloseWrite() error }).CloseWrite()
				}
				got, err := io.ReadAll(nc)
				if string(got) != tt.want || err != nil {
					t.Errorf("got %q, %v, want %q", got, err, tt.want)
				}
				if d := time.Since(begin); d != tt.after {
					t.Errorf("it took %v, want %v", d, tt.after)
				}
				seen, err := s.Seen(t.Context(), 0)
				if err != nil || tt.err != nil && seen.Err == nil || tt.err == wstest.ErrEnded && seen.Err != tt.err {
					t.Errorf("the script returned %v, %v, want %v", seen.Err, err, tt.err)
				}
				if wantClose := strings.HasSuffix(tt.sends, closes); wantClose != (seen.Code == 1000) || !wantClose && seen.Code != 1006 {
					t.Errorf("the server saw %v", seen.Code)
				}
			})
		})
	}
}

// What a program's own client makes of misbehaviour.
func TestClientOfScripts(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script wstest.Script
		check  func(t *testing.T, err error)
	}{
		{"close code", wstest.CloseWith(1012, "restart"), func(t *testing.T, err error) { wantStatus(t, err, 1012, "restart") }},
		{"half a frame (section 7.1.5)", wstest.Cut(3, wstest.Send(wstest.Text("abc"))), func(t *testing.T, err error) { wantStatus(t, err, 1006, "") }},
		{"drop", wstest.Drop(), func(t *testing.T, err error) { wantStatus(t, err, 1006, "") }},
		{"reset", wstest.Seq(wstest.Await(1), wstest.Reset()), func(t *testing.T, err error) {
			wantStatus(t, err, 1006, "")
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%v is no reset", err)
			}
		}},
		{"bad UTF-8 (section 8.1)", wstest.Send(wstest.Text("\xff")), wantCode(1007)},
		{"RSV1 without an extension (section 5.2)", wstest.Send(wstest.Frame{Opcode: wstest.OpText, RSV: 4}), wantCode(1002)},
		{"a masked frame (section 5.1)", wstest.Send(wstest.Frame{Opcode: wstest.OpText, Masked: true}), wantCode(1002)},
		{"a stall: keepalive", wstest.Stall(), func(t *testing.T, err error) {
			if !errors.Is(err, ws.ErrKeepaliveTimeout) {
				t.Errorf("got %v", err)
			}
		}},
		{"too big", wstest.Seq(wstest.Flood(1, 2<<20), wstest.Serve()), func(t *testing.T, err error) {
			if !errors.Is(err, ws.ErrMessageTooBig) {
				t.Errorf("got %v", err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := wstest.NewServer(t, tt.script).Dial(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				c.Write(t.Context(), ws.MessageText, nil) // may fail, which the Read tells better
				_, _, err = c.Read(t.Context())
				tt.check(t, err)
			})
		})
	}
}

// wantCode checks a violation of RFC 6455.
func wantCode(code ws.StatusCode) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		t.Helper()
		if e, ok := errors.AsType[*ws.ProtocolError](err); !ok || e.Code != code {
			t.Errorf("got %v, want a *ProtocolError with %v", err, code)
		}
	}
}

// Handshakes that fail (RFC 6455 section 4.1), and those that do not.
func TestHandshakes(t *testing.T) {
	for _, tt := range []struct {
		name     string
		script   wstest.Script
		status   int
		body     string
		location string
		problem  string
	}{
		{"Refuse", wstest.Refuse(403, "no"), 403, "no", "", ""},
		{"Redirect", wstest.Redirect(302, "/elsewhere"), 302, "", "/elsewhere", ""},
		{"Respond", wstest.Respond(503, http.Header{"Location": {"x"}}, "later"), 503, "later", "x", ""},
		{"a wrong key", wstest.Accept(http.Header{"Sec-WebSocket-Accept": {"x"}}), 101, "", "", "Sec-WebSocket-Accept"},
		{"no key", wstest.Accept(http.Header{"Sec-WebSocket-Accept": nil}), 101, "", "", "Sec-WebSocket-Accept"},
		{"a subprotocol that was not offered", wstest.Accept(http.Header{"Sec-WebSocket-Protocol": {"c"}}), 101, "", "", "subprotocol"},
		{"another status line", wstest.AcceptBytes("HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ACCEPT\r\nContent-Length: 2\r\n\r\nok"), 200, "ok", "", ""},
		{"no answer", wstest.NoAnswer(), 0, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := wstest.NewServer(t, tt.script)
				_, err := s.Dial(t.Context(), &ws.Dialer{DialOptions: ws.DialOptions{Subprotocols: []string{"a", "b"}}})
				e, ok := errors.AsType[*ws.HandshakeError](err)
				if !ok || e.Status != tt.status || string(e.Body) != tt.body || !strings.Contains(e.Problem, tt.problem) {
					t.Fatalf("Dial returned %v", err)
				}
				if got := http.Header(e.Header).Get("Location"); got != tt.location {
					t.Errorf("Location = %q", got)
				}
				if tt.status == 0 && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("without an answer Dial returned %v", err)
				}
			})
		})
	}

	s := wstest.NewServer(t, wstest.Seq(wstest.Accept(http.Header{"X-Test": {"yes"}}), wstest.Echo()),
		wstest.Seq(wstest.AcceptBytes("HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ACCEPT\r\n\r\n\x81\x01a"), wstest.Serve()))
	c, err := s.Dial(t.Context(), &ws.Dialer{DialOptions: ws.DialOptions{Subprotocols: []string{"a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Subprotocol() != "a" || http.Header(c.ResponseHeader()).Get("X-Test") != "yes" {
		t.Errorf("agreed on %q, header %v", c.Subprotocol(), c.ResponseHeader())
	}
	if c, err = s.Dial(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	wantRead(t, c, ws.MessageText, "a")
}

// One script for each connection, the last one for all that follow.
func TestServerCountsConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := wstest.NewServer(t, wstest.Refuse(503, ""), wstest.Drop(), wstest.Echo())
		if _, err := s.Dial(t.Context(), nil); err == nil {
			t.Error("the first was accepted")
		}
		c, err := s.Dial(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = c.Read(t.Context())
		wantStatus(t, err, 1006, "")
		for range 2 {
			if c, err = s.Dial(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			write(t, c, "hello")
			wantRead(t, c, ws.MessageText, "hello")
		}
		c.Close(4000, "bye")
		if n := s.Connections(); n != 4 {
			t.Errorf("%d connections", n)
		}
		seen, err := s.Seen(t.Context(), 3)
		if err != nil || seen.Code != 4000 || seen.Reason != "bye" || seen.Err != nil || seen.Request.URL.Path != "/" {
			t.Errorf("seen: %+v, %v", seen, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := s.Seen(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Seen of an open connection returned %v", err)
		}
	})
}

// Over TCP, and under net/http with TLS, it is the same.
func TestServerOverTCP(t *testing.T) {
	s := wstest.NewServer(t, wstest.Echo(), wstest.Seq(wstest.Await(1), wstest.Reset()), wstest.Echo())
	url := s.Listen()
	c, err := ws.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	write(t, c, "over TCP")
	wantRead(t, c, ws.MessageText, "over TCP")
	if c, err = ws.Dial(t.Context(), url, nil); err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	write(t, c, "reset")
	if _, _, err = c.Read(t.Context()); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a reset Read returned %v", err)
	}

	h := httptest.NewTLSServer(s)
	defer h.Close()
	d := ws.Dialer{TLSConfig: h.Client().Transport.(*http.Transport).TLSClientConfig}
	if c, err = d.Dial(t.Context(), h.URL); err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	write(t, c, "over TLS")
	wantRead(t, c, ws.MessageText, "over TLS")
}

// The end of the test ends the server, whatever its scripts do, and every
// connection. In a bubble a goroutine that is left would be an error.
func TestServerEndsWithTheTest(t *testing.T) {
	scripts := []wstest.Script{wstest.Echo(), wstest.Stall(), wstest.Discard(), wstest.NoAnswer(), wstest.Flood(1<<20, 1<<10),
		wstest.Pause(time.Hour), wstest.SlowReads(1, time.Hour, wstest.Echo()), wstest.SlowWrites(1, time.Hour, wstest.Send(wstest.Text("x")))}
	synctest.Test(t, func(t *testing.T) {
		f := new(failing)
		s := wstest.NewServer(f, scripts...)
		var ends []net.Conn
		for range scripts {
			nc, err := s.NetDial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, nc)
			io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: x\r\n\r\n")
		}
		silent, err := s.NetDial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		f.cleanup()
		for i, nc := range append(ends, silent) {
			if _, err := io.Copy(io.Discard, nc); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
		if _, err := s.NetDial(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) {
			t.Errorf("NetDial after the end returned %v", err)
		}
		rec := httptest.NewRecorder()
		if s.ServeHTTP(rec, httptest.NewRequest("GET", "/", nil)); rec.Code != http.StatusServiceUnavailable {
			t.Errorf("ServeHTTP after the end responded %d", rec.Code)
		}
	})
}

// A request that is not HTTP is seen, too.
func TestServerSeesGarbage(t *testing.T) {
	s := wstest.NewServer(t)
	nc, err := s.NetDial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(nc, "no\r\n\r\n")
	nc.Close()
	if seen, err := s.Seen(t.Context(), 0); err != nil || seen.Request != nil || seen.Err == nil || seen.Code != 1006 {
		t.Errorf("seen: %+v, %v", seen, err)
	}
}

// The response is one that any client understands.
func TestRefuseIsHTTP(t *testing.T) {
	s := wstest.NewServer(t, wstest.Refuse(401, "log in"))
	nc, err := s.NetDial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	r, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if r.StatusCode != 401 || string(body) != "log in" || err != nil || !slices.Equal(r.Header["Content-Type"], []string{"text/plain; charset=utf-8"}) {
		t.Errorf("got %v, %q, %v", r, body, err)
	}
}
