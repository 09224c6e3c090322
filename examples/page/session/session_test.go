package session

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestConnectSendClose(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		var conns []*echoConn
		r.dial = func(context.Context, string, []string) (api.Conn, error) {
			conns = append(conns, newEchoConn())
			return conns[len(conns)-1], nil
		}
		for range 2 { // a session can be used again
			r.do(connectCommand)
			r.do(text("hello"))
			r.do(Command{Op: Send, Type: api.MessageBinary, Data: []byte{0, 1, 254, 255, 16}})
			r.do(closeCommand)
		}
		equal(t, "sent", r.lines(Sent), []string{"hello", "0001feff 10", "hello", "0001feff 10"})
		equal(t, "received", r.lines(Received), []string{"hello", "0001feff 10", "hello", "0001feff 10"})
		equal(t, "problems", r.lines(Problem), nil)
		why := "closed: " + (&api.CloseError{Code: 4000, Clean: true, Local: true}).Error()
		equal(t, "notes", r.lines(Note), slices.Repeat([]string{"connecting: ws://x/", "open: ws://x/", "closing", why}, 2))
		for _, c := range conns {
			equal(t, "close codes", c.codes, []api.StatusCode{4000})
		}
	})
}

func TestSubprotocols(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.conn.protocol = "chat"
		var offered []string
		r.dial = func(_ context.Context, _ string, subprotocols []string) (api.Conn, error) {
			offered = subprotocols
			return r.conn, nil
		}
		r.do(Command{Op: Connect, URL: "ws://x/", Subprotocols: ParseList(" chat,superchat  mqtt ")})
		equal(t, "offered", offered, []string{"chat", "superchat", "mqtt"})
		if u := r.last(); u.Detail != "ws://x/, subprotocol chat" || u.Failed {
			t.Errorf("detail %q, failed %v", u.Detail, u.Failed)
		}
	})
}

func TestWithoutConnection(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.do(text("x"))
		r.do(Command{Op: Flood, Size: 1, Window: 1})
		r.do(closeCommand)
		r.do(Command{Op: StopFlood})
		r.do(Command{Op: Pause})
		r.do(Command{Op: 99})
		no := errNoConn.Error()
		equal(t, "problems", r.lines(Problem), []string{no, no, no, "no such command: 99"})
		if got := r.states(); got != "idle" {
			t.Errorf("states: %s", got)
		}
	})
}

func TestSecondConnect(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.do(connectCommand)
		r.do(Command{Op: Connect, URL: "ws://y/"})
		equal(t, "problems", r.lines(Problem), []string{errBusy.Error()})
	})
}

// What Dial says is told in full, and an end that was not clean counts as
// failed.
func TestFailures(t *testing.T) {
	refused := &api.HandshakeError{URL: "ws://x/", Problem: strings.Repeat("long ", 300)}
	broken := &api.CloseError{Code: api.StatusAbnormalClosure}
	for _, tt := range []struct {
		name string
		dial error
		end  *api.CloseError
		want error
	}{
		{"dial fails", refused, nil, refused},
		{"connection breaks", nil, broken, broken},
	} {
		try(t, func(t *testing.T, r *rig) {
			r.conn.end = tt.end
			r.conn.CloseNow()
			r.dial = func(context.Context, string, []string) (api.Conn, error) { return r.conn, tt.dial }
			r.do(connectCommand)
			u := r.last()
			if u.State != Closed || u.Detail != tt.want.Error() || !u.Failed {
				t.Errorf("%s: %s, failed %v: %s", tt.name, u.State, u.Failed, u.Detail)
			}
			equal(t, tt.name, r.lines(Problem), []string{"closed: " + tt.want.Error()})
		})
	}
}

func TestCloseGivesUpDialing(t *testing.T) {
	for _, late := range []bool{false, true} { // whether the dial succeeds all the same
		try(t, func(t *testing.T, r *rig) {
			r.dial = func(ctx context.Context, _ string, _ []string) (api.Conn, error) {
				<-ctx.Done()
				if late {
					return r.conn, nil
				}
				return nil, ctx.Err()
			}
			r.do(connectCommand)
			r.do(closeCommand)
			if got := r.states(); got != "idle connecting closed" {
				t.Errorf("late %v: states: %s", late, got)
			}
			if late {
				<-r.conn.closed // or the bubble's deadlock fails the test
			}
		})
	}
}

func TestDialTime(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.dial = func(ctx context.Context, _ string, _ []string) (api.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		begin := time.Now()
		r.s.Do(connectCommand)
		if d := time.Since(begin); d != DialTime {
			t.Errorf("it took %v, want %v", d, DialTime)
		}
	})
}

// stubborn is a connection whose peer does not answer the close.
type stubborn struct{ *echoConn }

func (c stubborn) Close(api.StatusCode, string) error {
	<-c.closed
	return errors.New("the peer did not answer")
}

func TestSecondCloseEndsAtOnce(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.dial = func(context.Context, string, []string) (api.Conn, error) { return stubborn{r.conn}, nil }
		r.do(connectCommand)
		r.do(closeCommand)
		r.do(closeCommand)
		if got := r.states(); !strings.HasSuffix(got, "open closing closed") {
			t.Errorf("states: %s", got)
		}
		equal(t, "problems", r.lines(Problem), []string{"the peer did not answer"})
	})
}

// Pausing ends the Read that waits and nothing else: what arrives is read
// later.
func TestPause(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.do(connectCommand)
		r.do(Command{Op: Pause})
		r.do(Command{Op: Pause}) // twice is once
		r.do(text("later"))
		equal(t, "received while paused", r.lines(Received), nil)
		u := r.last()
		if !u.Paused || u.State != Open || u.Sample == nil || u.Sample.Unread != 1 {
			t.Errorf("paused %v, %s, sample %+v", u.Paused, u.State, u.Sample)
		}
		r.do(Command{Op: Resume})
		equal(t, "received", r.lines(Received), []string{"later"})
		if u := r.last(); u.Paused || u.Sample.Unread != 0 {
			t.Errorf("paused %v, sample %+v", u.Paused, u.Sample)
		}
	})
}

func TestCloseWhilePaused(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.do(connectCommand)
		r.do(Command{Op: Pause})
		r.do(closeCommand)
		if u := r.last(); u.State != Closed || u.Paused {
			t.Errorf("%s, paused %v", u.State, u.Paused)
		}
	})
}

func TestSendFails(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.do(connectCommand)
		r.s.conn = failing{r.conn}
		r.do(text("x"))
		equal(t, "problems", r.lines(Problem), []string{io.ErrShortWrite.Error()})
		equal(t, "sent", r.lines(Sent), nil)
		if n := len(r.s.echoes.waiting); n != 0 {
			t.Errorf("%d echoes are waited for of what was not sent", n)
		}
	})
}

// failing is a connection that cannot write.
type failing struct{ *echoConn }

func (failing) Write(context.Context, api.MessageType, []byte) error { return io.ErrShortWrite }

// A page must come to draw, whatever waits to be read.
func TestReadingTakesBreath(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		begin := time.Now()
		for range 3 {
			r.conn.queue <- message{api.MessageText, []byte("x"), begin.Add(breathEvery + time.Millisecond)}
		}
		r.do(connectCommand)
		var at []time.Duration
		for _, u := range r.updates {
			for _, l := range u.Lines {
				if l.Kind == Received {
					at = append(at, l.At.Sub(begin))
				}
			}
		}
		first := breathEvery + time.Millisecond
		equal(t, "received at", at, []time.Duration{first, first + breathTime, first + breathTime})
	})
}
