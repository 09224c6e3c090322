//go:build linux

package ws_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/frame"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// TestHTTP2Idle compares what a server holds for a WebSocket that waits in a
// Read, among many on one HTTP/2 connection, with what it holds for one over
// HTTP/1.1 and TLS. Of the former net/http has 4 KiB of stack and 8 KB of
// objects, half of them a buffer for the response: 5/4 of the latter is a
// quarter above what was measured.
func TestHTTP2Idle(t *testing.T) {
	if raced() {
		t.Skip("the race detector needs memory of its own")
	}
	if testing.CoverMode() != "" || runtime.GOARCH != "amd64" {
		t.Skip("calls need other stack here")
	}
	const n = 1000
	per := map[string]footprint{}
	for _, kind := range []string{"TLS", "HTTP2"} {
		before, after := measureIdle(t, kind, n)
		per[kind] = footprint{RSS: (after.RSS - before.RSS) / n, Stacks: (after.Stacks - before.Stacks) / n, Heap: (after.Heap - before.Heap) / n}
		t.Logf("%s: %d bytes of stack, %d of objects, %d of memory", kind, per[kind].Stacks, per[kind].Heap, per[kind].RSS)
	}
	own := func(kind string) int64 { return per[kind].Stacks + per[kind].Heap }
	if got, most := own("HTTP2"), own("TLS")*5/4; got > most {
		t.Errorf("%d bytes over HTTP/2, want at most %d", got, most)
	}
}

// serveIdleTLS serves HTTP/1.1 and HTTP/2.
func serveIdleTLS(l net.Listener) error {
	s := httptest.NewUnstartedServer(nil) // for its certificate
	s.Listener.Close()
	s.Listener, s.EnableHTTP2 = l, true
	s.Config = &http.Server{Handler: ws.Handler(echoIdle, nil), HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 100_000}}
	s.StartTLS()
	select {}
}

// streams are WebSockets on one HTTP/2 connection.
type streams struct {
	nc   net.Conn
	fr   *http2.Framer
	enc  *hpack.Encoder
	head bytes.Buffer
	next uint32
}

func (c *streams) close() { c.nc.Close() }

func (c *streams) dial(addr string, n int) error {
	if c.nc == nil {
		if err := c.connect(addr); err != nil {
			return err
		}
	}
	for range n {
		if err := c.talk(); err != nil {
			return err
		}
	}
	return nil
}

func (c *streams) connect(addr string) (err error) {
	c.nc, err = tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		return err
	}
	io.WriteString(c.nc, http2.ClientPreface)
	c.fr, c.enc, c.next = http2.NewFramer(c.nc, c.nc), hpack.NewEncoder(&c.head), 1
	if err := c.fr.WriteSettings(); err != nil {
		return err
	}
	return c.fr.WriteWindowUpdate(0, 1<<30)
}

// talk opens a WebSocket, and has 128 bytes echoed, thrice.
func (c *streams) talk() error {
	c.head.Reset()
	for _, f := range fields2() {
		c.enc.WriteField(f)
	}
	id := c.next
	c.next += 2
	if err := c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: c.head.Bytes(), EndHeaders: true}); err != nil {
		return err
	}
	p := frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.OpBinary, Masked: true, Length: 128})
	p = append(p, make([]byte, 128)...)
	for range 3 {
		if err := c.fr.WriteData(id, false, p); err != nil {
			return err
		}
		for left := 4 + 128; left > 0; {
			f, err := c.fr.ReadFrame()
			if err != nil {
				return err
			}
			switch f := f.(type) {
			case *http2.DataFrame:
				left -= len(f.Data())
			case *http2.SettingsFrame:
				if !f.IsAck() {
					c.fr.WriteSettingsAck()
				}
			case *http2.RSTStreamFrame:
				return fmt.Errorf("the server reset the stream: %v", f.ErrCode)
			}
		}
	}
	return nil
}
