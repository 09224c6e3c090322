package deadline

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// deaf is a connection without deadlines whose Close does not end its calls, as
// the channel of an SSH connection that has stalled.
type deaf struct {
	net.Conn
	stuck  bool // Close does not return either
	ended  chan struct{}
	closes atomic.Int32
}

var errNone = errors.New("deadlines are not supported")

func (*deaf) SetDeadline(time.Time) error      { return errNone }
func (*deaf) SetReadDeadline(time.Time) error  { return errNone }
func (*deaf) SetWriteDeadline(time.Time) error { return errNone }

func (d *deaf) Close() error {
	d.closes.Add(1)
	if d.stuck {
		<-d.ended
	}
	return nil
}

// over runs f in a bubble with a Conn over a deaf one and what is at its other
// end.
func over(t *testing.T, f func(t *testing.T, c *Conn, d *deaf, far net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		d := &deaf{Conn: near, ended: make(chan struct{})}
		c := Give(d).(*Conn)
		defer func() {
			c.Close()
			close(d.ended)
			near.Close()
			far.Close()
		}()
		f(t, c, d, far)
	})
}

func wantRead(t *testing.T, c net.Conn, n int, want string, wantErr error) {
	t.Helper()
	p := make([]byte, n)
	n, err := c.Read(p)
	if string(p[:n]) != want || !errors.Is(err, wantErr) {
		t.Errorf("Read = %q, %v; want %q, %v", p[:n], err, want, wantErr)
	}
}

func wantTook(t *testing.T, begun time.Time, want time.Duration) {
	t.Helper()
	if took := time.Since(begun); took != want {
		t.Errorf("took %v, want %v", took, want)
	}
}

// A Read whose deadline has passed loses nothing: what comes later is the
// next's, with its error.
func TestReadLosesNothing(t *testing.T) {
	over(t, func(t *testing.T, c *Conn, _ *deaf, far net.Conn) {
		begun := time.Now()
		c.SetReadDeadline(begun.Add(time.Second))
		for range 3 {
			wantRead(t, c, 10, "", os.ErrDeadlineExceeded)
		}
		wantTook(t, begun, time.Second)
		far.Write([]byte("hello"))
		synctest.Wait()
		wantRead(t, c, 10, "", os.ErrDeadlineExceeded) // like a socket
		c.SetReadDeadline(time.Time{})
		wantRead(t, c, 2, "he", nil)
		wantRead(t, c, 10, "llo", nil)
		wantTook(t, begun, time.Second)
		time.AfterFunc(time.Second, func() { far.Close() })
		wantRead(t, c, 10, "", io.EOF)
		wantRead(t, c, 10, "", io.EOF)
	})
}

// A deadline that is set while a Read waits interrupts it, and one that is
// taken back does not.
func TestReadInterrupted(t *testing.T) {
	over(t, func(t *testing.T, c *Conn, _ *deaf, far net.Conn) {
		begun := time.Now()
		time.AfterFunc(time.Second, func() { c.SetReadDeadline(time.Unix(1, 0)) })
		wantRead(t, c, 10, "", os.ErrDeadlineExceeded)
		wantTook(t, begun, time.Second)
		c.SetReadDeadline(time.Now().Add(time.Second))
		time.AfterFunc(time.Second/2, func() { c.SetReadDeadline(time.Time{}) })
		time.AfterFunc(time.Hour, func() { far.Write([]byte("x")) })
		if err := c.AwaitRead(); err != nil {
			t.Error(err)
		}
		wantTook(t, begun, time.Hour+time.Second)
		wantRead(t, c, 10, "x", nil)
	})
}

// A Write whose deadline has passed in the middle is the last one; one that had
// not begun is no matter.
func TestWriteCutOff(t *testing.T) {
	over(t, func(t *testing.T, c *Conn, _ *deaf, far net.Conn) {
		c.SetDeadline(time.Unix(1, 0))
		if n, err := c.Write([]byte("early")); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write = %d, %v", n, err)
		}
		c.SetDeadline(time.Time{})
		go far.Read(make([]byte, 10))
		if n, err := c.Write([]byte("hello")); n != 5 || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
		begun := time.Now()
		c.SetWriteDeadline(begun.Add(time.Second))
		go io.CopyN(io.Discard, far, room)
		if n, err := c.Write(make([]byte, 3*room)); n != room || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write = %d, %v; want %d, %v", n, err, room, os.ErrDeadlineExceeded)
		}
		wantTook(t, begun, time.Second)
		c.SetWriteDeadline(time.Time{})
		if n, err := c.Write([]byte("x")); n != 0 || err != errCutOff {
			t.Errorf("Write = %d, %v; want %v", n, err, errCutOff)
		}
	})
}

// What a Write was given is not looked at after it has returned.
func TestWriteCopies(t *testing.T) {
	over(t, func(t *testing.T, c *Conn, _ *deaf, far net.Conn) {
		p := []byte("hello")
		c.SetWriteDeadline(time.Now().Add(time.Second))
		c.Write(p)
		copy(p, "spoil")
		wantRead(t, far, 10, "hello", nil)
	})
}

// Close ends what waits, though the connection below ends nothing, and waits
// for that for 1 s at most. Abort does not wait.
func TestCloseEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		close func(*Conn) error
		stuck bool
		took  time.Duration
		want  error
	}{
		{"Close", (*Conn).Close, false, 0, nil},
		{"a stuck Close", (*Conn).Close, true, time.Second, errStuck},
		{"Abort", (*Conn).Abort, false, 0, nil},
		{"a stuck Abort", (*Conn).Abort, true, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			over(t, func(t *testing.T, c *Conn, d *deaf, _ net.Conn) {
				d.stuck = tt.stuck
				errs := make(chan error, 2)
				go func() { _, err := c.Read(make([]byte, 1)); errs <- err }()
				go func() { _, err := c.Write(make([]byte, 1)); errs <- err }()
				synctest.Wait()
				begun := time.Now()
				if err := tt.close(c); err != tt.want {
					t.Errorf("%s = %v, want %v", tt.name, err, tt.want)
				}
				wantTook(t, begun, tt.took)
				for range 2 {
					if err := <-errs; err != net.ErrClosed {
						t.Errorf("error = %v, want %v", err, net.ErrClosed)
					}
				}
				wantTook(t, begun, tt.took)
				synctest.Wait()
				if d.closes.Load() == 0 {
					t.Error("what is below was not closed")
				}
				for what, err := range map[string]error{"Close": c.Close(), "Abort": c.Abort(), "SetDeadline": c.SetDeadline(time.Now())} {
					if err != net.ErrClosed {
						t.Errorf("%s = %v, want %v", what, err, net.ErrClosed)
					}
				}
			})
		})
	}
}

// halves is a connection whose sending half can be ended.
type halves struct {
	*deaf
	close func() error
}

func (h halves) CloseWrite() error { return h.close() }

func TestCloseWrite(t *testing.T) {
	over(t, func(t *testing.T, c *Conn, d *deaf, _ net.Conn) {
		if _, ok := Give(d).(halved); ok {
			t.Error("it has halves, and what is below has none")
		}
		begun := time.Now()
		if err := Give(halves{d, func() error { return io.ErrShortWrite }}).(*HalfConn).CloseWrite(); err != io.ErrShortWrite {
			t.Errorf("CloseWrite = %v", err)
		}
		wantTook(t, begun, 0)
		if err := Give(halves{d, func() error { <-d.ended; return nil }}).(*HalfConn).CloseWrite(); err != errStuck {
			t.Errorf("CloseWrite = %v, want %v", err, errStuck)
		}
		wantTook(t, begun, time.Second)
	})
}

// odd is a connection whose Read and Write answer as they are told.
type odd struct {
	*deaf
	n   int
	err error
}

func (o odd) Read(p []byte) (int, error) { return copy(p[:o.n], "ab"), o.err }
func (o odd) Write([]byte) (int, error)  { return o.n, o.err }

// Reads of nothing are passed on, for the caller to count; short writes are
// told.
func TestOddResults(t *testing.T) {
	over(t, func(t *testing.T, _ *Conn, d *deaf, _ net.Conn) {
		wantRead(t, Give(odd{d, 0, nil}), 1, "", nil)
		wantRead(t, Give(odd{d, 2, io.ErrNoProgress}), 2, "ab", io.ErrNoProgress)
		for _, tt := range []struct {
			n, want int
			err     error
			wantErr error
		}{{2, 2, nil, io.ErrShortWrite}, {0, 0, io.ErrNoProgress, io.ErrNoProgress}, {-1, 0, nil, io.ErrShortWrite}, {99, 3, nil, nil}} {
			if n, err := Give(odd{d, tt.n, tt.err}).Write(make([]byte, 3)); n != tt.want || err != tt.wantErr {
				t.Errorf("Write = %d, %v; want %d, %v", n, err, tt.want, tt.wantErr)
			}
		}
	})
}

// Bytes come whole and in order, in both directions at once, under deadlines
// that pass at random for Reads.
func TestWhole(t *testing.T) {
	over(t, func(t *testing.T, c *Conn, _ *deaf, far net.Conn) {
		random := rand.New(rand.NewPCG(1, 2))
		want := make([]byte, 500_000)
		for i := range want {
			want[i] = byte(random.Uint32())
		}
		go func() {
			r := rand.New(rand.NewPCG(3, 4))
			for p := want; len(p) > 0; {
				time.Sleep(time.Duration(r.IntN(1000)) * time.Microsecond)
				n := min(len(p), 1+r.IntN(40_000))
				far.Write(p[:n])
				p = p[n:]
			}
		}()
		back := make(chan []byte, 1)
		go func() {
			p := make([]byte, len(want))
			io.ReadFull(far, p)
			back <- p
		}()
		go c.Write(want)
		var got []byte
		passed := 0
		for p := make([]byte, 50_000); len(got) < len(want); {
			c.SetReadDeadline(time.Now().Add(time.Duration(random.IntN(500)) * time.Microsecond))
			n, err := c.Read(p[:1+random.IntN(len(p)-1)])
			got = append(got, p[:n]...)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				passed++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if same, sameBack := bytes.Equal(got, want), bytes.Equal(<-back, want); !same || !sameBack || passed == 0 {
			t.Errorf("what came is what was sent: %v, and back: %v, after %d deadlines", same, sameBack, passed)
		}
	})
}

// TLS over a Conn, and a Conn over TLS, end in time though nobody answers.
func TestTLS(t *testing.T) {
	over(t, func(t *testing.T, c *Conn, _ *deaf, far net.Conn) {
		go io.Copy(io.Discard, far)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		err := tls.Client(c, &tls.Config{ServerName: "example.com"}).HandshakeContext(ctx)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v", err)
		}
		wantTook(t, begun, time.Second)
	})
	over(t, func(t *testing.T, _ *Conn, d *deaf, far net.Conn) {
		go io.Copy(io.Discard, far)
		c := Give(tls.Client(d, &tls.Config{ServerName: "example.com"})).(*HalfConn)
		begun := time.Now()
		c.SetDeadline(begun.Add(time.Second))
		wantRead(t, c, 1, "", os.ErrDeadlineExceeded)
		wantTook(t, begun, time.Second)
		c.Abort()
		synctest.Wait()
		if n := d.closes.Load(); n != 1 {
			t.Errorf("closed %d times below TLS, want once", n)
		}
	})
}
