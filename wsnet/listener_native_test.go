//go:build !js

package wsnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wsnet"
)

// argumentError returns the *ws.ArgumentError in what a panic was called with.
func argumentError(problem any) *ws.ArgumentError {
	err, _ := problem.(error)
	e, _ := errors.AsType[*ws.ArgumentError](err)
	return e
}

// refused dials, and returns the status of the response.
func refused(t *testing.T, url string, opts *ws.DialOptions) int {
	t.Helper()
	c, err := wsnet.Dial(t.Context(), url, opts)
	e, ok := errors.AsType[*ws.HandshakeError](err)
	if !ok || c != nil {
		t.Fatalf("Dial returned %v, %v", c, err)
	}
	return e.Status
}

// Above its backlog a Listener refuses, until Accept makes room. A request that
// is refused takes none.
func TestBacklog(t *testing.T) {
	l, url := listen(t, &wsnet.ListenerOptions{Backlog: 2})
	var clients []net.Conn
	dial := func() {
		c, err := wsnet.Dial(t.Context(), url, nil)
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, c)
	}
	defer func() {
		for _, c := range clients {
			wsnet.Unwrap(c).CloseNow()
		}
	}()
	for range 5 {
		if status := refused(t, url, &ws.DialOptions{Header: http.Header{"Origin": {"https://evil.example"}}}); status != http.StatusForbidden {
			t.Errorf("status %d for another site's page", status)
		}
	}
	dial()
	dial()
	if status := refused(t, url, nil); status != http.StatusServiceUnavailable {
		t.Errorf("status %d above the backlog", status)
	}
	for range 2 { // in any order: Dial returns before ServeHTTP does
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer wsnet.Unwrap(c).CloseNow()
		if !slices.ContainsFunc(clients, func(d net.Conn) bool { return d.LocalAddr().String() == c.RemoteAddr().String() }) {
			t.Errorf("accepted %v, whom nobody is", c.RemoteAddr())
		}
	}
	dial()
}

// Close ends Accept, tells those that wait, and refuses all others.
func TestListenerClose(t *testing.T) {
	l, url := listen(t, nil)
	accepted, server := sockets(t, l, url)
	waiting, err := wsnet.Dial(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if c, err := l.Accept(); c != nil || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept returned %v, %v", c, err)
	}
	if _, err := waiting.Read(make([]byte, 1)); ws.CloseStatus(err) != ws.StatusTryAgainLater {
		t.Errorf("a connection that waited ended with %v, want 1013", err)
	}
	waiting.Close()
	if status := refused(t, url, nil); status != http.StatusServiceUnavailable {
		t.Errorf("status %d after Close", status)
	}
	go io.WriteString(server, "still open")
	p := make([]byte, 10)
	if _, err := io.ReadFull(accepted, p); err != nil || string(p) != "still open" {
		t.Errorf("an accepted connection read %q, %v", p, err)
	}
	go accepted.Close()
	if _, err := server.Read(p); err != io.EOF {
		t.Errorf("its end: %v", err)
	}
	server.Close()
	if a := l.Addr(); a.Network() != "websocket" || a.String() != "unknown:0" {
		t.Errorf("the address is %v", a)
	}
}

// Close ends an Accept that waits.
func TestListenerCloseWhileAccepting(t *testing.T) {
	l := wsnet.NewListener(nil)
	done := make(chan error)
	go func() {
		_, err := l.Accept()
		done <- err
	}()
	l.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept returned %v", err)
	}
}

// A Listener of text, and of both subprotocols.
func TestListenerOptions(t *testing.T) {
	l, url := listen(t, &wsnet.ListenerOptions{Type: ws.MessageText, AcceptOptions: ws.AcceptOptions{Subprotocols: []string{"chat"}}})
	for offer, want := range map[string]string{"chat": "chat", wsnet.HalfClose: wsnet.HalfClose, "other": ""} {
		c, err := ws.Dial(t.Context(), url, &ws.DialOptions{Subprotocols: []string{offer}})
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := wsnet.Unwrap(server).Subprotocol(); got != want {
			t.Errorf("%q: agreed on %q", offer, got)
		}
		if _, ok := server.(closeWriter); ok != (want == wsnet.HalfClose) {
			t.Errorf("%q: has it a CloseWrite? %v", offer, ok)
		}
		go io.WriteString(server, "text")
		if typ, p, err := c.Read(t.Context()); typ != ws.MessageText || string(p) != "text" || err != nil {
			t.Errorf("the client read a %v message %q, %v", typ, p, err)
		}
		c.CloseNow()
		wsnet.Unwrap(server).CloseNow()
	}
}

// Servers and clients of package net take both ends: HTTP over WebSocket, with
// connections that are kept alive and used from several goroutines.
func TestHTTPOverIt(t *testing.T) {
	l, url := listen(t, nil)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Write(body)
	})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return wsnet.Dial(ctx, url, nil) },
	}}
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			want := string(random(100 << 10))
			for range 5 {
				r, err := client.Post("http://inside.example/", "text/plain", strings.NewReader(want))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r.Body)
				r.Body.Close()
				if err != nil || string(got) != want {
					t.Errorf("%d bytes came back, %v", len(got), err)
				}
			}
		})
	}
	calls.Wait()
	client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-served; err != http.ErrServerClosed {
		t.Errorf("Serve returned %v", err)
	}
}
