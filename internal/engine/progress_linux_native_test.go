//go:build linux

package engine

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// kept is what a sender's kernel keeps for a receiver's, in bytes.
const kept = 160 << 10

// buffers has the kernel keep that much, and the receiver's take little.
func buffers(t *testing.T, near, far net.Conn) {
	t.Helper()
	if err := near.(interface{ SetWriteBuffer(int) error }).SetWriteBuffer(2 * kept); err != nil {
		t.Fatal(err)
	}
	if err := far.(interface{ SetReadBuffer(int) error }).SetReadBuffer(32 << 10); err != nil {
		t.Fatal(err)
	}
}

// overTLS puts TLS on both ends.
func overTLS(t *testing.T, near, far net.Conn) (nearTLS, farTLS *tls.Conn) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	nearTLS = tls.Server(near, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	farTLS = tls.Client(far, &tls.Config{InsecureSkipVerify: true})
	wait := start(nearTLS.Handshake)
	if err := farTLS.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	return nearTLS, farTLS
}

// embedded is TLS as package ws hands it over.
type embedded struct{ *tls.Conn }

// overLoopback runs f, in both roles, over what sockets there are, bare and
// under TLS.
func overLoopback(t *testing.T, f func(t *testing.T, near, far net.Conn, client bool)) {
	for _, way := range []string{"tcp", "unix", "tls"} {
		for _, client := range []bool{true, false} {
			t.Run(way+"/"+role(client), func(t *testing.T) {
				network := way
				if way == "tls" {
					network = "tcp"
				}
				near, far := socketPair(t, network)
				buffers(t, near, far)
				far.SetDeadline(time.Now().Add(socketPatience))
				if way == "tls" {
					near, far = overTLS(t, near, far)
				}
				if way == "tls" {
					near = embedded{near.(*tls.Conn)}
				}
				f(t, near, far, client)
			})
		}
	}
}

// TestProgressOfSockets judges a peer by hand that takes piece by piece what
// was written long ago, from the kernel's buffer: it is seen to go on each
// time. What it is given up for is to take nothing. No time that anything takes
// matters.
func TestProgressOfSockets(t *testing.T) {
	overLoopback(t, func(t *testing.T, near, far net.Conn, client bool) {
		_, secure := near.(embedded)
		c := New(near, Config{Client: client, ReadLimit: -1, Idle: time.Hour, Timeout: time.Hour, CutOffBreaks: secure, NoGather: true})
		defer c.CloseNow()
		const piece = 48 << 10
		for range kept / (8 << 10) {
			if err := c.Write(within(t), api.MessageBinary, make([]byte, 8<<10)); err != nil {
				t.Fatal(err)
			}
		}
		in, gone := c.lockReading(within(t))
		if gone != nil {
			t.Fatal(gone)
		}
		defer in.release()
		if err := in.judge(); err != nil {
			t.Fatal(err)
		}
		ctx := within(t)
		verdict := func() error {
			c.wire.Lock(ctx) // the ping is out
			c.wire.Unlock()
			c.mu.Lock()
			c.pingOut = nanos() - int64(2*time.Hour)
			c.mu.Unlock()
			c.silence = time.Hour
			return in.verdict(c.pingOut)
		}
		looks := 0
		for ; c.behind && c.progress().Unsent > piece; looks++ {
			was := c.seen
			if _, err := io.CopyN(io.Discard, far, piece); err != nil {
				t.Fatal(err)
			}
			for int32(c.progress().taken-was) <= 0 {
				time.Sleep(100 * time.Microsecond) // the acknowledgement is under way
				if ctx.Err() != nil {
					t.Fatalf("the peer took %d bytes: %+v, before %d", piece, c.progress(), was)
				}
			}
			if err := verdict(); err != nil {
				t.Fatalf("at look %d: %v", looks, err)
			}
		}
		if looks < 2 {
			t.Errorf("the peer was looked at %d times: nothing waited for it", looks)
		}
		var err error
		for err == nil && ctx.Err() == nil {
			err = verdict() // the last acknowledgements may still come
		}
		if err != api.ErrKeepaliveTimeout {
			t.Errorf("the peer takes nothing: %v, want %v", err, api.ErrKeepaliveTimeout)
		}
	})
}

// TestKeepaliveFullSocket has a peer take nothing, with times that a test can
// wait for, while writes wait and the kernel keeps what it can: the connection
// ends.
func TestKeepaliveFullSocket(t *testing.T) {
	overLoopback(t, func(t *testing.T, near, far net.Conn, client bool) {
		_, secure := near.(embedded)
		c := New(near, Config{Client: client, ReadLimit: -1, Idle: 30 * time.Millisecond, Timeout: 100 * time.Millisecond, CutOffBreaks: secure})
		defer c.CloseNow()
		write := start(func() error {
			for {
				if err := c.Write(within(t), api.MessageBinary, make([]byte, 8<<10)); err != nil {
					return err
				}
			}
		})
		_, _, err := c.ReadAppend(within(t), nil)
		wantCloseError(t, "Read", err, silent)
		wantCloseError(t, "Write", write(), silent)
	})
}

// TestTakenInWrite counts what the peer has taken while one write of the stream
// is at work and has not returned: all that the peer has read, and more.
func TestTakenInWrite(t *testing.T) {
	near, far := socketPair(t, "tcp")
	if err := near.(*net.TCPConn).SetWriteBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	if err := far.(*net.TCPConn).SetReadBuffer(16 << 10); err != nil {
		t.Fatal(err)
	}
	c := New(near, Config{})
	begun := c.progress()
	if begun.Acked == 0 {
		t.Skip("this system does not tell what TCP has acknowledged")
	}
	const size, piece = 1 << 20, 64 << 10
	write := start(func() error {
		_, err := near.Write(make([]byte, size))
		return err
	})
	far.SetReadDeadline(time.Now().Add(socketPatience))
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for read, ctx := 0, within(t); read < size; {
		n, err := io.ReadFull(far, make([]byte, piece))
		if read += n; err != nil {
			t.Fatal(err)
		}
		for int(int32(c.progress().taken-begun.taken)) < read {
			if ctx.Err() != nil {
				t.Fatalf("%d bytes count as taken, want %d at least", int32(c.progress().taken-begun.taken), read)
			}
			<-tick.C
		}
	}
	if err := write(); err != nil {
		t.Error(err)
	}
}
