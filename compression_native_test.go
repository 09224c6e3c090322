//go:build !js

package ws_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// counting counts what a connection writes.
type counting struct {
	net.Conn
	n int
}

func (c *counting) Write(p []byte) (int, error) {
	c.n += len(p)
	return c.Conn.Write(p)
}

// compressed connects a client to an echo server, both with their options.
func compressed(t *testing.T, client, server *ws.Compression) (*ws.Conn, *counting) {
	t.Helper()
	a, b := net.Pipe()
	go func() {
		c, err := ws.Upgrade(context.Background(), b, &ws.AcceptOptions{Compression: server, ReadLimit: 1 << 22})
		if err != nil {
			t.Error(err)
			return
		}
		for {
			typ, p, err := c.Read(context.Background())
			if err != nil {
				return
			}
			c.Write(context.Background(), typ, p)
		}
	}()
	wire := &counting{Conn: a}
	d := ws.Dialer{DialOptions: ws.DialOptions{Compression: client, ReadLimit: 1 << 22},
		NetDial: func(context.Context, string, string) (net.Conn, error) { return wire, nil }}
	c, err := d.Dial(within(t), "ws://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c, wire
}

func TestCompression(t *testing.T) {
	tests := []struct {
		name           string
		client, server *ws.Compression
		small          bool // a second message of the same text costs next to nothing
		on             bool
	}{
		{"both", &ws.Compression{}, &ws.Compression{}, true, true},
		{"client alone", &ws.Compression{}, nil, false, false},
		{"server alone", nil, &ws.Compression{}, false, false},
		{"client without takeover", &ws.Compression{ClientNoContextTakeover: true}, &ws.Compression{}, false, true},
		{"server wants none from the client", &ws.Compression{}, &ws.Compression{ClientNoContextTakeover: true}, false, true},
		{"small windows", &ws.Compression{ClientMaxWindowBits: 9, ServerMaxWindowBits: 8}, &ws.Compression{}, false, true},
		{"large windows", &ws.Compression{ClientMaxWindowBits: 15, ServerMaxWindowBits: 15}, &ws.Compression{ClientMaxWindowBits: 15}, true, true},
	}
	random := make([]byte, 3000)
	rand.Read(random)
	long := []byte(strings.Repeat(`{"name":"value","number":12345},`, 10_000))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, wire := compressed(t, test.client, test.server)
			var varied []byte
			for i := range 100 {
				varied = append(varied, strings.Repeat(string(rune('a'+i%26)), i%7)+time.Duration(i*i*i).String()...)
			}
			var cost [3]int
			for i := range cost {
				before := wire.n
				echoes(t, c, ws.MessageText, varied)
				cost[i] = wire.n - before
			}
			if on := cost[0] < len(varied)*3/4; on != test.on {
				t.Errorf("%d bytes cost %d on the wire; compressed: %v, want %v", len(varied), cost[0], on, test.on)
			}
			if small := cost[2] < 60; small != test.small {
				t.Errorf("said again it cost %d on the wire; refers to what came before: %v, want %v", cost[2], small, test.small)
			}
			before := wire.n
			echoes(t, c, ws.MessageBinary, random)
			if n := wire.n - before; n > len(random)+20 {
				t.Errorf("%d random bytes cost %d on the wire", len(random), n)
			}
			for _, p := range [][]byte{nil, []byte("x"), long, varied} {
				echoes(t, c, ws.MessageText, p)
			}
			streamed(t, c, long)
			streamed(t, c, varied)
			echoes(t, c, ws.MessageText, varied)
		})
	}
}

func echoes(t *testing.T, c *ws.Conn, typ ws.MessageType, p []byte) {
	t.Helper()
	sent := make(chan error, 1)
	go func() { sent <- c.Write(t.Context(), typ, p) }()
	got, q, err := c.Read(t.Context())
	if err != nil || got != typ || !bytes.Equal(p, q) || len(q) != cap(q) && len(q) < cap(q)*7/8 {
		t.Fatalf("echo of %d bytes: %v, %d bytes in memory of %d, %v", len(p), got, len(q), cap(q), err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// streamed echoes p through Writer and Reader.
func streamed(t *testing.T, c *ws.Conn, p []byte) {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		w, err := c.Writer(t.Context(), ws.MessageText)
		if err == nil {
			_, err = io.Copy(w, struct{ io.Reader }{bytes.NewReader(p)})
			err = errors.Join(err, w.Close())
		}
		sent <- err
	}()
	_, r, err := c.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if q, err := io.ReadAll(r); err != nil || !bytes.Equal(p, q) {
		t.Fatalf("stream of %d bytes: %d bytes, %v", len(p), len(q), err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestCompressionOptionsAreChecked(t *testing.T) {
	bad := &ws.Compression{ServerMaxWindowBits: 7}
	_, err := ws.Dial(t.Context(), "ws://127.0.0.1:1/", &ws.DialOptions{Compression: bad})
	var e *ws.ArgumentError
	if !errors.As(err, &e) {
		t.Errorf("Dial = %v, want an ArgumentError", err)
	}
	a, b := net.Pipe()
	defer a.Close()
	if _, err := ws.Upgrade(t.Context(), b, &ws.AcceptOptions{Compression: bad}); !errors.As(err, &e) {
		t.Errorf("Upgrade = %v, want an ArgumentError", err)
	}
}
