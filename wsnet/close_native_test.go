//go:build !js

package wsnet_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wsnet"
)

// Close unblocks what waits, whichever side it waits for, and the peer's normal
// answer makes every Close return nil.
func TestCloseUnblocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary)
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() {
				if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, net.ErrClosed) {
					t.Errorf("Read returned %d, %v", n, err)
				}
			})
		}
		for range 3 {
			calls.Go(func() {
				if _, err := c.Write(make([]byte, 1000)); !errors.Is(err, net.ErrClosed) {
					t.Errorf("Write returned %v", err)
				}
			})
		}
		synctest.Wait() // the peer reads nothing: one Write is under way, two wait for it
		begin := time.Now()
		closed := make(chan error, 2)
		go func() { closed <- c.Close() }()
		go func() { closed <- c.Close() }()
		calls.Wait()
		if d := time.Since(begin); d != 0 {
			t.Errorf("the calls ended after %v", d)
		}
		// What Write had begun is sent before the close frame.
		if _, p, err := peer.Read(t.Context()); len(p) != 1000 || err != nil {
			t.Errorf("the peer read %d bytes, %v", len(p), err)
		}
		if _, _, err := peer.Read(t.Context()); ws.CloseStatus(err) != ws.StatusNormalClosure {
			t.Errorf("then the peer read: %v", err)
		}
		for range 2 {
			if err := <-closed; err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		for _, err := range []error{c.SetDeadline(time.Now()), c.SetReadDeadline(time.Now()), c.SetWriteDeadline(time.Now())} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("a deadline after Close: %v", err)
			}
		}
	})
}

// Two sides that close while each has a message on its way to the other do not
// wait for each other.
func TestBothCloseWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe(t, ws.MessageBinary)
		var writes, ends sync.WaitGroup
		for _, c := range []net.Conn{a, b} {
			c.SetWriteDeadline(time.Now().Add(time.Second))
			writes.Go(func() {
				n, err := c.Write(make([]byte, 1000))
				wantTimeout(t, "Write to a peer that reads nothing", err)
				if n != 1000 {
					t.Errorf("it took %d bytes", n)
				}
			})
		}
		writes.Wait()
		begin := time.Now()
		for _, c := range []net.Conn{a, b} {
			ends.Go(func() {
				if err := c.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		ends.Wait()
		if d := time.Since(begin); d != 0 {
			t.Errorf("both closed after %v", d)
		}
	})
}

// Close waits at most 5 s, for a peer that does not read, and for one that does
// not answer.
func TestCloseIsBounded(t *testing.T) {
	for _, write := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := pair(t, ws.MessageBinary)
			if write {
				c.SetWriteDeadline(time.Now().Add(time.Second))
				c.Write([]byte("unread"))
			}
			begin := time.Now()
			first := c.Close()
			if d := time.Since(begin); first == nil || d != 5*time.Second {
				t.Errorf("Close returned %v after %v", first, d)
			}
			if second := c.Close(); second != first {
				t.Errorf("a second Close returned %v, the first %v", second, first)
			}
		})
	}
}

type closeWriter interface{ CloseWrite() error }

func TestHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pipe(t, ws.MessageBinary, wsnet.HalfClose)
		defer start(func() {
			io.WriteString(c, "question")
			c.Write(nil) // sends nothing: an empty message would be the end
			for range 2 {
				if err := c.(closeWriter).CloseWrite(); err != nil {
					t.Errorf("CloseWrite: %v", err)
				}
			}
			if n, err := c.Write([]byte("more")); n != 0 || !errors.Is(err, net.ErrClosed) {
				t.Errorf("after CloseWrite Write returned %d, %v", n, err)
			}
		})()
		if got, err := io.ReadAll(peer); string(got) != "question" || err != nil {
			t.Fatalf("the peer read %q, %v", got, err)
		}
		// The peer, which reads no more, answers c's pings: c is not ended as
		// idle (30 s and 30 s).
		want := random(200 << 10)
		defer start(func() {
			time.Sleep(time.Hour)
			if n, err := peer.Write(want); n != len(want) || err != nil {
				t.Errorf("the peer's Write returned %d, %v", n, err)
			}
			if err := peer.(closeWriter).CloseWrite(); err != nil {
				t.Errorf("the peer's CloseWrite: %v", err)
			}
		})()
		if got, err := io.ReadAll(c); !bytes.Equal(got, want) || err != nil {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		for _, end := range []net.Conn{c, peer} {
			if n, err := end.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("Read returned %d, %v", n, err)
			}
			if err := end.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
	})
}

// Without the subprotocol there is no CloseWrite, and an empty message says
// nothing.
func TestNoHalfClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary)
		if _, ok := c.(closeWriter); ok {
			t.Error("there is a CloseWrite")
		}
		defer start(func() {
			peer.Write(t.Context(), ws.MessageBinary, nil)
			peer.Write(t.Context(), ws.MessageBinary, []byte("a"))
		})()
		if n, err := c.Read(make([]byte, 9)); n != 1 || err != nil {
			t.Errorf("Read returned %d, %v", n, err)
		}
	})
}

// Data behind the end of data violates the subprotocol.
func TestDataBehindItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pair(t, ws.MessageBinary, wsnet.HalfClose)
		seen := make(chan error, 1)
		defer start(func() {
			peer.Write(t.Context(), ws.MessageBinary, nil)
			peer.Write(t.Context(), ws.MessageBinary, []byte("more"))
			_, _, err := peer.Read(t.Context())
			seen <- err
		})()
		if n, err := c.Read(make([]byte, 9)); n != 0 || err != io.EOF {
			t.Errorf("Read returned %d, %v", n, err)
		}
		if err := <-seen; ws.CloseStatus(err) != ws.StatusPolicyViolation {
			t.Errorf("the peer saw %v, want 1008", err)
		}
	})
}

// A CloseWrite of text that ends within a character says so.
func TestHalfCloseOfText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, peer := pipe(t, ws.MessageText, wsnet.HalfClose)
		defer start(func() {
			io.WriteString(c, "a\xe6")
			if _, ok := errors.AsType[*ws.ArgumentError](c.(closeWriter).CloseWrite()); !ok {
				t.Error("CloseWrite returned no ArgumentError")
			}
		})()
		if got, err := io.ReadAll(peer); string(got) != "a" || err != nil {
			t.Errorf("the peer read %q, %v", got, err)
		}
	})
}
