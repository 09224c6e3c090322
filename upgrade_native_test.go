//go:build !js

package ws_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// upgraded is what Upgrade returned.
type upgraded struct {
	c   *ws.Conn
	err error
}

// upgrades accepts one connection of l and upgrades it.
func upgrades(ctx context.Context, l net.Listener, opts *ws.AcceptOptions) <-chan upgraded {
	result := make(chan upgraded, 1)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			result <- upgraded{nil, err}
			return
		}
		c, err := ws.Upgrade(ctx, nc, opts)
		result <- upgraded{c, err}
	}()
	return result
}

func TestUpgrade(t *testing.T) {
	for name, secure := range map[string]bool{"TCP": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			l := n.listen(t)
			d := n.dialer()
			scheme := "ws"
			if secure {
				s := httptest.NewUnstartedServer(nil)
				s.StartTLS() // only for its certificate
				s.Close()
				l = tls.NewListener(l, &tls.Config{Certificates: s.TLS.Certificates})
				d.TLSConfig = trusting(s)
				scheme = "wss"
			}
			var seen *handshake.Request
			result := upgrades(within(t), l, &ws.AcceptOptions{
				Subprotocols: []string{"chat"},
				Header:       map[string][]string{"Set-Cookie": {"a=1"}},
				Check: func(r *handshake.Request) error {
					seen = r
					return nil
				}})
			d.Subprotocols = []string{"chat"}
			d.Header = http.Header{"Origin": {strings.Replace(scheme, "ws", "http", 1) + "://" + l.Addr().String()}}
			c, err := d.Dial(within(t), scheme+"://"+l.Addr().String()+"/room?a=b")
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			r := <-result
			if r.err != nil {
				t.Fatal(r.err)
			}
			defer r.c.CloseNow()
			if seen.Target != "/room?a=b" || r.c.Subprotocol() != "chat" {
				t.Errorf("target %q, subprotocol %q", seen.Target, r.c.Subprotocol())
			}
			if err := r.c.Write(within(t), ws.MessageText, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			hears(t, c, "hello")
		})
	}
}

// A request may come in any pieces, and frames behind it are not lost.
func TestUpgradeInPieces(t *testing.T) {
	raw := []byte(request("X-Filler: "+strings.Repeat("x", 2000)) + "\x81\x85\x00\x00\x00\x00hello")
	for _, size := range []int{1, 2, 511, 512, 1024, len(raw)} {
		newCensus(t)
		over := make(chan struct{})
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			go io.Copy(io.Discard, far)
			for piece := range slices.Chunk(raw, size) {
				far.Write(piece)
			}
			<-over
		}()
		c, err := ws.Upgrade(within(t), near, nil)
		if err != nil {
			t.Fatalf("pieces of %d: %v", size, err)
		}
		hears(t, c, "hello")
		c.CloseNow()
		close(over)
	}
}

// A refusal arrives, although the peer sent more than was read, and then the
// connection ends.
func TestUpgradeRefuses(t *testing.T) {
	megabyte := strings.Repeat("x", 1<<20-1024)
	for name, tt := range map[string]struct {
		raw    string
		opts   *ws.AcceptOptions
		status int
		says   string
	}{
		"a plain GET":                  {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, 426, "no Upgrade field"},
		"HTTP/1.0":                     {strings.Replace(request(), "1.1", "1.0", 1), nil, 426, "HTTP/1.0"},
		"version 777":                  {strings.Replace(request(), "13", "777", 1), nil, 426, "777"},
		"POST":                         {strings.Replace(request(), "GET", "POST", 1), nil, 405, "POST"},
		"another origin":               {request("Origin: http://evil.example"), nil, 403, "evil.example"},
		"no HTTP":                      {"hello\r\n\r\n", nil, 400, "malformed"},
		"TLS":                          {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", nil, 400, "TLS"},
		"bare LF":                      {strings.ReplaceAll(request(), "\r\n", "\n"), nil, 400, "CRLF"},
		"a head of 16 KiB and more":    {request("X: " + strings.Repeat("x", 16<<10)), nil, 431, "limit of 16384 bytes"},
		"a head of a megabyte":         {"GET / HTTP/1.1\r\nX: " + megabyte, nil, 431, "limit of 16384 bytes"},
		"2,000 fields":                 {request(slices.Repeat([]string{"a: b"}, 2000)...), nil, 431, "header fields"},
		"a megabyte behind":            {request("Origin: http://evil.example") + megabyte, nil, 403, "evil.example"},
		"Check":                        {request(), &ws.AcceptOptions{Check: func(*handshake.Request) error { return errors.New("no") }}, 403, "refused"},
		"the server's own field":       {request(), &ws.AcceptOptions{Header: http.Header{"Upgrade": {"a"}}}, 500, "internal server error"},
		"the head fills its 16 KiB":    {request("X: " + strings.Repeat("x", 16<<10-len(request("X: ")))), nil, 101, ""},
		"one byte over 16 KiB of it":   {request("X: " + strings.Repeat("x", 16<<10-len(request("X: "))+1)), nil, 431, "limit of 16384 bytes"},
		"an extension that is refused": {request(`Sec-WebSocket-Extensions: ` + strings.Repeat("a,", 4000)), nil, 400, "over the limit"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newCensus(t)
			l := n.listen(t)
			result := upgrades(within(t), l, tt.opts)
			nc, res, body, rest := exchange(t, n, l.Addr().String(), tt.raw)
			if res.StatusCode != tt.status || !strings.Contains(body, tt.says) {
				t.Errorf("status %d, body %q; want %d, %q", res.StatusCode, body, tt.status, tt.says)
			}
			if tt.status == 101 {
				(<-result).c.CloseNow()
				return
			}
			if !res.Close {
				t.Error("the response does not announce the connection's end")
			}
			closes(t, rest)
			nc.Close() // the server waits for it, so that nothing destroys the answer
			r := <-result
			if tt.status == 500 {
				asArgument(t, r.err, `Header["Upgrade"]`)
			} else if e := asHandshake(t, r.err); e.Status != tt.status {
				t.Errorf("error = %v, want status %d", e, tt.status)
			}
		})
	}
}

// Without a request to answer, the error says what happened.
func TestUpgradeBroken(t *testing.T) {
	for name, raw := range map[string]string{"nothing": "", "half": "GET / HTTP/1.1\r\nHost: a\r\n"} {
		t.Run(name, func(t *testing.T) {
			newCensus(t)
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				io.WriteString(far, raw)
			}()
			_, err := ws.Upgrade(within(t), near, nil)
			if e := asHandshake(t, err); !errors.Is(err, io.ErrUnexpectedEOF) || e.Status != 0 {
				t.Errorf("error = %v, want an unexpected EOF", err)
			}
		})
	}
}

// What AcceptOptions.Check does to its goroutine, it does to Upgrade's caller.
func TestUpgradeCheckPanics(t *testing.T) {
	for name, tt := range map[string]struct {
		check func(*handshake.Request) error
		want  any
	}{
		"panic":  {func(*handshake.Request) error { panic("a mistake") }, "a mistake"},
		"Goexit": {func(*handshake.Request) error { runtime.Goexit(); return nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			near, far := net.Pipe()
			defer near.Close()
			go io.WriteString(far, request())
			ctx := within(t)
			var got any
			returned := false
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { got = recover() }()
				ws.Upgrade(ctx, near, &ws.AcceptOptions{Check: tt.check})
				returned = true
			}()
			<-done
			if got != tt.want || returned {
				t.Errorf("panic(%v), returned: %v; want panic(%v)", got, returned, tt.want)
			}
		})
	}
}
