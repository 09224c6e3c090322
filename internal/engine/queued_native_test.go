//go:build linux

package engine

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"
)

// TestUnsent asks the system for what the peer has not taken, of sockets and of
// TLS over them: something while it reads nothing, and nothing once it has read
// all.
func TestUnsent(t *testing.T) {
	for network := range sockets {
		for _, secure := range []bool{false, true} {
			near, far := socketPair(t, network)
			s := Stream(near)
			if secure {
				s = below{tls.Client(near, &tls.Config{}), near} // no handshake: what is asked is the socket
			}
			c := New(s, Config{})
			if n, known := c.unsent(); n != 0 || !known {
				t.Errorf("%s, TLS %v, new: %d, %v; want 0", network, secure, n, known)
			}
			var sent int64
			near.SetWriteDeadline(time.Now().Add(time.Second / 10))
			for err := error(nil); err == nil; {
				var n int
				n, err = near.Write(make([]byte, 64<<10)) // until neither system takes more
				sent += int64(n)
			}
			if n, known := c.unsent(); n <= pingSize || !known {
				t.Errorf("%s, TLS %v, full: %d, %v", network, secure, n, known)
			}
			far.SetReadDeadline(time.Now().Add(socketPatience))
			if _, err := io.CopyN(io.Discard, far, sent); err != nil {
				t.Fatal(err)
			}
			tick := time.NewTicker(time.Millisecond)
			for ctx := within(t); ; <-tick.C {
				n, _ := c.unsent()
				if n == 0 {
					break
				}
				if ctx.Err() != nil {
					t.Fatalf("%s, TLS %v, empty: %d", network, secure, n)
				}
			}
			tick.Stop()
		}
	}
}

// below is a TLS connection as the root hands it over.
type below struct {
	*tls.Conn
	nc net.Conn
}

func (b below) NetConn() net.Conn { return b.nc }

// TestUnsentUnknown has streams in memory, which tell nothing.
func TestUnsentUnknown(t *testing.T) {
	a, _ := net.Pipe()
	c := New(a, Config{})
	if n, known := c.unsent(); n != 0 || known {
		t.Errorf("%d, %v", n, known)
	}
	c.CloseNow()
}
