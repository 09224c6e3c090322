//go:build !js

package ws_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// script is a connection from which a handshake is read, over and over.
type script struct {
	in   []byte
	left []byte
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error)      { return len(p), nil }
func (s *script) Close() error                     { return nil }
func (s *script) LocalAddr() net.Addr              { return nil }
func (s *script) RemoteAddr() net.Addr             { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// browserRequest is a handshake of the size that browsers send.
const browserRequest = "GET /chat?room=1 HTTP/1.1\r\nHost: www.example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n" +
	"Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
	"Upgrade: websocket\r\nOrigin: http://www.example.com\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br\r\n" +
	"Accept-Language: en-US,en;q=0.9\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
	"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

// BenchmarkUpgrade is a browser's handshake, without the system's part.
func BenchmarkUpgrade(b *testing.B) {
	s := &script{in: []byte(browserRequest)}
	b.ReportAllocs()
	for b.Loop() {
		s.left = s.in
		c, err := ws.Upgrade(context.Background(), s, nil)
		if err != nil {
			b.Fatal(err)
		}
		c.CloseNow()
	}
}

// TestUpgradeAllocations bounds the garbage of a handshake: the connections lie
// between it in memory.
func TestUpgradeAllocations(t *testing.T) {
	most := 20.0
	if raced() {
		most *= 2 // its pools forget
	}
	s := &script{in: []byte(browserRequest)}
	var err error
	n := testing.AllocsPerRun(100, func() {
		s.left = s.in
		var c *ws.Conn
		if c, err = ws.Upgrade(context.Background(), s, nil); err == nil {
			c.CloseNow()
		}
	})
	if err != nil || n > most {
		t.Errorf("%v allocations, %v; want %v at most", n, err, most)
	}
}

// hijacked is net/http's part of a handshake, done before.
type hijacked struct {
	s  *script
	rw *bufio.ReadWriter
	h  http.Header
}

func (h *hijacked) Header() http.Header         { return h.h }
func (h *hijacked) Write(p []byte) (int, error) { return len(p), nil }
func (h *hijacked) WriteHeader(int)             {}
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.s, h.rw, nil
}

// BenchmarkAccept is what Accept adds to net/http's part of the same handshake.
func BenchmarkAccept(b *testing.B) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader([]byte(browserRequest))))
	if err != nil {
		b.Fatal(err)
	}
	s := new(script)
	w := &hijacked{s, bufio.NewReadWriter(bufio.NewReader(s), bufio.NewWriter(s)), http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		c, err := ws.Accept(w, r, nil)
		if err != nil {
			b.Fatal(err)
		}
		c.CloseNow()
	}
}
