//go:build !js

package ws_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/frame"
)

// pair returns the two ends of a connection in memory, a client's and a
// server's.
func pair(t *testing.T, opts *ws.AcceptOptions) (client, server *ws.Conn) {
	t.Helper()
	near, far := net.Pipe()
	accepted := make(chan *ws.Conn, 1)
	go func() {
		c, err := ws.Upgrade(t.Context(), far, opts)
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	d := &ws.Dialer{Proxy: noProxy, NetDial: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
	client, err := d.Dial(t.Context(), "ws://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() { client.CloseNow(); server.CloseNow() })
	return client, server
}

// readAnswer reads the head of a response byte by byte, and nothing behind it.
func readAnswer(t *testing.T, nc net.Conn) {
	t.Helper()
	var head []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, b...) {
		if _, err := nc.Read(b); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPassedDeadline has the error of a call whose deadline has passed look
// like one of package net, to all who ask for that.
func TestPassedDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err := c.Read(ctx)
		e, ok := err.(net.Error)
		if !ok || !e.Timeout() || !os.IsTimeout(err) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ws.ErrClosed) {
			t.Errorf("Read: %v is not a time-out in every way", err)
		}
		cancelled, stop := context.WithCancel(t.Context())
		stop()
		if _, _, err := c.Read(cancelled); os.IsTimeout(err) || !errors.Is(err, context.Canceled) {
			t.Errorf("Read: %v, cancelled and no time-out", err)
		}
		if _, _, err := c.Reader(ctx); !os.IsTimeout(err) {
			t.Errorf("Reader: %v", err)
		}
		if err := c.Ping(ctx); !os.IsTimeout(err) {
			t.Errorf("Ping: %v", err)
		}
	})
}

// TestEndedIsNoTimeout ends a connection by a context that cut a message off,
// by the keepalive, by the write time limit, by a Close that waited in vain. A
// loop that goes on after time-outs, as gorilla/websocket's users write them,
// must not go on for ever.
func TestEndedIsNoTimeout(t *testing.T) {
	second := time.Second
	for name, end := range map[string]func(c *ws.Conn, ctx context.Context) error{
		"a Write cut off":     func(c *ws.Conn, ctx context.Context) error { return c.Write(ctx, ws.MessageBinary, make([]byte, 100)) },
		"a Close in vain":     func(c *ws.Conn, ctx context.Context) error { return c.CloseContext(ctx, 1000, "") },
		"the write limit":     func(c *ws.Conn, _ context.Context) error { return c.Write(context.Background(), ws.MessageBinary, nil) },
		"the keepalive limit": func(c *ws.Conn, _ context.Context) error { _, _, err := c.Read(context.Background()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				accepted := make(chan *ws.Conn, 1)
				go func() {
					c, err := ws.Upgrade(t.Context(), near, &ws.AcceptOptions{WriteTimeout: 2 * second, Keepalive: &ws.Keepalive{Idle: second, Timeout: second}})
					if err != nil {
						t.Error(err)
					}
					accepted <- c
				}()
				go io.WriteString(far, request())
				readAnswer(t, far)
				c := <-accepted
				defer c.CloseNow()
				ctx, cancel := context.WithTimeout(t.Context(), second)
				defer cancel()
				if name == "a Write cut off" {
					go io.ReadFull(far, make([]byte, 3)) // a part of the message
				}
				first := end(c, ctx)
				if !errors.Is(first, ws.ErrClosed) {
					t.Errorf("the connection goes on: %v", first)
				}
				if own := name == "a Write cut off" || name == "a Close in vain"; errors.Is(first, context.DeadlineExceeded) != own {
					t.Errorf("%v: matches its own context: want %v", first, own)
				}
				_, _, read := c.Read(t.Context())
				for what, err := range map[string]error{"Read": read, "Write": c.Write(t.Context(), ws.MessageText, nil), "Ping": c.Ping(t.Context()), "Close": c.Close(1000, "")} {
					if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || os.IsTimeout(err) {
						t.Errorf("%s: %v looks like a time-out, or like none at all", what, err)
					}
				}
			})
		})
	}
}

// TestEndedHere has the errors of a connection that this side ended be told
// from those of one that broke, whose status is 1006 (RFC 6455 section 7.1.5).
func TestEndedHere(t *testing.T) {
	for name, end := range map[string]func(c, peer *ws.Conn) (status ws.StatusCode){
		"CloseNow":         func(c, _ *ws.Conn) ws.StatusCode { c.CloseNow(); return -1 },
		"Close, answered":  func(c, _ *ws.Conn) ws.StatusCode { c.Close(4000, ""); return 4000 },
		"the peer closed":  func(_, peer *ws.Conn) ws.StatusCode { go peer.Close(4001, ""); return 4001 },
		"the peer is gone": func(_, peer *ws.Conn) ws.StatusCode { peer.CloseNow(); return ws.StatusAbnormalClosure },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, peer := pair(t, nil)
				go peer.Read(t.Context())
				want := end(c, peer)
				_, _, err := c.Read(t.Context())
				if got := ws.CloseStatus(err); got != want {
					t.Errorf("CloseStatus(%v) = %d, want %d", err, got, want)
				}
				if here := strings.HasPrefix(name, "Close"); errors.Is(err, net.ErrClosed) != here {
					t.Errorf("%v matches net.ErrClosed: want %v", err, here)
				}
				if plain := "ws: read: the connection was closed by this side"; want == -1 && err.Error() != plain {
					t.Errorf("the text is %q, want %q", err, plain)
				}
				if !errors.Is(err, ws.ErrClosed) {
					t.Errorf("%v does not match ErrClosed", err)
				}
			})
		})
	}
}

// TestCloseIsBackAtOnce has the peer read the server's close frame and keep its
// connection open: Read and Close do not wait for it (RFC 6455 section 7.1.1
// lets a server end the connection at once).
func TestCloseIsBackAtOnce(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS() // only for its certificate
	certificate.Close()
	for _, secure := range []bool{false, true} {
		for _, order := range [][]string{{"Read", "Close"}, {"Close", "Read"}} {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				if secure {
					near = tls.Server(near, &tls.Config{Certificates: certificate.TLS.Certificates})
					far = tls.Client(far, &tls.Config{InsecureSkipVerify: true})
				}
				accepted := make(chan *ws.Conn, 1)
				go func() {
					c, err := ws.Upgrade(t.Context(), near, nil)
					if err != nil {
						t.Error(err)
					}
					accepted <- c
				}()
				go io.WriteString(far, request())
				readAnswer(t, far)
				go io.Copy(io.Discard, far)
				c := <-accepted
				begun := time.Now()
				closing := append(frame.AppendHeader(nil, frame.Header{Fin: true, Opcode: frame.OpClose, Masked: true, Length: 2}), 3, 0xE8)
				go far.Write(closing)
				for _, call := range order {
					if call == "Close" {
						if err := c.Close(1000, ""); err != nil {
							t.Errorf("Close: %v", err)
						}
					} else if _, _, err := c.Read(t.Context()); ws.CloseStatus(err) != 1000 {
						t.Errorf("Read: %v", err)
					}
				}
				if took := time.Since(begun); took > 0 {
					t.Errorf("TLS %v: %v took %v", secure, order, took)
				}
			})
		}
	}
}
