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
			for ctx := within(t); ; {
				near.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
				n, err := near.Write(make([]byte, 64<<10))
				sent += int64(n)
				n, known := c.unsent()
				if err != nil && n > pingSize && known {
					break // neither system takes more
				} else if ctx.Err() != nil {
					t.Fatalf("%s, TLS %v, full: %d, %v", network, secure, n, known)
				}
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

// TestTakenInWrite counts what the peer has taken while one write of the stream is
// at work and has not returned: all that the peer has read, and more.
func TestTakenInWrite(t *testing.T) {
	for _, secure := range []bool{false, true} {
		near, far := socketPair(t, "tcp")
		if err := near.(*net.TCPConn).SetWriteBuffer(16 << 10); err != nil {
			t.Fatal(err)
		}
		if err := far.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
			t.Fatal(err)
		}
		s := Stream(near)
		if secure {
			s = below{tls.Client(near, &tls.Config{}), near} // no handshake: what is asked is the socket
		}
		c := New(s, Config{})
		if acked(socketBelow(s)) == 0 {
			t.Skip("this system does not tell what TCP has acknowledged")
		}
		begun, _, known := c.taken()
		if !known {
			t.Fatal("not known")
		}
		const size, piece = 1 << 20, 64 << 10
		write := start(func() error {
			_, err := near.Write(make([]byte, size))
			return err
		})
		far.SetReadDeadline(time.Now().Add(socketPatience))
		tick := time.NewTicker(time.Millisecond)
		for read, ctx := 0, within(t); read < size; {
			n, err := io.ReadFull(far, make([]byte, piece))
			if read += n; err != nil {
				t.Fatal(err)
			}
			for {
				taken, _, _ := c.taken()
				if n := int(int32(taken - begun)); n >= read {
					break
				} else if ctx.Err() != nil {
					t.Fatalf("TLS %v: %d bytes count as taken, want %d at least", secure, n, read)
				}
				<-tick.C
			}
		}
		tick.Stop()
		if err := write(); err != nil {
			t.Error(err)
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
