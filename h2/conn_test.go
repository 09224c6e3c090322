package h2_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/h2"
)

// Messages of all sizes, over one connection for all WebSockets.
func TestEcho(t *testing.T) {
	var mu sync.Mutex
	from := map[string]bool{}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		from[r.RemoteAddr] = true
		mu.Unlock()
		if r.ProtoMajor != 2 {
			t.Errorf("the request came by %s", r.Proto)
		}
		ws.Handler(echo, unlimited).ServeHTTP(w, r)
	}))
	d := s.dialer(t, &h2.Transport{})
	d.ReadLimit = -1
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			c, err := d.Dial(t.Context(), s.url("/"))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			if v := c.HTTPVersion(); v != "HTTP/2.0" {
				t.Errorf("HTTPVersion is %q", v)
			}
			for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20, 5 << 20} {
				if size > 1<<20 && i > 2 {
					break
				}
				p := bytes.Repeat([]byte{byte('a' + i%26)}, size)
				go c.Write(t.Context(), ws.MessageText, p)
				typ, got, err := c.Read(t.Context())
				if err != nil || typ != ws.MessageText || !bytes.Equal(got, p) {
					t.Errorf("%d bytes: got %v of %d bytes, %v", size, typ, len(got), err)
					return
				}
			}
			if err := c.Close(ws.StatusNormalClosure, "bye"); err != nil {
				t.Errorf("Close = %v", err)
			}
		})
	}
	all.Wait()
	if len(from) != 1 {
		t.Errorf("50 WebSockets came over %d connections, want 1", len(from))
	}
}

// A refusal's status, header and body are in the *HandshakeError.
func TestRefusal(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Reason", "none")
		http.Error(w, "not today", http.StatusForbidden)
	}))
	d := s.dialer(t, &h2.Transport{})
	for range 3 {
		_, err := d.Dial(t.Context(), s.url("/"))
		e := handshakeError(t, err)
		if e.Status != 403 || string(e.Body) != "not today\n" || http.Header(e.Header).Get("X-Reason") != "none" {
			t.Errorf("got %d %q %v", e.Status, e.Body, e.Header)
		}
	}
}

func handshakeError(t *testing.T, err error) *ws.HandshakeError {
	t.Helper()
	for e := err; e != nil; {
		if h, ok := e.(*ws.HandshakeError); ok {
			return h
		}
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = u.Unwrap()
	}
	t.Fatalf("the error is %v, want a *HandshakeError", err)
	return nil
}

// A server without HTTP/2: the Dialer falls back if it is told to.
func TestFallbackDials(t *testing.T) {
	for _, fallback := range []bool{true, false} {
		t.Run(fmt.Sprint(fallback), func(t *testing.T) {
			s := serve1(t, ws.Handler(echo, nil))
			d := s.dialer(t, &h2.Transport{Fallback: fallback})
			for range 2 {
				c, err := d.Dial(t.Context(), s.url("/"))
				if !fallback {
					if handshakeError(t, err).Status != 0 {
						t.Error(err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if v := c.HTTPVersion(); v != "HTTP/1.1" {
					t.Errorf("HTTPVersion is %q, want HTTP/1.1", v)
				}
				c.CloseNow()
			}
		})
	}
}

// Compression and subprotocols are negotiated as over HTTP/1.1.
func TestNegotiation(t *testing.T) {
	s := serve(t, ws.Handler(echo, &ws.AcceptOptions{Subprotocols: []string{"chat"}, Compression: &ws.Compression{}}))
	d := s.dialer(t, &h2.Transport{})
	d.Subprotocols = []string{"chat", "other"}
	d.Compression = &ws.Compression{}
	c, err := d.Dial(t.Context(), s.url("/"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if c.Subprotocol() != "chat" || http.Header(c.ResponseHeader()).Get("Sec-WebSocket-Extensions") == "" {
		t.Errorf("subprotocol %q, header %v", c.Subprotocol(), c.ResponseHeader())
	}
	text := bytes.Repeat([]byte("compress me "), 1000)
	if err := c.Write(t.Context(), ws.MessageText, text); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.Read(t.Context()); err != nil || !bytes.Equal(got, text) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

// h2c by prior knowledge (RFC 9113 section 3.3).
func TestPriorKnowledge(t *testing.T) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	url := serveProtocols(t, &protocols, ws.Handler(echo, nil))
	tr := &h2.Transport{PriorKnowledge: true}
	defer tr.Close()
	d := &ws.Dialer{OpenStream: tr.OpenStream}
	c, err := d.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(context.Background(), ws.MessageText, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, got, err := c.Read(t.Context()); err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}
