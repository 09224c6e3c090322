//go:build !js

package ws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// Everything a server can answer but what it should (RFC 6455 section 4.1, the
// list of what a client checks; HOSTILE: half-right handshakes, extensions and
// bodies where none belong).
func TestDialRefused(t *testing.T) {
	without := func(line string) func(*http.Request) string {
		return func(r *http.Request) string { return strings.Replace(switching(r), line, "", 1) }
	}
	with := func(lines ...string) func(*http.Request) string {
		return func(r *http.Request) string { return switching(r, lines...) }
	}
	text := func(s string) func(*http.Request) string { return func(*http.Request) string { return s } }
	const extensions = "Sec-WebSocket-Extensions: permessage-deflate"

	for name, tt := range map[string]struct {
		answer func(*http.Request) string
		status int
		body   string
		says   string // part of the error
	}{
		"item 1: 200 with a body": {text("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more"),
			200, "hello", "instead of 101"},
		"item 1: 403 chunked": {text("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nno\r\n3;x=y\r\npe!\r\n0\r\n\r\n"),
			403, "nope!", "403 Forbidden"},
		"item 1: 500 until the end": {text("HTTP/1.1 500 \r\n\r\nbroken"), 500, "broken", "500"},
		"item 1: 404 by HTTP/1.0":   {text("HTTP/1.0 404 Not Found\r\n\r\nwho?"), 404, "who?", "check the path"},
		"item 1: a long body": {text("HTTP/1.1 500 Oops\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("x", 5000)),
			500, strings.Repeat("x", 1024), "500"},
		"item 1: a long chunked body": {text("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + strings.Repeat("x", 4095)),
			500, strings.Repeat("x", 1024), "500"},
		"item 1: 426 that says why": {text("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 30\r\n\r\nthis address speaks WebSocket\n"),
			426, "this address speaks WebSocket\n", `it says "this address speaks WebSocket"`},
		"item 1: 400 in markup":   {text("HTTP/1.1 400 Bad Request\r\n\r\n<html>no</html>"), 400, "<html>no</html>", "Switching Protocols"},
		"item 1: 204, no body":    {text("HTTP/1.1 204 No Content\r\n\r\nnot a body"), 204, "", "204"},
		"item 1: a bad length":    {text("HTTP/1.1 400 Bad\r\nContent-Length: -1\r\n\r\n"), 400, "", "400"},
		"item 1: 401":             {text("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"), 401, "", "credentials"},
		"item 1: 426":             {text("HTTP/1.1 426 No\r\nSec-WebSocket-Version: 8\r\nContent-Length: 0\r\n\r\n"), 426, "", `version "8"`},
		"item 1: redirect":        {text("HTTP/1.1 302 Found\r\nLocation: wss://other.example/\r\nContent-Length: 0\r\n\r\n"), 302, "", `dial "wss://other.example/"`},
		"item 2: no Upgrade":      {without("Upgrade: websocket\r\n"), 101, "", "no Upgrade field"},
		"item 2: another Upgrade": {text("HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), 101, "", "h2c"},
		"item 2: Upgrade twice":   {with("Upgrade: websocket"), 101, "", "not to websocket alone"},
		"item 3: no Connection":   {without("Connection: Upgrade\r\n"), 101, "", "no Connection field"},
		"item 4: no accept": {text("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
			101, "", "no Sec-WebSocket-Accept"},
		"item 4: another's accept": {text("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
			101, "", "does not match the key"},
		"item 4: accept twice":        {with("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), 101, "", "more than once"},
		"item 5: extension not asked": {with(extensions), 101, "", "not offered"},
		"item 5: bad window bits":     {with(extensions + "; server_max_window_bits=999"), 101, "", "not offered"},
		"item 5: not an extension":    {with(`Sec-WebSocket-Extensions: a; b="`), 101, "", "Sec-WebSocket-Extensions"},
		"item 6: another subprotocol": {with("Sec-WebSocket-Protocol: c"), 101, "", "not offered"},
		"item 6: both subprotocols":   {with("Sec-WebSocket-Protocol: a, b"), 101, "", "not offered"},
		"item 6: subprotocol twice":   {with("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"), 101, "", "more than once"},
		"a bare CR":                   {with("X: a\rb"), 0, "", "bare CR"},
		"CR CR LF":                    {func(r *http.Request) string { return strings.ReplaceAll(switching(r), "\r\n", "\r\r\n") + "\r\n\r\n" }, 0, "", "bare CR"},
		"folded from the first":       {func(r *http.Request) string { return strings.Replace(switching(r), "\r\n", "\r\n ", 1) }, 0, "", "folded"},
		"no status":                   {text("HTTP/1.1 OK\r\n\r\n"), 0, "", "status line"},
		"another protocol":            {text("SSH-2.0-x\r\n"), 0, "", "another protocol"},
		"HTTP/2":                      {text("\x00\x00\x12\x04\x00\x00\x00\x00\x00"), 0, "", "another protocol"},
		"nothing":                     {text(""), 0, "", "unexpected EOF"},
		"half a head":                 {text("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"), 0, "", "unexpected EOF"},
		"201 fields":                  {text("HTTP/1.1 101 X\r\n" + strings.Repeat("a: b\r\n", 201) + "\r\n"), 0, "", "201 header fields"},
		"nine interim ones":           {text(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 9)), 0, "", "interim"},
	} {
		t.Run(name, func(t *testing.T) {
			newCensus(t)
			d := pipe(func(nc net.Conn, r *http.Request) { io.WriteString(nc, tt.answer(r)) })
			d.Subprotocols = []string{"a", "b"}
			c, err := d.Dial(within(t), "ws://user:secret@example.com/chat")
			if err == nil {
				c.CloseNow()
			}
			e := asHandshake(t, err)
			if e.Status != tt.status || string(e.Body) != tt.body || e.URL != "ws://example.com/chat" {
				t.Errorf("status %d, body %q, URL %s; want %d, %q", e.Status, e.Body, e.URL, tt.status, tt.body)
			}
			if !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret") {
				t.Errorf("the error is %q, which does not say %q", err, tt.says)
			}
			if (e.Header != nil) != (tt.status != 0) {
				t.Errorf("header %v with status %d", e.Header, tt.status)
			}
		})
	}
}

// TestDialTakes has servers and gateways answer as some do, and browsers
// accept: what follows the head are frames, whatever it says of a body.
func TestDialTakes(t *testing.T) {
	with := func(lines ...string) func(*http.Request) string {
		return func(r *http.Request) string { return switching(r, lines...) }
	}
	each := func(old, new string) func(*http.Request) string {
		return func(r *http.Request) string { return strings.ReplaceAll(switching(r), old, new) }
	}
	for name, answer := range map[string]func(*http.Request) string{
		"RFC 9112 section 6.3 item 1: chunks":                 with("Transfer-Encoding: chunked"),
		"RFC 9112 section 6.3 item 1: a length":               with("Content-Length: 7"),
		"RFC 9112 section 6.3 item 1: a length of nonsense":   with("Content-Length: x", "Content-Length: 5"),
		"RFC 9112 section 5.2: a fold becomes spaces":         with("X: a\r\n b\r\n\tc"),
		"RFC 9112 section 5.2: a fold in a field that counts": each("Connection: Upgrade", "Connection: keep-alive,\r\n Upgrade"),
		"RFC 9112 section 5.2: a fold of nothing":             with("X: a\r\n \r\n\t"),
		"RFC 9112 section 2.2: a bare LF":                     each("\r\n", "\n"),
		"RFC 9112 section 2.2: a bare LF here and there":      each("Upgrade\r\n", "Upgrade\n"),
		"RFC 9112 section 2.3: a status line of HTTP/1.0":     each("HTTP/1.1", "HTTP/1.0"),
	} {
		t.Run(name, func(t *testing.T) {
			newCensus(t)
			d := pipe(func(nc net.Conn, r *http.Request) {
				io.WriteString(nc, answer(r)+"\x81\x05hello")
				io.Copy(io.Discard, nc)
			})
			c, err := d.Dial(within(t), "ws://example.com/chat")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			hears(t, c, "hello")
			if h := http.Header(c.ResponseHeader()); strings.Contains(name, "spaces") && h.Get("X") != "a b c" {
				t.Errorf("the folded field is %q", h.Get("X"))
			}
		})
	}
}

// HOSTILE: a head of megabytes is cut off, and so is one that never ends
// however slowly it comes.
func TestDialEndlessHead(t *testing.T) {
	for _, piece := range []string{"X: " + strings.Repeat("x", 100) + "\r\n", strings.Repeat("x", 4096)} {
		newCensus(t)
		took := make(chan int, 1)
		d := pipe(func(nc net.Conn, r *http.Request) {
			sent, err := io.WriteString(nc, "HTTP/1.1 101 X\r\n")
			for n := 0; err == nil; sent += n {
				n, err = io.WriteString(nc, piece)
			}
			took <- sent
		})
		_, err := d.Dial(within(t), "ws://example.com/")
		if e := asHandshake(t, err); !strings.Contains(e.Problem, "over the limit of 65536 bytes") {
			t.Errorf("error = %v", err)
		}
		if n := <-took; n > 128<<10 {
			t.Errorf("%d bytes were read before the end", n)
		}
	}
}

// The answer may come in any pieces, and behind interim answers (RFC 9110
// section 15.2), of any size: 1,024 bytes fill the first buffer to its last.
func TestDialAnswerInPieces(t *testing.T) {
	hints := func(size int) string {
		const head = "HTTP/1.1 103 Early Hints\r\nLink: "
		return head + strings.Repeat("x", size-len(head)-4) + "\r\n\r\n"
	}
	for name, interim := range map[string]string{
		"none": "", "one": hints(100), "eight": strings.Repeat(hints(40), 8),
		"1 KiB": hints(512) + hints(1024) + hints(2048) + hints(4096), "60 KiB": hints(60 << 10),
	} {
		for _, size := range []int{1, 7, 1 << 20} {
			t.Run(name+" by "+strconv.Itoa(size), func(t *testing.T) {
				newCensus(t)
				d := pipe(func(nc net.Conn, r *http.Request) {
					all := []byte(interim + switching(r) + string(textFrame("hi")))
					for piece := range slices.Chunk(all, size) {
						nc.Write(piece)
					}
					io.Copy(io.Discard, nc)
				})
				c, err := d.Dial(within(t), "ws://example.com/")
				if err != nil {
					t.Fatal(err)
				}
				defer c.CloseNow()
				hears(t, c, "hi")
			})
		}
	}
	for size := 900; size < 1100; size++ { // whatever the buffers are, one of these fills one
		newCensus(t)
		d := pipe(func(nc net.Conn, r *http.Request) {
			io.WriteString(nc, hints(size))
			io.WriteString(nc, switching(r))
		})
		c, err := d.Dial(within(t), "ws://example.com/")
		if err != nil {
			t.Fatalf("an interim answer of %d bytes: %v", size, err)
		}
		c.CloseNow()
	}
}

// A connection that returns nothing and no error is not asked for ever.
func TestDialEmptyReads(t *testing.T) {
	d := ws.Dialer{Proxy: noProxy, NetDial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		far.Close()
		return emptyConn{near}, nil
	}}
	_, err := d.Dial(within(t), "ws://example.com/")
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("error = %v, want io.ErrNoProgress", err)
	}
}

type emptyConn struct{ net.Conn }

func (emptyConn) Read([]byte) (int, error)    { return 0, nil }
func (emptyConn) Write(p []byte) (int, error) { return len(p), nil }

// A refusal's body is waited for one second, and within the caller's bounds.
func TestDialSlowBody(t *testing.T) {
	slow := func(nc net.Conn, r *http.Request) {
		io.WriteString(nc, "HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nhalf")
		io.Copy(io.Discard, nc) // until the client closes
	}
	for name, tt := range map[string]struct {
		ctx, limit time.Duration
		took       time.Duration
		refused    bool
	}{
		"one second":                {time.Hour, 0, time.Second, true},
		"the limit ends first":      {time.Hour, time.Second / 2, time.Second / 2, true},
		"the context ends first":    {time.Second / 2, 0, time.Second / 2, false},
		"the context ends together": {time.Second / 2, time.Second / 2, time.Second / 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.ctx)
				defer cancel()
				begun := time.Now()
				d := pipe(slow)
				d.HandshakeTimeout = tt.limit
				_, err := d.Dial(ctx, "ws://example.com/")
				if took := time.Since(begun); took != tt.took {
					t.Errorf("Dial took %v, want %v", took, tt.took)
				}
				if !tt.refused {
					if e := asHandshake(t, err); !errors.Is(err, context.DeadlineExceeded) || e.Status != 503 {
						t.Errorf("error = %v, want the context's, and the status that came before", err)
					}
					return
				}
				if e := asHandshake(t, err); e.Status != 503 || string(e.Body) != "half" {
					t.Errorf("status %d, body %q; want 503, half", e.Status, e.Body)
				}
			})
		})
	}
}
