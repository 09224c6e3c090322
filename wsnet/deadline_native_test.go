//go:build !js

package wsnet_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
)

// wantTimeout checks the error of a call whose deadline has passed.
func wantTimeout(t *testing.T, what string, err error) (ok bool) {
	t.Helper()
	e, ok := err.(net.Error)
	if !ok || !e.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
		t.Errorf("%s: %v, want a timeout", what, err)
		return false
	}
	return true
}

// A deadline that passes within a message, between two of its fragments (RFC
// 6455 section 5.4), loses nothing.
func TestReadDeadlineWithinMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary)
		peer.CloseRead(t.Context()) // answers pings
		const part = 100 << 10      // more than a Writer buffers
		want := random(2 * part)
		defer start(func() {
			w, err := peer.Writer(t.Context(), ws.MessageBinary)
			if err != nil {
				t.Error(err)
				return
			}
			w.Write(want[:part])
			time.Sleep(time.Minute)
			w.Write(want[part:])
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})()
		var got []byte
		p := make([]byte, 1000)
		late := 0
		for len(got) < len(want) {
			c.SetReadDeadline(time.Now().Add(time.Second))
			n, err := c.Read(p)
			got = append(got, p[:n]...)
			if err != nil {
				if !wantTimeout(t, "Read", err) {
					break
				}
				late++
			}
		}
		if !bytes.Equal(got, want) {
			t.Error("the stream differs")
		}
		if late < 59 || late > 60 {
			t.Errorf("%d deadlines have passed in a minute, want one a second", late)
		}
	})
}

// A deadline that is set while a Read waits holds for that Read, a later one as
// well as an earlier one.
func TestDeadlineOfWaitingRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary)
		peer.CloseRead(t.Context()) // answers pings
		for _, tt := range []struct{ before, after, want time.Duration }{
			{0, time.Second, 2 * time.Second},
			{time.Hour, time.Second, 2 * time.Second},
			{2 * time.Second, time.Hour, time.Hour + time.Second},
			{time.Hour, -time.Hour, time.Second},
		} {
			c.SetReadDeadline(time.Time{})
			if tt.before > 0 {
				c.SetReadDeadline(time.Now().Add(tt.before))
			}
			begin := time.Now()
			go func() {
				time.Sleep(time.Second)
				c.SetDeadline(time.Now().Add(tt.after))
			}()
			_, err := c.Read(make([]byte, 1))
			wantTimeout(t, "Read", err)
			if got := time.Since(begin); got != tt.want {
				t.Errorf("%v, then after 1 s %v: Read returned after %v, want %v", tt.before, tt.after, got, tt.want)
			}
			synctest.Wait()
		}
	})
}

// Read returns nothing after its deadline, though there is something.
func TestReadAfterDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary)
		go peer.Write(t.Context(), ws.MessageBinary, []byte("hello"))
		p := make([]byte, 1)
		if n, err := c.Read(p); n != 1 || err != nil || p[0] != 'h' {
			t.Fatalf("Read returned %d, %v", n, err)
		}
		c.SetReadDeadline(time.Unix(1, 0))
		n, err := c.Read(p)
		wantTimeout(t, "Read", err)
		if n != 0 {
			t.Errorf("it read %d bytes", n)
		}
		c.SetReadDeadline(time.Time{})
		rest := make([]byte, 4)
		if _, err := io.ReadFull(c, rest); err != nil || string(rest) != "ello" {
			t.Errorf("then it read %q, %v", rest, err)
		}
	})
}

// A Write whose deadline passes while the peer reads nothing has its message
// sent all the same: it is partly on the wire, and cannot be withdrawn (RFC
// 6455 section 5.4). The next one waits for it, and is not begun.
func TestWriteDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary)
		p := random(1000)
		c.SetWriteDeadline(time.Now().Add(time.Second))
		n, err := c.Write(p)
		wantTimeout(t, "Write", err)
		if n != len(p) {
			t.Errorf("it took %d bytes, want %d", n, len(p))
		}
		clear(p) // it is the caller's again
		n, err = c.Write([]byte("after its deadline"))
		wantTimeout(t, "another Write", err)
		if n != 0 {
			t.Errorf("after the deadline it took %d bytes", n)
		}
		c.SetWriteDeadline(time.Now().Add(time.Second))
		n, err = c.Write([]byte("behind the first"))
		wantTimeout(t, "a Write behind the first", err)
		if n != 0 {
			t.Errorf("behind the first it took %d bytes", n)
		}
		defer start(func() {
			c.SetWriteDeadline(time.Time{})
			if n, err := c.Write([]byte("later")); n != 5 || err != nil {
				t.Errorf("Write returned %d, %v", n, err)
			}
		})()
		for _, want := range []string{string(random(1000)), "later"} {
			if _, got, err := peer.Read(t.Context()); err != nil || string(got) != want {
				t.Errorf("the peer read %d bytes, %v; want %d", len(got), err, len(want))
			}
		}
	})
}

// Whoever continues with p[n:] after each deadline sends every byte once.
func TestContinuedWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pipe(t, ws.MessageBinary)
		want := random(3 << 20)
		var got []byte
		received := start(func() {
			r := rand.New(rand.NewPCG(1, 2))
			for p := make([]byte, 50<<10); len(got) < len(want); {
				time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
				n, err := peer.Read(p)
				if err != nil {
					t.Error(err)
					break
				}
				got = append(got, p[:n]...)
			}
		})
		late := 0
		r := rand.New(rand.NewPCG(3, 4))
		for rest := want; len(rest) > 0; {
			c.SetWriteDeadline(time.Now().Add(time.Duration(r.IntN(30)) * time.Millisecond))
			n, err := c.Write(rest[:min(len(rest), r.IntN(100<<10))])
			rest = rest[n:]
			if err != nil {
				if !wantTimeout(t, "Write", err) {
					break
				}
				late++
			}
		}
		if received(); !bytes.Equal(got, want) {
			t.Error("the stream differs")
		}
		if late < 10 {
			t.Errorf("only %d deadlines have passed", late)
		}
	})
}

// random returns n bytes that are always the same.
func random(n int) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(p)
	return p
}
