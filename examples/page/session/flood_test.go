package session

import (
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// With 10 messages in flight and 10 ms for the way there and back, a flood is
// of 1,000 messages a second, and each takes 10 ms.
func TestFlood(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.conn.delay = 10 * time.Millisecond
		r.do(connectCommand)
		r.do(Command{Op: Flood, Size: 100, Window: 10})
		r.do(Command{Op: Flood, Size: 100, Window: 10}) // one runs: nothing to do
		r.pass(2 * time.Second)
		u := r.last()
		if x := u.Sample; !u.Flooding || x.Received < 90 || x.Received > 110 || x.ReceivedBytes != 100*int64(x.Received) ||
			x.Median != r.conn.delay || x.Worst != r.conn.delay || x.InFlight < 9 || x.InFlight > 10 {
			t.Errorf("flooding %v, one tenth of a second: %+v", u.Flooding, *x)
		}
		r.do(Command{Op: StopFlood})
		if u := r.last(); u.Flooding || u.Sample.InFlight != 0 {
			t.Errorf("after its end: flooding %v, %+v", u.Flooding, *u.Sample)
		}
		if x := r.total(); x.Sent != x.Received || x.Echoes != x.Sent || x.SentBytes != 100*int64(x.Sent) {
			t.Errorf("in all: %+v", x)
		}
		equal(t, "received", r.lines(Received), nil) // a flood's messages are counted, not told
		equal(t, "problems", r.lines(Problem), nil)

		r.do(text("after"))
		equal(t, "received after the flood", r.lines(Received), []string{"after"})
	})
}

// Messages sent by hand, and those of the server's own, are told during a
// flood.
func TestOthersDuringFlood(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.conn.delay = 10 * time.Millisecond
		r.do(connectCommand)
		r.do(Command{Op: Flood, Size: 8, Window: 4})
		r.do(text("by hand"))
		r.conn.queue <- message{api.MessageText, []byte("news"), time.Now()}
		r.do(Command{Op: StopFlood})
		equal(t, "received", r.lines(Received), []string{"by hand", "news"})
		if x := r.total(); x.Received != x.Echoes+1 {
			t.Errorf("%d received, %d of them echoes: want one that is none", x.Received, x.Echoes)
		}
	})
}

func TestFloodEndsWithConnection(t *testing.T) {
	try(t, func(t *testing.T, r *rig) {
		r.conn.delay = time.Millisecond
		r.do(connectCommand)
		r.do(Command{Op: Flood, Size: 1, Window: 8})
		r.conn.CloseNow() // the peer's doing
		r.rest()
		if u := r.last(); u.Flooding || u.State != Closed {
			t.Errorf("flooding %v, %s", u.Flooding, u.State)
		}
		for _, p := range r.lines(Problem) {
			if p != api.ErrClosed.Error() {
				t.Errorf("problem %q, want at most ErrClosed", p)
			}
		}
	})
}

func TestFloodArguments(t *testing.T) {
	for _, tt := range []struct {
		size, window int
		problem      string // its beginning, "" for none
	}{
		{0, 1, ""}, {7, MaxWindow, ""}, {-1, 1, "bytes: "}, {MaxSize + 1, 1, "bytes: "}, {1, 0, "in flight: "}, {1, MaxWindow + 1, "in flight: "},
	} {
		try(t, func(t *testing.T, r *rig) {
			r.conn.delay = time.Millisecond
			r.do(connectCommand)
			r.do(Command{Op: Flood, Size: tt.size, Window: tt.window})
			got := strings.Join(r.lines(Problem), ", ")
			if !strings.HasPrefix(got, tt.problem) || got != "" && tt.problem == "" {
				t.Errorf("%d bytes, %d in flight: %q", tt.size, tt.window, got)
			}
			if flooding := r.last().Flooding; flooding != (tt.problem == "") {
				t.Errorf("%d bytes, %d in flight: flooding %v", tt.size, tt.window, flooding)
			}
		})
	}
}
