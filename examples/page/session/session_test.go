package session

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
)

// echoConn is a connection to a server that echoes, in memory.
type echoConn struct {
	api.Conn  // what the session does not use
	queue     chan message
	closeOnce sync.Once
	closed    chan struct{}
}

type message struct {
	typ api.MessageType
	p   []byte
}

func newEchoConn() *echoConn {
	return &echoConn{queue: make(chan message, 2*window), closed: make(chan struct{})}
}

func (c *echoConn) ReadAppend(_ context.Context, dst []byte) (api.MessageType, []byte, error) {
	select {
	case m := <-c.queue:
		return m.typ, append(dst, m.p...), nil
	case <-c.closed:
		return 0, dst, &api.CloseError{Code: 4000, Clean: true, Local: true}
	}
}

func (c *echoConn) Write(_ context.Context, typ api.MessageType, p []byte) error {
	select {
	case c.queue <- message{typ, bytes.Clone(p)}:
		return nil
	case <-c.closed:
		return api.ErrClosed
	}
}

func (c *echoConn) Close(api.StatusCode, string) error {
	c.closeOnce.Do(func() { close(c.closed) })
	return nil
}

func (c *echoConn) CloseNow() error     { return c.Close(0, "") }
func (c *echoConn) Subprotocol() string { return "" }

// record is a View that writes down what it is told.
type record struct {
	mu       sync.Mutex
	states   []State
	received []string
	sent     []string
	problems []error
	floods   []bool
	rates    []Rate
}

func (r *record) State(s State, _ string) { r.do(func() { r.states = append(r.states, s) }) }
func (r *record) Received(_ api.MessageType, p []byte) {
	r.do(func() { r.received = append(r.received, string(p)) })
}
func (r *record) Sent(_ api.MessageType, p []byte) {
	r.do(func() { r.sent = append(r.sent, string(p)) })
}
func (r *record) Problem(err error) { r.do(func() { r.problems = append(r.problems, err) }) }
func (r *record) Flooding(on bool)  { r.do(func() { r.floods = append(r.floods, on) }) }
func (r *record) Rate(x Rate)       { r.do(func() { r.rates = append(r.rates, x) }) }

func (r *record) do(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func dialEcho(context.Context, string) (api.Conn, error) { return newEchoConn(), nil }

func TestConnectSendClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v record
		s := New(&v, dialEcho)
		for range 2 { // a session can be used again
			go s.Connect("ws://x/")
			synctest.Wait()
			s.Send(api.MessageText, []byte("hello"))
			synctest.Wait()
			s.Close(4000, "")
			synctest.Wait()
		}
		equal(t, "states", v.states, []State{Connecting, Open, Closing, Closed, Connecting, Open, Closing, Closed})
		equal(t, "sent", v.sent, []string{"hello", "hello"})
		equal(t, "received", v.received, []string{"hello", "hello"})
		equal(t, "problems", v.problems, nil)
	})
}

func TestWithoutConnection(t *testing.T) {
	var v record
	s := New(&v, dialEcho)
	s.Send(api.MessageText, []byte("x"))
	s.Flood(1)
	s.Close(4000, "")
	equal(t, "problems", v.problems, []error{errNoConn, errNoConn, errNoConn})
	equal(t, "states", v.states, nil)
}

func TestSecondConnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v record
		s := New(&v, dialEcho)
		go s.Connect("ws://x/")
		synctest.Wait()
		s.Connect("ws://y/")
		equal(t, "problems", v.problems, []error{errBusy})
		s.Close(4000, "")
	})
}

func TestDialFails(t *testing.T) {
	var v record
	s := New(&v, func(context.Context, string) (api.Conn, error) { return nil, io.ErrUnexpectedEOF })
	s.Connect("ws://x/")
	s.Connect("ws://x/")
	equal(t, "states", v.states, []State{Connecting, Closed, Connecting, Closed})
}

func TestCloseGivesUpDialing(t *testing.T) {
	for _, tt := range []struct {
		name string
		late bool // the dial succeeds all the same
	}{{"dial heeds its context", false}, {"dial comes through too late", true}} {
		synctest.Test(t, func(t *testing.T) {
			var v record
			c := newEchoConn()
			s := New(&v, func(ctx context.Context, _ string) (api.Conn, error) {
				<-ctx.Done()
				if tt.late {
					return c, nil
				}
				return nil, ctx.Err()
			})
			go s.Connect("ws://x/")
			synctest.Wait()
			s.Close(4000, "")
			synctest.Wait()
			equal(t, tt.name, v.states, []State{Connecting, Closed})
			if tt.late {
				<-c.closed // or the bubble's deadlock fails the test
			}
		})
	}
}

func TestDialTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v record
		begin := time.Now()
		New(&v, func(ctx context.Context, _ string) (api.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}).Connect("ws://x/")
		if d := time.Since(begin); d != DialTime {
			t.Errorf("Connect took %v, want %v", d, DialTime)
		}
	})
}

// slowConn takes a millisecond of the bubble's time for each Write.
type slowConn struct{ *echoConn }

func (c slowConn) Write(ctx context.Context, typ api.MessageType, p []byte) error {
	select {
	case <-time.After(time.Millisecond):
	case <-c.closed:
	}
	return c.echoConn.Write(ctx, typ, p)
}

func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v record
		s := New(&v, func(context.Context, string) (api.Conn, error) { return slowConn{newEchoConn()}, nil })
		go s.Connect("ws://x/")
		synctest.Wait()
		go s.Flood(100)
		time.Sleep(2*interval + interval/2)
		s.Flood(100)            // the second call ends it
		time.Sleep(time.Second) // the last Write has returned, its echo has come
		synctest.Wait()

		equal(t, "flooding", v.floods, []bool{true, false})
		equal(t, "received", v.received, nil) // a flood's messages are counted, not told
		equal(t, "problems", v.problems, nil)
		if len(v.rates) != 2 {
			t.Fatalf("%d rates in %v, want 2", len(v.rates), 2*interval+interval/2)
		}
		for _, r := range v.rates {
			if r.Messages < 990 || r.Messages > 1010 || r.Bytes != 100*r.Messages {
				t.Errorf("rate %+v, want about 1,000 messages of 100 bytes", r)
			}
		}

		s.Send(api.MessageText, []byte("after"))
		synctest.Wait()
		equal(t, "received after the flood", v.received, []string{"after"})
		s.Close(4000, "")
	})
}

func TestFloodEndsWithConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v record
		c := newEchoConn()
		s := New(&v, func(context.Context, string) (api.Conn, error) { return slowConn{c}, nil })
		go s.Connect("ws://x/")
		synctest.Wait()
		go s.Flood(1)
		time.Sleep(interval)
		c.Close(0, "") // the peer's doing
		synctest.Wait()
		equal(t, "flooding", v.floods, []bool{true, false})
		equal(t, "states", v.states, []State{Connecting, Open, Closed})
		for _, err := range v.problems {
			if !errors.Is(err, api.ErrClosed) {
				t.Errorf("problem %v, want only ErrClosed", err)
			}
		}
	})
}

// A server that sends of its own accord during a flood is heard.
func TestReceivedDuringFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var v record
		s := New(&v, dialEcho)
		s.flood = &flood{room: make(chan struct{}, 1), stop: make(chan struct{})}
		if s.echoed(1) {
			t.Error("a message was taken for an echo with none in flight")
		}
		s.flood.inFlight = 1
		if !s.echoed(1) || s.flood.inFlight != 0 {
			t.Error("the echo of the one message in flight was not taken")
		}
	})
}
