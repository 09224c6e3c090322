//go:build !js

package roads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/twinws/ws"
)

// testMessages has messages of every size come back as they were.
func testMessages(ctx context.Context, t *testing.T, s *site) {
	for name, compression := range map[string]*ws.Compression{"plain": nil, "compressed": {}} {
		d := s.dialer()
		d.Compression = compression
		c, err := d.Dial(ctx, "wss://example.com/echo")
		if err != nil {
			t.Fatal(name, err)
		}
		if got := strings.Contains(c.Extensions(), "permessage-deflate"); got != (compression != nil) {
			t.Errorf("%s: the extensions are %q", name, c.Extensions())
		}
		for _, n := range []int{0, 1, 125, 126, 4096, 65535, 65536, 1 << 20} {
			for _, typ := range []ws.MessageType{ws.MessageText, ws.MessageBinary} {
				if err := there(ctx, c, typ, message(typ, n)); err != nil {
					t.Fatalf("%s, %v of %d bytes: %v", name, typ, n, err)
				}
			}
		}
		if err := c.Close(ws.StatusNormalClosure, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// message is random, and compressible.
func message(typ ws.MessageType, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = "abcdefghijklmnop"[rand.N(16)]
		if typ == ws.MessageBinary && i%2 == 0 {
			p[i] = byte(rand.N(256))
		}
	}
	return p
}

// there sends a message, and wants it back.
func there(ctx context.Context, c *ws.Conn, typ ws.MessageType, p []byte) error {
	if err := c.Write(ctx, typ, p); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	gotType, got, err := c.Read(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case gotType != typ || !bytes.Equal(got, p):
		return fmt.Errorf("%d other bytes came back, as %v", len(got), gotType)
	}
	return nil
}

// testHandshake has the fields of both handshakes pass.
func testHandshake(ctx context.Context, t *testing.T, s *site) {
	d := s.dialer()
	d.Subprotocols = []string{"mqtt", "chat"}
	c, err := d.Dial(ctx, "wss://example.com/echo")
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if c.Subprotocol() != "chat" || c.ResponseHeader()["X-Backend"] == nil {
		t.Errorf("subprotocol %q, header %v", c.Subprotocol(), c.ResponseHeader())
	}
	_, err = s.dialer().Dial(ctx, "wss://example.com/refuse")
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok || e.Status != http.StatusConflict || string(e.Body) != "come back later\n" || http.Header(e.Header).Get("X-Why") != "because" {
		t.Errorf("a refusal: %v (%+v)", err, e)
	}
}

// testVersions: the road is the one that it is taken for.
func testVersions(ctx context.Context, t *testing.T, f front, s *site, app *backend) {
	major := func(is2 bool) int {
		if is2 {
			return 2
		}
		return 1
	}
	c := s.dial(ctx, t, "/echo")
	if want := fmt.Sprint("HTTP/", major(f.http2), "."); !strings.HasPrefix(c.HTTPVersion(), want) {
		t.Errorf("the client has %s, want %s", c.HTTPVersion(), want)
	}
	if got, _ := app.majors.Load("/echo"); got != major(f.back2) {
		t.Errorf("the server was asked by HTTP/%v, want %d", got, major(f.back2))
	}
}

// testOrigins: the pages of the site may connect, and no others. The server
// sees a request without TLS.
func testOrigins(ctx context.Context, t *testing.T, s *site) {
	for _, c := range []struct {
		name, url, origin string
		fields            []string
		allowed           bool
	}{
		{"the site's page", "wss://example.com/echo", origin, nil, true},
		{"on another port", "wss://example.com:8443/echo", "https://example.com:8443", nil, true},
		{"a page that is not by TLS", "wss://example.com/echo", "http://example.com", nil, false},
		{"another site's page", "wss://example.com/echo", "https://evil.example", nil, false},
		{"another port's page", "wss://example.com/echo", "https://example.com:8443", nil, false},
		{"without TrustedProxies", "wss://example.com/strict", origin, nil, false},
		{"a client that lies about its scheme", "wss://example.com/echo", "http://example.com", []string{"X-Forwarded-Proto", "http"}, false},
		{"a client that lies about its host", "wss://example.com/echo", "https://evil.example", []string{"X-Forwarded-Host", "evil.example"}, false},
		{"a client that lies as the standard has it", "wss://example.com/echo", "https://evil.example", []string{"Forwarded", "proto=https;host=evil.example"}, false},
	} {
		d := s.dialer()
		d.Header = http.Header{"Origin": {c.origin}}
		if c.fields != nil {
			d.Header[c.fields[0]] = c.fields[1:]
		}
		conn, err := d.Dial(ctx, c.url)
		if err == nil {
			conn.CloseNow()
		}
		e, _ := errors.AsType[*ws.HandshakeError](err)
		if (err == nil) != c.allowed || err != nil && (e == nil || e.Status != http.StatusForbidden && e.Status != http.StatusBadRequest) {
			t.Errorf("%s: %v, want allowed = %v", c.name, err, c.allowed)
		}
	}
}

// testCloses has close codes and reasons pass in both directions.
func testCloses(ctx context.Context, t *testing.T, s *site, app *backend) {
	_, _, err := s.dial(ctx, t, "/close").Read(ctx)
	if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != 4001 || e.Reason != "enough" || !e.Clean {
		t.Errorf("the client sees %v, want 4001", err)
	}
	if err := s.dial(ctx, t, "/echo?closes").Close(4002, "no more"); err != nil {
		t.Error(err)
	}
	err = next(ctx, app.ended("/echo?closes"))
	if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != 4002 || e.Reason != "no more" || !e.Clean {
		t.Errorf("the server sees %v, want 4002", err)
	}
	s.dial(ctx, t, "/echo?lost").CloseNow()
	err = next(ctx, app.ended("/echo?lost"))
	if ws.CloseStatus(err) != ws.StatusAbnormalClosure {
		t.Errorf("the server sees %v of a lost client, want 1006", err)
	}
}

func next(ctx context.Context, c <-chan error) error {
	select {
	case err := <-c:
		return err
	case <-ctx.Done():
		return fmt.Errorf("nothing: %w", ctx.Err())
	}
}

// crowd is one at a time, to bound the sockets that are open.
var crowd sync.Mutex

// testThousand has 1,000 connections open at once.
func testThousand(ctx context.Context, t *testing.T, s *site) {
	crowd.Lock()
	defer crowd.Unlock()
	const n, at = 1000, 20
	conns, errs := make([]*ws.Conn, n), make([]error, n)
	each := func(f func(i int) error) {
		var group sync.WaitGroup
		for k := range at {
			group.Go(func() {
				for i := k; i < n; i += at {
					if errs[i] == nil {
						errs[i] = f(i)
					}
				}
			})
		}
		group.Wait()
	}
	d := s.dialer()
	each(func(i int) (err error) {
		conns[i], err = d.Dial(ctx, "wss://example.com/echo")
		return err
	})
	each(func(i int) error { return there(ctx, conns[i], ws.MessageText, fmt.Append(nil, "I am ", i)) })
	each(func(i int) error { return conns[i].Close(ws.StatusNormalClosure, "") })
	failed := 0
	for i, c := range conns {
		if c != nil {
			c.CloseNow()
		}
		if errs[i] != nil {
			if failed++; failed < 4 {
				t.Errorf("connection %d: %v", i, errs[i])
			}
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d connections failed", failed, n)
	}
}
