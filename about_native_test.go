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
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// serverSides are the ways to make a server's connection. Each hands over the
// connections of a server, and returns the address to dial.
var serverSides = map[string]func(t *testing.T, n *census, opts *ws.AcceptOptions, secure bool, got chan<- *ws.Conn) string{
	"Accept": func(t *testing.T, n *census, opts *ws.AcceptOptions, secure bool, got chan<- *ws.Conn) string {
		return overHTTP(t, n, secure, func(w http.ResponseWriter, r *http.Request) {
			c, err := ws.Accept(w, r, opts)
			if err != nil {
				t.Error(err)
			}
			got <- c
		})
	},
	"Handler": func(t *testing.T, n *census, opts *ws.AcceptOptions, secure bool, got chan<- *ws.Conn) string {
		return overHTTP(t, n, secure, ws.Handler(func(_ context.Context, c *ws.Conn) {
			got <- c
			c.Read(context.Background()) // until the test ends it
		}, opts).ServeHTTP)
	},
	"Upgrade": func(t *testing.T, n *census, opts *ws.AcceptOptions, secure bool, got chan<- *ws.Conn) string {
		return overTCP(t, n, secure, got, func(nc net.Conn) (*ws.Conn, error) {
			return ws.Upgrade(context.Background(), nc, opts)
		})
	},
	"ReadHandshake": func(t *testing.T, n *census, opts *ws.AcceptOptions, secure bool, got chan<- *ws.Conn) string {
		return overTCP(t, n, secure, got, func(nc net.Conn) (*ws.Conn, error) {
			h, err := ws.ReadHandshake(context.Background(), nc, opts)
			if err != nil {
				return nil, err
			}
			return h.Accept(context.Background(), opts)
		})
	},
}

func overHTTP(t *testing.T, n *census, secure bool, h http.HandlerFunc) (addr string) {
	s, _ := n.serve(t, h, func(s *httptest.Server) {
		if secure {
			withTLS(s)
		}
	})
	return s.Listener.Addr().String()
}

func overTCP(t *testing.T, n *census, secure bool, got chan<- *ws.Conn, accept func(net.Conn) (*ws.Conn, error)) (addr string) {
	l := n.listen(t)
	if secure {
		certificate := httptest.NewUnstartedServer(nil)
		certificate.StartTLS() // only for its certificate
		certificate.Close()
		l = tls.NewListener(l, &tls.Config{Certificates: certificate.TLS.Certificates})
	}
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		c, err := accept(nc)
		if err != nil {
			t.Error(err)
		}
		got <- c
	}()
	return l.Addr().String()
}

// TestConnTells asks both ends of a connection what they know of it, however it
// was made: addresses, URL, the answer's header, extensions (RFC 6455 section
// 9.1, RFC 7692 section 7).
func TestConnTells(t *testing.T) {
	for name, serve := range serverSides {
		for _, secure := range []bool{false, true} {
			for _, compressed := range []bool{false, true} {
				t.Run(name+map[bool]string{true: ", TLS"}[secure]+map[bool]string{true: ", compressed"}[compressed], func(t *testing.T) {
					n := newCensus(t)
					opts := &ws.AcceptOptions{Header: http.Header{"X-Own": {"1", "2"}}}
					d := n.dialer()
					want := ""
					if compressed {
						opts.Compression = &ws.Compression{ServerMaxWindowBits: 12}
						d.Compression = &ws.Compression{ClientMaxWindowBits: 11}
						want = "permessage-deflate"
					}
					got := make(chan *ws.Conn, 1)
					addr := serve(t, n, opts, secure, got)
					u := "ws://" + addr + "/chat?room=1"
					if secure {
						u = "wss" + strings.TrimPrefix(u, "ws")
						d.TLSConfig = &tls.Config{InsecureSkipVerify: true}
					}
					c, err := d.Dial(within(t), strings.Replace(u, "://", "://user:secret@", 1))
					if err != nil {
						t.Fatal(err)
					}
					defer c.CloseNow()
					s := <-got
					defer s.CloseNow()
					if c.RemoteAddr().String() != addr || s.LocalAddr().String() != addr || c.LocalAddr().String() != s.RemoteAddr().String() {
						t.Errorf("the client is at %v and calls %v, the server is at %v and is called by %v; it listens at %s",
							c.LocalAddr(), c.RemoteAddr(), s.LocalAddr(), s.RemoteAddr(), addr)
					}
					if c.URL() != u || s.URL() != "" {
						t.Errorf("URL = %q and %q, want %q and none", c.URL(), s.URL(), u)
					}
					h := http.Header(c.ResponseHeader())
					if !slices.Equal(h.Values("X-Own"), []string{"1", "2"}) || h.Get("Upgrade") != "websocket" || s.ResponseHeader() != nil {
						t.Errorf("ResponseHeader = %v and %v", h, s.ResponseHeader())
					}
					sent := h.Get("Sec-WebSocket-Extensions")
					if c.Extensions() != sent || s.Extensions() != sent {
						t.Errorf("Extensions = %q and %q, the answer says %q", c.Extensions(), s.Extensions(), sent)
					}
					if es, err := handshake.ParseExtensions([]string{sent}); want != "" && (err != nil || len(es) != 1 || es[0].Name != want) || want == "" && sent != "" {
						t.Errorf("the answer's extensions are %q, %v; want %q", sent, err, want)
					}
				})
			}
		}
	}
}

// TestExtensionsAreTheAnswers has each side use less than was agreed to, and
// tell what was: the answer's value (RFC 7692 section 7.1). Here the answer
// names neither window, while the client uses 9 bits for what it sends.
func TestExtensionsAreTheAnswers(t *testing.T) {
	for _, answer := range []string{"permessage-deflate", "permessage-deflate; server_no_context_takeover",
		"permessage-deflate; server_max_window_bits=10; client_max_window_bits=15"} {
		d := pipe(func(nc net.Conn, r *http.Request) {
			io.WriteString(nc, switching(r, "Sec-WebSocket-Extensions: "+answer))
			io.Copy(io.Discard, nc)
		})
		d.Compression = &ws.Compression{ClientMaxWindowBits: 9, ClientNoContextTakeover: true}
		c, err := d.Dial(within(t), "ws://example.com/")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Extensions(); got != answer {
			t.Errorf("Extensions = %q, want the answer's %q", got, answer)
		}
		c.CloseNow()
	}
}

// TestConnTellsOfNoSocket has a transport whose addresses are what it says.
func TestConnTellsOfNoSocket(t *testing.T) {
	client, server := pair(t, nil)
	for _, c := range []*ws.Conn{client, server} {
		if c.RemoteAddr().Network() != "pipe" || c.LocalAddr().Network() != "pipe" {
			t.Errorf("addresses %v and %v, want those of net.Pipe", c.RemoteAddr(), c.LocalAddr())
		}
	}
	if got := client.URL(); got != "ws://example.com/" {
		t.Errorf("URL = %q", got)
	}
}

// TestConnContext ends a connection in every way: its context, asked for before
// and after, has the connection's error as its cause.
func TestConnContext(t *testing.T) {
	second := time.Second
	for name, tt := range map[string]struct {
		end  func(c, peer *ws.Conn)
		want func(err *ws.CloseError) bool
	}{
		"the peer closes": {func(_, peer *ws.Conn) { peer.Close(4001, "bye") },
			func(e *ws.CloseError) bool { return e.Code == 4001 && e.Reason == "bye" && e.Clean && !e.Local }},
		"Close": {func(c, _ *ws.Conn) { c.Close(4002, "") },
			func(e *ws.CloseError) bool { return e.Code == 4002 && e.Clean && e.Local }},
		"CloseNow": {func(c, _ *ws.Conn) { c.CloseNow() },
			func(e *ws.CloseError) bool { return e.Code == -1 && !e.Clean && e.Local && e.Cause == nil }},
		"a broken stream": {func(_, peer *ws.Conn) { peer.CloseNow() },
			func(e *ws.CloseError) bool { return e.Code == 1006 && !e.Clean && !e.Local && e.Cause != nil }},
		"keepalive": {func(c, _ *ws.Conn) { time.Sleep(3 * second) }, // of the bubble's time
			func(e *ws.CloseError) bool { return !e.Clean && errors.Is(e, ws.ErrKeepaliveTimeout) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, peer := pair(t, &ws.AcceptOptions{Keepalive: &ws.Keepalive{Idle: second, Timeout: second}})
				c, peer = peer, c // c is the server
				ctx := c.Context()
				if ctx.Err() != nil || context.Cause(ctx) != nil || ctx != c.Context() {
					t.Errorf("an open connection's context: %v, cause %v", ctx.Err(), context.Cause(ctx))
				}
				if _, limited := ctx.Deadline(); limited {
					t.Error("the context has a deadline")
				}
				reads := make(chan error, 1)
				go func() { _, _, err := c.Read(context.Background()); reads <- err }()
				if name != "keepalive" { // whose peer is silent
					go peer.Read(context.Background())
				}
				synctest.Wait()
				tt.end(c, peer)
				<-ctx.Done()
				read, ok := errors.AsType[*ws.CloseError](<-reads)
				for when, x := range map[string]context.Context{"before": ctx, "after": c.Context()} {
					e, is := errors.AsType[*ws.CloseError](context.Cause(x))
					if !ok || !is || !tt.want(e) || *e != *read || x.Err() != context.Canceled {
						t.Errorf("asked for %s the end: Err = %v, Cause = %#v, Read = %#v", when, x.Err(), e, read)
					}
				}
			})
		})
	}
}
