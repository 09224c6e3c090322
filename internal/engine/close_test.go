package engine

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// answer makes the peer complete a closing handshake that the connection began,
// and end the stream.
func (r *rig) answer(code int, reason string) {
	r.Helper()
	r.wantClose(code, reason)
	r.send(r.close(code, ""))
	r.p.finish()
}

// TestClose closes against a peer that answers (RFC 6455 section 7.1.2), with
// every kind of content.
func TestClose(t *testing.T) {
	for _, c := range []struct {
		code   api.StatusCode
		wire   int
		reason string
	}{
		{1000, 1000, ""}, {1000, 1000, "bye"}, {1001, 1001, "水"}, {4999, 4999, string(make([]byte, 123))},
		{api.StatusNoStatusRcvd, 0, ""},
	} {
		bothRoles(t, Config{}, func(r *rig) {
			wait := start(func() error { return r.c.Close(c.code, c.reason) })
			r.answer(c.wire, c.reason)
			if err := wait(); err != nil {
				r.Errorf("Close(%v, %q): %v", c.code, c.reason, err)
			}
			r.wantEOF()
			want := api.CloseError{Code: c.code, Local: true, Clean: true}
			_, _, err := r.c.ReadAppend(background, nil)
			wantCloseError(r.T, "Read", err, want)
			_, _, err = r.c.Reader(background)
			wantCloseError(r.T, "Reader", err, want)
			wantCloseError(r.T, "Write", r.c.Write(background, 1, nil), want)
			_, err = r.c.Writer(background, 1)
			wantCloseError(r.T, "Writer", err, want)
			wantCloseError(r.T, "Ping", r.c.Ping(background), want)
			wantCloseError(r.T, "CloseNow", r.c.CloseNow(), want)
			if err := r.c.Close(1000, "again"); err != nil {
				r.Errorf("the second Close: %v", err)
			}
		})
	}
}

// TestCloseUnread closes with messages unread, whole and in part, and with a
// reader of one of them: all are thrown away.
func TestCloseUnread(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(r *rig)
	}{
		{"messages", func(r *rig) { r.send(r.text("a"), r.ping("p"), r.binary(make([]byte, 3*middleBlock))) }},
		{"a half message", func(r *rig) { r.send(r.frame(false, frame.OpText, []byte("half"))) }},
		{"not text", func(r *rig) { r.send(r.text("\xff")) }},
		{"a Reader", func(r *rig) {
			r.send(r.text("unread"))
			if _, _, err := r.c.Reader(background); err != nil {
				r.Fatal(err)
			}
		}},
		{"half a frame read", func(r *rig) {
			whole := r.text("unread")
			r.send(whole[:7])
			_, s, err := r.c.Reader(background)
			if err != nil {
				r.Fatal(err)
			}
			s.Read(make([]byte, 1))
			r.send(whole[7:])
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{ReadLimit: 100}, func(r *rig) {
				c.do(r)
				wait := start(func() error { return r.c.Close(1000, "") })
				synctest.Wait()
				for range 3 {
					r.send(r.frame(true, frame.OpPong, nil))
				}
				r.answer(1000, "")
				if err := wait(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		})
	}
}

// TestCloseInMessage closes while a read waits for a message's last byte. The
// message comes too late and is thrown away.
func TestCloseInMessage(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		whole := r.text("late")
		r.send(whole[:len(whole)-1])
		read := r.startRead(background)
		synctest.Wait()
		wait := start(func() error { return r.c.Close(1000, "") })
		r.wantClose(1000, "")
		r.send(whole[len(whole)-1:], r.text("later"), r.close(1000, ""))
		r.p.finish()
		wantCloseError(r.T, "Read", read(), api.CloseError{Code: 1000, Local: true, Clean: true})
		if err := wait(); err != nil {
			r.Errorf("Close: %v", err)
		}
	})
}

// TestCloseWithReaders closes while reads wait, of which one completes the
// handshake; all of them and all of Close come to the same end.
func TestCloseWithReaders(t *testing.T) {
	for _, n := range []struct{ readers, closers int }{{1, 1}, {3, 1}, {1, 3}, {5, 5}} {
		bothRoles(t, Config{}, func(r *rig) {
			var all sync.WaitGroup
			for range n.readers {
				all.Go(func() {
					_, _, err := r.c.ReadAppend(background, nil)
					wantCloseError(r.T, "Read", err, api.CloseError{Code: 1000, Local: true, Clean: true})
				})
			}
			synctest.Wait()
			for range n.closers {
				all.Go(func() {
					if err := r.c.Close(1000, ""); err != nil {
						r.Errorf("Close: %v", err)
					}
				})
			}
			r.answer(1000, "")
			all.Wait()
			r.wantEOF()
		})
	}
}

// TestCloseSilentPeer closes against a peer that never answers: 5 s exactly,
// whether a read waits or not, and however much it sends.
func TestCloseSilentPeer(t *testing.T) {
	for _, name := range []string{"alone", "with a reader", "with two more", "with data all the while", "after its half frame"} {
		t.Run(name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				want := api.CloseError{Code: -1, Local: true, Cause: errNoAnswer}
				var all sync.WaitGroup
				begun := time.Now()
				shut := func() {
					wantCloseError(t, "Close", r.c.Close(1000, ""), want)
					wantElapsed(t, "Close", begun, CloseWait)
				}
				switch name {
				case "with a reader":
					all.Go(func() { wantCloseError(t, "Read", r.startRead(background)(), want) })
					synctest.Wait()
				case "with two more":
					all.Go(shut)
					all.Go(shut)
				case "with data all the while":
					all.Go(func() {
						for r.p.waiting(); time.Since(begun) < CloseWait; time.Sleep(time.Second / 2) {
							r.send(r.text("still here"))
						}
					})
				case "after its half frame":
					r.send(r.text("half")[:3])
				}
				shut()
				all.Wait()
				r.wantClose(1000, "")
				r.wantEOF()
			})
		})
	}
}

// TestCloseContext closes against a peer that answers late or never: the
// context bounds the wait, be it shorter than 5 s or longer, and 5 s where it
// has no deadline. What ends is the connection, whose error blames no context.
func TestCloseContext(t *testing.T) {
	bound := func(d time.Duration) func() (context.Context, context.CancelFunc) {
		return func() (context.Context, context.CancelFunc) { return context.WithTimeout(background, d) }
	}
	for _, c := range []struct {
		name  string
		ctx   func() (context.Context, context.CancelFunc)
		after time.Duration // when the peer answers; 0: never
		took  time.Duration
		want  error // of the context, nil for none
	}{
		{"a deadline before 5 s", bound(time.Second), 0, time.Second, context.DeadlineExceeded},
		{"a deadline after 5 s", bound(time.Minute), 0, time.Minute, context.DeadlineExceeded},
		{"a deadline after 5 s, answered", bound(time.Minute), 30 * time.Second, 30 * time.Second, nil},
		{"one that has passed", bound(0), 0, 0, context.DeadlineExceeded},
		{"no deadline", newContext, 0, CloseWait, nil},
		{"cancelled", func() (context.Context, context.CancelFunc) {
			ctx, cancel := newContext()
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, 0, time.Second, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				ctx, cancel := c.ctx()
				defer cancel()
				if c.after > 0 {
					time.AfterFunc(c.after, func() { r.send(r.close(1000, "")); r.p.finish() })
				}
				begun := time.Now()
				err := r.c.CloseContext(ctx, 4000, "r")
				wantElapsed(t, "CloseContext", begun, c.took)
				switch {
				case c.after > 0 && err != nil:
					t.Errorf("CloseContext: %v", err)
				case c.want != nil:
					wantIs(t, "CloseContext", err, c.want)
					wantCloseError(t, "CloseContext", err, api.CloseError{Code: -1, Local: true, Cause: errGivenUp})
				case c.after == 0:
					wantCloseError(t, "CloseContext", err, api.CloseError{Code: -1, Local: true, Cause: errNoAnswer})
				}
				if c.took > 0 {
					r.wantClose(4000, "r")
				}
				_, _, err = r.c.ReadAppend(background, nil)
				wantIs(t, "Read", err, api.ErrClosed)
				if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Read: %v matches the context of another call", err)
				}
			})
		})
	}
}

// TestCloseBehindStuckWriter closes while a write holds the wire: the close
// frame cannot be sent, and 5 s bound the wait.
func TestCloseBehindStuckWriter(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(10)
		want := api.CloseError{Code: -1, Local: true, Cause: errNoAnswer}
		write := start(func() error { return r.c.Write(background, api.MessageText, make([]byte, 100)) })
		read := r.startRead(background)
		synctest.Wait()
		begun := time.Now()
		wantCloseError(r.T, "Close", r.c.Close(1000, ""), want)
		wantElapsed(r.T, "Close", begun, CloseWait)
		wantCloseError(r.T, "Write", write(), want)
		wantCloseError(r.T, "Read", read(), want)
	})
}

// TestCloseBothAtOnce lets both sides begin at the same time: each frame is
// the other's answer (RFC 6455 section 7.1.2).
func TestCloseBothAtOnce(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.close(4001, "theirs"))
		wait := start(func() error { return r.c.Close(4000, "ours") })
		r.wantClose(4000, "ours")
		r.p.finish()
		if err := wait(); err != nil {
			r.Errorf("Close: %v", err)
		}
		_, _, err := r.c.ReadAppend(background, nil)
		wantCloseError(r.T, "Read", err, api.CloseError{Code: 4001, Reason: "theirs", Local: true, Clean: true})
	})
}

// TestClosePair closes the two ends of one connection from both sides at once.
// Nobody else reads, and net.Pipe takes a frame only when it is read.
func TestClosePair(t *testing.T) {
	bubble(t, "Close alone", func(t *testing.T) {
		a, b := net.Pipe()
		var all sync.WaitGroup
		begun := time.Now()
		for _, c := range []*Conn{New(a, Config{Client: true}), New(b, Config{})} {
			all.Go(func() {
				if err := c.Close(1000, ""); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		all.Wait()
		wantElapsed(t, "Close", begun, 0)
	})
	bubble(t, "many, with readers", func(t *testing.T) {
		client, server := pair(t)
		var all sync.WaitGroup
		begun := time.Now()
		for range 3 {
			for _, c := range []*Conn{client, server} {
				all.Go(func() {
					if err := c.Close(1000, ""); err != nil {
						t.Errorf("Close: %v", err)
					}
				})
				all.Go(func() {
					_, _, err := c.ReadAppend(background, nil)
					wantIs(t, "Read", err, api.ErrClosed)
				})
			}
		}
		all.Wait()
		wantElapsed(t, "all", begun, 0)
	})
}
