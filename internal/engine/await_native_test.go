//go:build unix

package engine

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// patientEnd is an end that says when there is something to read.
type patientEnd struct {
	*end
	waits func() // called by AwaitRead
}

func (e *patientEnd) AwaitRead() error {
	e.waits()
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	for {
		switch f := e.in; {
		case e.closed:
			return net.ErrClosed
		case e.rd.over():
			return os.ErrDeadlineExceeded
		case f.off < len(f.held), f.last != nil:
			return nil
		}
		e.l.wake.Wait()
	}
}

// patient runs f in a bubble with a server's connection over a patientEnd, the
// peer's end, and what AwaitRead found at each call: that nothing was held.
func patient(t *testing.T, cfg Config, f func(t *testing.T, c *Conn, far *end, nothing chan bool)) {
	synctest.Test(t, func(t *testing.T) {
		near, far := newLink()
		nothing := make(chan bool, 1000)
		s := &patientEnd{end: near}
		c := New(s, cfg)
		s.waits = func() { nothing <- c.in == nil }
		defer c.CloseNow()
		f(t, c, far, nothing)
	})
}

// Messages of every size come whole, and between them nothing is held.
func TestAwaitRead(t *testing.T) {
	patient(t, Config{ReadLimit: -1}, func(t *testing.T, c *Conn, far *end, nothing chan bool) {
		for _, n := range []int{0, 1, smallBlock, largeBlock, 3 << 20} {
			p := pattern(n, uint32(n))
			wait := start(func() error {
				_, got, err := c.ReadAppend(background, nil)
				if err == nil && string(got) != string(p) {
					err = errors.New("another message came: " + brief(got))
				}
				return err
			})
			if !<-nothing {
				t.Errorf("before a message of %d bytes something is held", n)
			}
			far.Write(masked(frame.OpBinary, p))
			if err := wait(); err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			for len(nothing) > 0 {
				<-nothing // within the message
			}
		}
	})
}

// What came with the handshake stays the connection's, though it is not a whole
// header: not another's that reads meanwhile.
func TestAwaitReadBuffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := masked(frame.OpText, []byte("the first"))
		near, far := newLink()
		first := New(&patientEnd{end: near, waits: func() {}}, Config{ReadLimit: -1, Buffered: append([]byte(nil), whole[:5]...)})
		defer first.CloseNow()
		got := start(func() error {
			_, p, err := first.ReadAppend(background, nil)
			if err == nil && string(p) != "the first" {
				err = errors.New("another message came: " + brief(p))
			}
			return err
		})
		synctest.Wait()
		near, other := newLink()
		second := New(near, Config{ReadLimit: -1})
		defer second.CloseNow()
		other.Write(masked(frame.OpText, []byte("the second")))
		wantMessage(t, second, []byte("the second"))
		far.Write(whole[5:])
		if err := got(); err != nil {
			t.Error(err)
		}
	})
}

// A context's end, the keepalive and the stream's end interrupt the wait, and
// half a message that came is kept through it.
func TestAwaitReadInterrupted(t *testing.T) {
	patient(t, Config{ReadLimit: -1, Idle: time.Minute, Timeout: time.Minute}, func(t *testing.T, c *Conn, far *end, nothing chan bool) {
		whole := masked(frame.OpText, []byte("in two parts"))
		ctx, cancel := context.WithTimeout(background, time.Second)
		defer cancel()
		far.Write(whole[:9])
		if _, _, err := c.ReadAppend(ctx, nil); err != context.DeadlineExceeded {
			t.Errorf("Read = %v", err)
		}
		far.Write(whole[9:])
		wantMessage(t, c, []byte("in two parts"))

		begun := time.Now()
		_, _, err := c.ReadAppend(background, nil)
		if !errors.Is(err, api.ErrKeepaliveTimeout) || time.Since(begun) < 2*time.Minute {
			t.Errorf("after %v: Read = %v", time.Since(begun), err)
		}
	})
	patient(t, Config{ReadLimit: -1}, func(t *testing.T, c *Conn, far *end, nothing chan bool) {
		far.Write(masked(frame.OpText, []byte("last")))
		far.Close()
		wantMessage(t, c, []byte("last"))
		_, _, err := c.ReadAppend(background, nil)
		wantCloseError(t, "Read", err, api.CloseError{Code: 1006, Cause: io.ErrUnexpectedEOF})
	})
}
