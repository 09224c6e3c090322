//go:build !js

package ws_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
)

// pending reads the handshake that raw is, over a connection in memory.
func pending(t *testing.T, raw string, opts *ws.AcceptOptions) (h *ws.PendingHandshake, client net.Conn, err error) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	go io.WriteString(far, raw)
	h, err = ws.ReadHandshake(within(t), near, opts)
	return h, far, err
}

// TestReadHandshake looks at a request, and accepts it with options that depend
// on it. What the client sent behind it is not lost.
func TestReadHandshake(t *testing.T) {
	h, client, err := pending(t, request("Cookie: user=ann", "Sec-WebSocket-Protocol: b, a")+"\x81\x85\x00\x00\x00\x00hello", nil)
	if err != nil {
		t.Fatal(err)
	}
	if h.Request.Target != "/chat?room=1" || h.Request.Header.Get("Cookie") != "user=ann" || h.Request.Host != "example.com" {
		t.Errorf("the request is %+v", h.Request)
	}
	accepted := make(chan *ws.Conn, 1)
	go func() {
		c, err := h.Accept(within(t), &ws.AcceptOptions{Subprotocols: []string{"a"}})
		if err != nil {
			t.Error(err)
		}
		accepted <- c
	}()
	res, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil || res.StatusCode != 101 || res.Header.Get("Sec-WebSocket-Protocol") != "a" {
		t.Fatalf("the answer is %+v, %v", res, err)
	}
	c := <-accepted
	defer c.CloseNow()
	hears(t, c, "hello")
	_, err = h.Accept(within(t), nil)
	asArgument(t, err, "h")
	asArgument(t, h.Refuse(nil), "h")
}

// TestPendingRefuse refuses what was read, with an answer of the program's
// choice or by itself, and what Accept does not let in.
func TestPendingRefuse(t *testing.T) {
	own := &ws.HandshakeError{Status: 401, Header: http.Header{"Www-Authenticate": {"Basic"}}, Body: []byte("log in\n")}
	for name, tt := range map[string]struct {
		raw    string
		answer func(h *ws.PendingHandshake) error
		status int
		body   string
	}{
		"own":                  {request(), func(h *ws.PendingHandshake) error { return h.Refuse(own) }, 401, "log in\n"},
		"nil":                  {request(), func(h *ws.PendingHandshake) error { return h.Refuse(nil) }, 403, ""},
		"10.2: another origin": {request("Origin: https://evil.example"), accepting(nil), 403, ""},
		"no handshake":         {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", accepting(nil), 426, ""},
		"by Check":             {request(), accepting(&ws.AcceptOptions{Check: func(*handshake.Request) error { return own }}), 401, "log in\n"},
		"options of no use":    {request(), accepting(&ws.AcceptOptions{OriginPatterns: []string{"/"}}), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h, client, err := pending(t, tt.raw, nil)
			if err != nil {
				t.Fatal(err)
			}
			errs := make(chan error, 1)
			go func() { errs <- tt.answer(h) }()
			client.SetDeadline(time.Now().Add(patience))
			r := bufio.NewReader(client)
			res, err := http.ReadResponse(r, nil)
			if tt.status == 0 {
				if err == nil {
					t.Errorf("it was answered with %d", res.StatusCode)
				}
				asArgument(t, <-errs, "OriginPatterns")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != tt.status || tt.body != "" && string(body) != tt.body {
				t.Errorf("the answer is %d %q, want %d %q", res.StatusCode, body, tt.status, tt.body)
			}
			if err := <-errs; err != nil && asHandshake(t, err).Status != tt.status {
				t.Errorf("the error is %v", err)
			}
			if _, err := r.ReadByte(); err != io.EOF {
				t.Errorf("the connection is not closed: %v", err)
			}
		})
	}
}

// TestPendingAcceptWithoutContext is an error like any other of Accept: the
// network connection is closed, and the handshake over.
func TestPendingAcceptWithoutContext(t *testing.T) {
	h, client, err := pending(t, request(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var none context.Context
	_, err = h.Accept(none, nil)
	asArgument(t, err, "ctx")
	client.SetDeadline(time.Now().Add(patience))
	if n, err := client.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the connection is not closed: %d bytes, %v", n, err)
	}
	asArgument(t, h.Refuse(nil), "h")
}

func accepting(opts *ws.AcceptOptions) func(*ws.PendingHandshake) error {
	return func(h *ws.PendingHandshake) error {
		c, err := h.Accept(context.Background(), opts)
		if err == nil {
			c.CloseNow()
		}
		return err
	}
}

// TestReadHandshakeBounds has a client say nothing, or not all: the time limit
// and the context hold for the reading, and for the answer that nobody takes.
func TestReadHandshakeBounds(t *testing.T) {
	for _, raw := range []string{"", request()[:30], request()} {
		for _, limit := range []time.Duration{0, 3 * time.Second, -1} {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				defer far.Close()
				go io.WriteString(far, raw)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				want := map[time.Duration]time.Duration{0: 10 * time.Second, 3 * time.Second: 3 * time.Second, -1: time.Minute}[limit]
				opts := &ws.AcceptOptions{HandshakeTimeout: limit}
				begun := time.Now()
				h, err := ws.ReadHandshake(ctx, near, opts)
				if raw == request() {
					if err != nil {
						t.Fatal(err)
					}
					_, err = h.Accept(ctx, opts)
				}
				if took := time.Since(begun); took != want || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%d bytes, limit %v: %v after %v, want the end after %v", len(raw), limit, err, took, want)
				}
				if _, err := far.Read(make([]byte, 1)); err != io.EOF && err != io.ErrClosedPipe {
					t.Errorf("the connection is not closed: %v", err)
				}
			})
		}
	}
	_, client, err := pending(t, "NO HTTP\r\n\r\n", nil)
	if e := asHandshake(t, err); e.Status != 400 {
		t.Errorf("no request: %v", err)
	}
	client.Close()
}
