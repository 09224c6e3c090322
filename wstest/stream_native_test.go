//go:build !js

package wstest

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
)

// A stream is a net.Conn as good as a socket: deadlines that recover, any
// number of goroutines.
func TestStreamIsANetConn(t *testing.T) {
	for name, delay := range map[string]time.Duration{"at once": 0, "later": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				a, b := newStream(delay, 0)
				return a, b, func() { a.Close(); b.Close() }, nil
			})
		})
	}
}

// What was written before the end arrives before the end.
func TestStreamDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newStream(time.Second, 8)
		begin := time.Now()
		a.Write([]byte("before"))
		a.Close()
		got, err := io.ReadAll(b)
		if string(got) != "before" || err != nil || time.Since(begin) != time.Second {
			t.Errorf("read %q, %v after %v", got, err, time.Since(begin))
		}
		if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a Write that nobody reads returned %v", err)
		}
		if err := a.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a second Close returned %v", err)
		}
	})
}

func TestStreamHalfCloses(t *testing.T) {
	a, b := newStream(0, 0)
	a.Write([]byte("question"))
	a.CloseWrite()
	if got, err := io.ReadAll(b); string(got) != "question" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := a.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Write after CloseWrite returned %v", err)
	}
	b.Write([]byte("answer"))
	b.Close()
	if got, err := io.ReadAll(a); string(got) != "answer" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestStreamResets(t *testing.T) {
	a, b := newStream(0, 0)
	a.Write([]byte("lost"))
	a.reset()
	if n, err := b.Read(make([]byte, 8)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Read = %d, %v", n, err)
	}
	if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Write = %v", err)
	}
}

// A Write waits for room, to its deadline, and for a reader.
func TestStreamIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newStream(0, 4)
		a.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := a.Write([]byte("123456"))
		if n != 4 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write = %d, %v", n, err)
		}
		a.SetWriteDeadline(time.Time{})
		done := make(chan error)
		go func() {
			_, err := a.Write([]byte("56"))
			a.Close()
			done <- err
		}()
		synctest.Wait()
		if got, err := io.ReadAll(b); string(got) != "123456" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
