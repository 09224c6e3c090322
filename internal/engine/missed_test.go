package engine

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// ignoring is an end that takes deadlines and does not keep them, or late.
type ignoring struct {
	*end
	late time.Duration // 0 is never
	err  error         // what setting one returns
}

func (i *ignoring) SetReadDeadline(t time.Time) error  { return i.delayed(t, i.end.SetReadDeadline) }
func (i *ignoring) SetWriteDeadline(t time.Time) error { return i.delayed(t, i.end.SetWriteDeadline) }

func (i *ignoring) delayed(t time.Time, set func(time.Time) error) error {
	switch {
	case i.late == 0:
	case t.IsZero():
		set(t)
	default:
		set(time.Now().Add(i.late))
	}
	return i.err
}

// awaitedIgnoring is one that waits in AwaitRead.
type awaitedIgnoring struct{ *ignoring }

func (a awaitedIgnoring) AwaitRead() error {
	a.l.mu.Lock()
	defer a.l.mu.Unlock()
	for !a.closed && !a.rd.over() && a.in.off == len(a.in.held) && a.in.last == nil {
		a.l.wake.Wait()
	}
	if a.rd.over() {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// overIgnoring is bothRoles over a stream that ignores its deadlines, in each
// way.
func overIgnoring(t *testing.T, cfg Config, f func(r *rig)) {
	for name, over := range map[string]func(*end) Transport{
		"silently":     func(e *end) Transport { return &ignoring{end: e} },
		"with errors":  func(e *end) Transport { return &ignoring{end: e, err: errors.ErrUnsupported} },
		"in AwaitRead": func(e *end) Transport { return awaitedIgnoring{&ignoring{end: e}} },
	} {
		t.Run(name, func(t *testing.T) {
			for _, client := range []bool{true, false} {
				cfg.Client = client
				bubble(t, role(client), func(t *testing.T) { f(newRigOver(t, cfg, over)) })
			}
		})
	}
}

// newRigOver is newRig over what is made of the connection's end.
func newRigOver(t *testing.T, cfg Config, over func(*end) Transport) *rig {
	r := newRig(t, cfg)
	cfg.ReadLimit, cfg.Keys = -1, func() [4]byte { return goldenKey }
	r.c = New(over(r.s), cfg)
	t.Cleanup(func() { r.c.CloseNow() })
	return r
}

var ignored = api.CloseError{Code: -1, Local: true, Cause: ErrDeadlinesIgnored}

// TestDeadlinesIgnored lets contexts end: what waits is ended with the
// connection, after the grace, and says why.
func TestDeadlinesIgnored(t *testing.T) {
	for _, c := range []struct {
		name string
		call func(ctx context.Context, r *rig) error
	}{
		{"Read", func(ctx context.Context, r *rig) error { return r.startRead(ctx)() }},
		{"Read of the rest of a message", func(ctx context.Context, r *rig) error {
			r.send(r.frame(false, frame.OpText, []byte("half")))
			return r.startRead(ctx)()
		}},
		{"Reader", func(ctx context.Context, r *rig) error { _, _, err := r.c.Reader(ctx); return err }},
		{"a Reader's stream", func(ctx context.Context, r *rig) error {
			r.send(r.frame(false, frame.OpText, []byte("half")))
			_, s, err := r.c.Reader(ctx)
			if err == nil {
				_, err = io.ReadAll(s)
			}
			return err
		}},
		{"Ping", func(ctx context.Context, r *rig) error { return r.c.Ping(ctx) }},
		{"Write", func(ctx context.Context, r *rig) error {
			r.s.limit(0)
			return r.c.Write(ctx, api.MessageText, []byte("x"))
		}},
		{"Writer", func(ctx context.Context, r *rig) error {
			r.s.limit(0)
			w, err := r.c.Writer(ctx, api.MessageText)
			if err == nil {
				err = w.Close()
			}
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			overIgnoring(t, Config{}, func(r *rig) {
				ctx, cancel := context.WithTimeout(background, 5*time.Second)
				defer cancel()
				begun := time.Now()
				err := c.call(ctx, r)
				wantElapsed(r.T, c.name, begun, 5*time.Second+grace)
				wantCloseError(r.T, c.name, err, ignored)
				wantCloseError(r.T, "Read after it", r.startRead(background)(), ignored)
				if !r.s.over() {
					r.Error("the stream is left open")
				}
			})
		})
	}
}

// TestDeadlinesIgnoredInTime lets bytes come within the grace: the call
// returns, and the connection goes on. What watched over it does not end a
// later call.
func TestDeadlinesIgnoredInTime(t *testing.T) {
	overIgnoring(t, Config{}, func(r *rig) {
		for range 5 {
			ctx, cancel := context.WithTimeout(background, time.Second)
			time.AfterFunc(time.Second+grace/2, func() { r.p.Write(r.text("a")) })
			_, p, err := r.c.ReadAppend(ctx, nil)
			if err != nil || string(p) != "a" {
				r.Fatalf("Read: %q, %v", p, err)
			}
			cancel()
			// This one is interrupted, too, while the first one's time would be
			// up.
			ctx, cancel = context.WithTimeout(background, grace/4)
			time.AfterFunc(grace, func() { r.p.Write(r.text("b")) })
			if _, p, err = r.c.ReadAppend(ctx, nil); err != nil || string(p) != "b" {
				r.Fatalf("Read: %q, %v", p, err)
			}
			cancel()
		}
		r.write(api.MessageText, []byte("x"))
		r.wantFrame(true, frame.OpText, []byte("x"))
	})
}

// TestDeadlinesLate keeps deadlines half a grace late: nothing is lost.
func TestDeadlinesLate(t *testing.T) {
	for _, client := range []bool{true, false} {
		cfg := Config{Client: client, Idle: 30 * time.Second, Timeout: 30 * time.Second}
		bubble(t, role(client), func(t *testing.T) {
			r := newRigOver(t, cfg, func(e *end) Transport { return &ignoring{end: e, late: grace / 2} })
			for range 5 {
				ctx, cancel := context.WithTimeout(background, 5*time.Second)
				begun := time.Now()
				wantCtx(t, "Read", r.startRead(ctx)(), ctx)
				wantElapsed(t, "Read", begun, 5*time.Second+grace/2)
				cancel()
			}
			r.send(r.text("a"))
			r.wantRead(api.MessageText, []byte("a"))
			begun := time.Now()
			read := r.startRead(background)
			r.wantPingAt(begun, 30*time.Second+grace/2)
			r.send(r.pong(""))
			synctest.Wait()
			r.wantPingAt(begun, 60*time.Second+grace)
			wantCloseError(t, "Read", read(), silent)
		})
	}
}

// TestDeadlinesIgnoredKeepalive judges a peer by its answers though no Read can
// be interrupted to do it: at most the grace later than else.
func TestDeadlinesIgnoredKeepalive(t *testing.T) {
	overIgnoring(t, Config{Idle: 30 * time.Second, Timeout: 20 * time.Second}, func(r *rig) {
		begun := time.Now()
		read := r.startRead(background)
		const each = 30*time.Second + grace
		for i := range time.Duration(10) {
			r.wantPingAt(begun, (i+1)*each)
			r.send(r.pong(""))
			synctest.Wait()
		}
		r.wantPingAt(begun, 11*each)
		wantCloseError(r.T, "Read", read(), silent)
		wantElapsed(r.T, "Read", begun, 11*each+20*time.Second)
	})
}

// TestDeadlinesIgnoredBehind holds the keepalive's ping up behind a long
// message that the peer takes slowly: it is judged from when it could have
// answered.
func TestDeadlinesIgnoredBehind(t *testing.T) {
	overIgnoring(t, Config{Idle: 10 * time.Second, Timeout: 10 * time.Second}, func(r *rig) {
		r.s.limit(0)
		p := pattern(30*stride, 1)
		write := start(func() error { return r.c.Write(background, api.MessageBinary, p) })
		begun := time.Now()
		read := r.startRead(background)
		for range 30 { // a stride every 5 s: much longer than the keepalive allows for silence
			time.Sleep(5 * time.Second)
			r.s.limit(stride)
			r.p.discard(stride)
		}
		synctest.Wait()
		if r.s.over() {
			r.Fatalf("given up after %v, while it took bytes", time.Since(begun))
		}
		r.s.limit(-1)
		if err := write(); err != nil {
			r.Errorf("Write: %v", err)
		}
		wantCloseError(r.T, "Read", read(), silent)
	})
}

// TestDeadlinesIgnoredWriteTimeout ends a Write, a pong and a Close that the
// peer does not take: after twice the limit at most.
func TestDeadlinesIgnoredWriteTimeout(t *testing.T) {
	for _, limit := range []time.Duration{30 * time.Second, grace / 2} {
		overIgnoring(t, Config{WriteTimeout: limit}, func(r *rig) {
			r.s.limit(0)
			r.send(r.ping("a ping"))
			begun := time.Now()
			read := r.startRead(background)
			wantCloseError(r.T, "Write", r.c.Write(background, 1, make([]byte, gatherBytes)), lateWrite)
			wantElapsed(r.T, "Write", begun, limit+min(limit, grace))
			wantCloseError(r.T, "Read", read(), lateWrite)
		})
	}
}

// TestDeadlinesIgnoredClose ends in the time that is documented all the same:
// no grace is needed where the connection ends anyway.
func TestDeadlinesIgnoredClose(t *testing.T) {
	for _, c := range []struct {
		name string
		room int
		do   func(r *rig)
		took time.Duration
	}{
		{"Close", -1, func(r *rig) { r.c.Close(1000, "") }, CloseWait},
		{"Close, and nothing is taken", 0, func(r *rig) { r.c.Close(1000, "") }, CloseWait},
		{"Close beside a Read", -1, func(r *rig) {
			read := r.startRead(background)
			synctest.Wait()
			r.c.Close(1000, "")
			wantIs(r.T, "Read", read(), api.ErrClosed)
		}, CloseWait},
		{"CloseNow beside a Read", -1, func(r *rig) {
			read := r.startRead(background)
			synctest.Wait()
			r.c.CloseNow()
			wantIs(r.T, "Read", read(), api.ErrClosed)
		}, 0},
		{"Fail", -1, func(r *rig) { r.c.Fail(1008, errFragments) }, 0},
		{"Fail, and nothing is taken", 0, func(r *rig) { r.c.Fail(1008, errFragments) }, lingerWait},
		{"a broken rule", -1, func(r *rig) { r.send([]byte{0x83, 0}); r.startRead(background)() }, 0},
		{"a broken rule, and nothing is taken", 0, func(r *rig) { r.send([]byte{0x83, 0}); r.startRead(background)() }, lingerWait},
		{"the peer's close, whose answer is not taken", 0, func(r *rig) { r.send(r.close(1000, "")); r.startRead(background)() }, CloseWait},
	} {
		t.Run(c.name, func(t *testing.T) {
			overIgnoring(t, Config{}, func(r *rig) {
				r.s.limit(c.room)
				begun := time.Now()
				c.do(r)
				wantElapsed(r.T, c.name, begun, c.took)
				time.Sleep(lingerWait)
				synctest.Wait()
				if !r.s.over() {
					r.Error("the stream is left open")
				}
			})
		})
	}
}

// TestDeadlinesIgnoredLinger answers the peer's close, and the peer stays: the
// stream is ended as soon as one that keeps deadlines.
func TestDeadlinesIgnoredLinger(t *testing.T) {
	overIgnoring(t, Config{}, func(r *rig) {
		begun := time.Now()
		r.send(r.close(1000, ""))
		wantCloseError(r.T, "Read", r.startRead(background)(), api.CloseError{Code: 1000, Clean: true})
		wantElapsed(r.T, "Read", begun, 0)
		time.Sleep(lingerWait)
		synctest.Wait()
		if !r.s.over() {
			r.Error("the stream is left open")
		}
	})
}

// counting counts the deadlines that are set.
type counting struct {
	*end
	set atomic.Int32
}

func (c *counting) SetReadDeadline(t time.Time) error {
	c.set.Add(1)
	return c.end.SetReadDeadline(t)
}

// TestKeepsDeadlines watches over nothing where the stream is known to keep
// them.
func TestKeepsDeadlines(t *testing.T) {
	for _, client := range []bool{true, false} {
		bubble(t, role(client), func(t *testing.T) {
			cfg := Config{Client: client, KeepsDeadlines: true, Idle: time.Hour, Timeout: time.Hour}
			var s *counting
			r := newRigOver(t, cfg, func(e *end) Transport { s = &counting{end: e}; return s })
			ctx, cancel := newContext()
			read := r.startRead(ctx)
			synctest.Wait()
			i := r.c.rare.Load().interrupts.Load()
			i.mu.Lock()
			i.fireLocked(inward)
			if i.calls[inward].fired != unwatched {
				t.Error("a timer watches over a call")
			}
			i.mu.Unlock()
			cancel()
			wantCtx(t, "Read", read(), ctx)
			r.c.CloseNow()
			if n := s.set.Load(); n > 3 {
				t.Errorf("%d deadlines were set, want two and their end", n)
			}
		})
	}
}

// TestDeadlinesIgnoredForever has the keepalive send a ping and judge nobody.
func TestDeadlinesIgnoredForever(t *testing.T) {
	overIgnoring(t, Config{Idle: 30 * time.Second, Timeout: -1}, func(r *rig) {
		for range 3 {
			begun := time.Now()
			read := r.startRead(background)
			r.wantPingAt(begun, 30*time.Second+grace)
			time.Sleep(testPatience / 10)
			r.send(r.text("x"))
			if err := read(); err != nil {
				r.Error(err)
			}
		}
	})
}

// TestInterruptsSize holds what a connection costs more whose contexts can end
// to a size class of Go's memory.
func TestInterruptsSize(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("for 64 bits")
	}
	if n := unsafe.Sizeof(interrupts{}); n > 80 {
		t.Errorf("interrupts have %d bytes, want 80 at most", n)
	}
}
