//go:build !js

package ws

import (
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/twinws/ws/internal/engine"
)

// A Conn that nobody refers to any more lets its socket go, as package net
// closes it: nothing here keeps it, neither a goroutine nor a timer.
func TestDroppedConnIsClosed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	b := new(engine.Conn)
	initEngine(b, nc, nil, &engine.Config{ReadLimit: -1}, nil)
	c := own(b)
	nc = nil
	if err := c.Write(t.Context(), MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(peer, make([]byte, 2+len("hello"))); err != nil {
		t.Fatal(err)
	}
	if n := c.ReadBuffered(); n != 0 {
		t.Errorf("ReadBuffered = %d: natively nothing is buffered", n)
	}
	c = nil
	gone := make(chan error, 1)
	go func() {
		_, err := peer.Read(make([]byte, 1))
		gone <- err
	}()
	end := time.Now().Add(time.Minute)
	for time.Now().Before(end) {
		runtime.GC()
		tick := time.NewTimer(time.Millisecond)
		select {
		case err := <-gone:
			if !errors.Is(err, io.EOF) {
				t.Errorf("the peer reads %v, want the end", err)
			}
			return
		case <-tick.C:
		}
	}
	t.Error("the socket of a dropped Conn is still open")
}
