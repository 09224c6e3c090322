//go:build unix

package engine

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// TestLingerSocket closes with a peer that keeps its socket open: Read and
// Close have returned, and the socket is closed when the peer does so, or
// later. The close frame arrives, though bytes come behind the peer's own.
func TestLingerSocket(t *testing.T) {
	for _, obliging := range []bool{true, false} {
		eachSocket(t, Config{}, func(t *testing.T, c *Conn, far net.Conn) {
			r := &rig{T: t, c: c}
			closed := start(func() error { return c.Close(1000, "") })
			if _, err := io.ReadFull(far, make([]byte, 4)); err != nil { // the close frame
				t.Fatal(err)
			}
			far.Write(append(r.close(1000, ""), make([]byte, smallBlock)...))
			if err := closed(); err != nil {
				t.Errorf("Close: %v", err)
			}
			_, _, err := c.ReadAppend(background, nil)
			wantCloseError(t, "Read", err, api.CloseError{Code: 1000, Local: true, Clean: true})
			if n, err := far.Read(make([]byte, 1)); n > 0 || err != io.EOF {
				t.Errorf("behind the close frame: %d bytes, %v; want the end of the server's half", n, err)
			}
			if obliging {
				far.Close()
			}
			wantEnded(t, c.transport)
		})
	}
}

// wantEnded waits until a socket is closed.
func wantEnded(t *testing.T, s Transport) {
	t.Helper()
	raw, err := s.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx := within(t); raw.Control(func(uintptr) {}) == nil; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the socket is not closed")
		}
	}
}

// TestLingerBounded has as many streams linger as may: the next is closed at
// once.
func TestLingerBounded(t *testing.T) {
	near, far := socketPair(t, "tcp")
	lingers.sockets.Add(lingerSockets)
	linger(near)
	wantEnded(t, near)
	if n := lingers.sockets.Add(-lingerSockets); n < 0 {
		t.Errorf("%d sockets linger", n)
	}
	far.Close()

	a, b := net.Pipe()
	defer b.Close()
	lingers.others.Add(lingerOthers)
	linger(a)
	if n, err := b.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		t.Errorf("the pipe gives %d bytes, %v", n, err)
	}
	lingers.others.Add(-lingerOthers)
}
