//go:build !js

package wasmtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"nhooyr.io/websocket"

	"github.com/twinws/ws"
)

// accepted serves connections in each way, and returns the URLs to dial.
func accepted(t *testing.T, serve func(*ws.Conn)) map[string]string {
	opts := &ws.AcceptOptions{Subprotocols: []string{"twin"}, ReadLimit: -1}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, opts)
		if err != nil {
			t.Error(err)
			return
		}
		serve(c)
	}))
	t.Cleanup(h.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				c, err := ws.Upgrade(context.Background(), nc, opts)
				if err != nil {
					t.Error(err)
					return
				}
				serve(c)
			}()
		}
	}()
	return map[string]string{"Accept": wsURL(h), "Upgrade": "ws://" + l.Addr().String()}
}

// withPeer runs a test with nhooyr's client against each way of accepting.
func withPeer(t *testing.T, serve func(*testing.T, *ws.Conn), client func(context.Context, *testing.T, *websocket.Conn)) {
	for _, way := range []string{"Accept", "Upgrade"} {
		t.Run(way, func(t *testing.T) {
			served := make(chan struct{})
			url := accepted(t, func(c *ws.Conn) {
				defer close(served)
				defer c.CloseNow()
				serve(t, c)
			})[way]
			ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
			defer cancel()
			c, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"other", "twin"}})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			c.SetReadLimit(-1)
			if c.Subprotocol() != "twin" {
				t.Errorf("agreed on %q", c.Subprotocol())
			}
			client(ctx, t, c)
			select {
			case <-served:
			case <-ctx.Done():
				t.Error("the server has not ended")
			}
		})
	}
}

// TestPeerIsEchoed has the independent peer as its client: every form of
// length, text and binary, in both directions (RFC 6455 section 5.2).
func TestPeerIsEchoed(t *testing.T) {
	withPeer(t, func(t *testing.T, c *ws.Conn) {
		for {
			typ, p, err := c.Read(t.Context())
			if err != nil {
				if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != 4000 || e.Reason != "done" || !e.Clean || e.Local {
					t.Errorf("the server's Read returned %v", err)
				}
				return
			}
			if err := c.Write(t.Context(), typ, p); err != nil {
				t.Error(err)
			}
		}
	}, func(ctx context.Context, t *testing.T, c *websocket.Conn) {
		for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			for _, typ := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
				p := bytes.Repeat([]byte("x"), n)
				if err := c.Write(ctx, typ, p); err != nil {
					t.Fatal(err)
				}
				gotTyp, got, err := c.Read(ctx)
				if err != nil || gotTyp != typ || !bytes.Equal(got, p) {
					t.Fatalf("%v of %d bytes came back as %v of %d, %v", typ, n, gotTyp, len(got), err)
				}
			}
		}
		if err := c.Close(4000, "done"); err != nil {
			t.Errorf("the peer's Close: %v", err)
		}
	})
}

// TestPeerSeesOurClose closes on our side first, also with codes that only
// servers send (RFC 6455 section 7.4.1).
func TestPeerSeesOurClose(t *testing.T) {
	for _, code := range []ws.StatusCode{1000, 1001, 1008, 1011, 1013, 3000, 4999} {
		t.Run(code.String(), func(t *testing.T) {
			withPeer(t, func(t *testing.T, c *ws.Conn) {
				if err := c.Close(code, "bye"); err != nil {
					t.Errorf("Close: %v", err)
				}
			}, func(ctx context.Context, t *testing.T, c *websocket.Conn) {
				_, _, err := c.Read(ctx)
				if e, ok := errors.AsType[websocket.CloseError](err); !ok || ws.StatusCode(e.Code) != code || e.Reason != "bye" {
					t.Errorf("the peer's Read returned %v", err)
				}
			})
		})
	}
}

// TestPeerPings sends pings in both directions at once, while both sides read
// (RFC 6455 section 5.5.2).
func TestPeerPings(t *testing.T) {
	withPeer(t, func(t *testing.T, c *ws.Conn) {
		read := make(chan struct{})
		go func() {
			defer close(read)
			if _, p, err := c.Read(t.Context()); string(p) != "pinged" || err != nil {
				t.Errorf("Read returned %q, %v", p, err)
			}
		}()
		for i := range 3 {
			if err := c.Ping(t.Context()); err != nil {
				t.Errorf("our ping %d: %v", i, err)
			}
		}
		<-read
		if err := c.Close(1000, ""); err != nil {
			t.Errorf("Close: %v", err)
		}
	}, func(ctx context.Context, t *testing.T, c *websocket.Conn) {
		read := make(chan error, 1)
		go func() {
			_, _, err := c.Read(ctx) // answers our pings
			read <- err
		}()
		for i := range 3 {
			if err := c.Ping(ctx); err != nil {
				t.Errorf("the peer's ping %d: %v", i, err)
			}
		}
		if err := c.Write(ctx, websocket.MessageText, []byte("pinged")); err != nil {
			t.Error(err)
		}
		if err := <-read; websocket.CloseStatus(err) != 1000 {
			t.Errorf("the peer's Read returned %v", err)
		}
	})
}

// TestPeerReadsOurStream sends a message in fragments through a Writer of ours,
// and one of the peer's (RFC 6455 section 5.4).
func TestPeerReadsOurStream(t *testing.T) {
	var msg []byte
	for i := range 50_000 {
		msg = fmt.Appendf(msg, "%d,", i)
	}
	withPeer(t, func(t *testing.T, c *ws.Conn) {
		_, p, err := c.Read(t.Context())
		if err != nil || !bytes.Equal(p, msg) {
			t.Errorf("got %d bytes, %v", len(p), err)
		}
		w, err := c.Writer(t.Context(), ws.MessageText)
		if err != nil {
			t.Error(err)
			return
		}
		for rest := p; len(rest) > 0; {
			n := min(len(rest), 777)
			if _, err := w.Write(rest[:n]); err != nil {
				t.Error(err)
				return
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Close(1000, ""); err != nil {
			t.Errorf("Close: %v", err)
		}
	}, func(ctx context.Context, t *testing.T, c *websocket.Conn) {
		w, err := c.Writer(ctx, websocket.MessageText)
		if err != nil {
			t.Fatal(err)
		}
		for rest := msg; len(rest) > 0; {
			n := min(len(rest), 12_345)
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if _, got, err := c.Read(ctx); err != nil || !bytes.Equal(got, msg) {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		if _, _, err := c.Read(ctx); websocket.CloseStatus(err) != 1000 {
			t.Errorf("the peer's Read returned %v", err)
		}
	})
}
