package session

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
)

// echoConn is a connection to a server that echoes, in memory. Both directions
// take delay together.
type echoConn struct {
	api.Conn  // what the session does not use
	delay     time.Duration
	protocol  string
	queue     chan message
	closeOnce sync.Once
	closed    chan struct{}
	end       *api.CloseError

	mu       sync.Mutex
	codes    []api.StatusCode // those given to Close
	buffered int64
}

type message struct {
	typ api.MessageType
	p   []byte
	due time.Time
}

func newEchoConn() *echoConn {
	return &echoConn{
		queue: make(chan message, 2*MaxWindow), closed: make(chan struct{}),
		end: &api.CloseError{Code: 4000, Clean: true, Local: true},
	}
}

func (c *echoConn) ReadAppend(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	select {
	case m := <-c.queue:
		time.Sleep(time.Until(m.due)) // in a bubble's time
		return m.typ, append(dst, m.p...), nil
	case <-c.closed:
		return 0, dst, c.end
	case <-ctx.Done():
		return 0, dst, ctx.Err()
	}
}

func (c *echoConn) Write(_ context.Context, typ api.MessageType, p []byte) error {
	select {
	case <-c.closed:
		return api.ErrClosed
	default:
	}
	select {
	case c.queue <- message{typ, bytes.Clone(p), time.Now().Add(c.delay)}:
		return nil
	case <-c.closed:
		return api.ErrClosed
	}
}

func (c *echoConn) Close(code api.StatusCode, _ string) error {
	c.mu.Lock()
	c.codes = append(c.codes, code)
	c.mu.Unlock()
	return c.CloseNow()
}

func (c *echoConn) CloseNow() error {
	c.closeOnce.Do(func() { close(c.closed) })
	return nil
}

func (c *echoConn) Subprotocol() string { return c.protocol }
func (c *echoConn) ReadBuffered() int64 { return int64(len(c.queue)) }

func (c *echoConn) BufferedAmount() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.buffered
}

// witness writes down what a session tells.
type witness struct {
	updates []Update
	at      []time.Time
}

func (w *witness) show(u Update) {
	w.updates = append(w.updates, u)
	w.at = append(w.at, time.Now())
}

// states are the states told, without repetitions.
func (w *witness) states() string {
	var all []string
	for _, u := range w.updates {
		if n := len(all); n == 0 || all[n-1] != string(u.State) {
			all = append(all, string(u.State))
		}
	}
	return strings.Join(all, " ")
}

// lines are the texts of the lines of a kind.
func (w *witness) lines(k Kind) []string {
	var all []string
	for _, u := range w.updates {
		for _, l := range u.Lines {
			if l.Kind == k {
				all = append(all, l.Text)
			}
		}
	}
	return all
}

// total sums up all samples.
func (w *witness) total() Sample {
	var h History
	for _, u := range w.updates {
		if u.Sample != nil {
			h.Add(*u.Sample)
		}
	}
	return h.Recent(Kept)
}

// rig is a session that is watched, in a bubble.
type rig struct {
	*witness
	s    *Session
	conn *echoConn // what dial returns, unless a test replaces that
	dial Dial
}

// try runs f with a rig.
func try(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{witness: &witness{}, conn: newEchoConn()}
		r.dial = func(context.Context, string, []string) (api.Conn, error) { return r.conn, nil }
		r.s = New(func(ctx context.Context, url string, subprotocols []string) (api.Conn, error) {
			return r.dial(ctx, url, subprotocols)
		})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go r.s.Watch(ctx, r.show)
		synctest.Wait()
		f(t, r)
		if c := r.s.current(); c != nil {
			c.CloseNow()
			r.rest()
		}
	})
}

// do does a command, and waits until all that can happen at once has been told.
func (r *rig) do(c Command) {
	go r.s.Do(c)
	r.rest()
}

// rest waits for two Updates: what happens now is told in the second at the
// latest.
func (r *rig) rest() { r.pass(2 * Interval) }

// pass lets time go by, and what is to happen in it be done.
func (r *rig) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// last is the newest Update.
func (w *witness) last() Update { return w.updates[len(w.updates)-1] }

var (
	connectCommand = Command{Op: Connect, URL: "ws://x/"}
	closeCommand   = Command{Op: Close, Code: 4000}
)

func text(s string) Command { return Command{Op: Send, Type: api.MessageText, Data: []byte(s)} }
