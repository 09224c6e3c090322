package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
)

// asked is a context that counts how often it was asked to tell its end.
type asked struct {
	context.Context
	done        chan struct{}
	times, back int
}

func newAsked() *asked { return &asked{Context: background, done: make(chan struct{})} }

func (a *asked) Done() <-chan struct{} { return a.done }

func (a *asked) AfterFunc(func()) (stop func() bool) {
	a.times++
	return func() bool { a.back++; return true }
}

// wantAsked checks how often ctx was asked, and how often that was taken back.
func wantAsked(t *testing.T, when string, ctx *asked, times, back int) {
	t.Helper()
	if ctx.times != times || ctx.back != back {
		t.Errorf("%s: asked %d times, %d taken back; want %d and %d", when, ctx.times, ctx.back, times, back)
	}
}

// TestInterruptsKeep asks a context twice at most, however often it comes, and
// one that comes once is left alone after its call.
func TestInterruptsKeep(t *testing.T) {
	s, _ := newLink()
	i := &interrupts{conn: New(s, Config{})}
	once := func(d direction, ctx context.Context) {
		t.Helper()
		i.begin(d, ctx)
		if i.end(d) {
			t.Error("interrupted, though no context has ended")
		}
	}
	a, b := newAsked(), newAsked()
	once(inward, a)
	wantAsked(t, "after one call", a, 1, 1)
	for range 5 {
		once(inward, a)
		once(outward, a)
	}
	wantAsked(t, "after eleven calls in both directions", a, 2, 1)
	once(outward, b)
	wantAsked(t, "another one", b, 1, 1)
	wantAsked(t, "which takes nothing from the other direction", a, 2, 1)
	once(inward, b)
	wantAsked(t, "and then from this one", a, 2, 2)

	// What is known at the end of the connection is forgotten; a call that is
	// at work keeps its own until it ends.
	once(inward, a)
	once(inward, a)
	i.begin(outward, b)
	i.stop()
	wantAsked(t, "after the end", a, 4, 4)
	if b.times != b.back+1 {
		t.Errorf("a call at work lost its context: asked %d times, %d taken back", b.times, b.back)
	}
	i.end(outward)
	once(outward, b)
	if b.times != b.back {
		t.Errorf("after the last call: asked %d times, %d taken back", b.times, b.back)
	}
}

// TestInterruptsFire ends a context before, during and after a call that it
// bounds, which is the first or a later one with it.
func TestInterruptsFire(t *testing.T) {
	for _, d := range []direction{inward, outward} {
		for calls := range 3 {
			bubble(t, "", func(t *testing.T) {
				s, _ := newLink()
				i := &interrupts{conn: New(s, Config{})}
				ctx, cancel := context.WithCancel(background)
				for range calls {
					i.begin(d, ctx)
					i.end(d)
				}
				i.begin(1-d, background)
				i.begin(d, ctx)
				cancel()
				synctest.Wait()
				if alarms := [...]alarm{s.rd, s.wd}; !alarms[d].over() || alarms[1-d].over() {
					t.Errorf("call %d: deadlines %v", calls+1, alarms)
				}
				if !i.end(d) || i.end(1-d) {
					t.Errorf("call %d: not interrupted, or in the wrong direction", calls+1)
				}
				s.SetReadDeadline(time.Time{})
				s.SetWriteDeadline(time.Time{})
				synctest.Wait()
				if s.rd.over() || s.wd.over() {
					t.Error("a deadline was set after the call")
				}
				// The context told its end once; a call that begins now hears
				// of it, too.
				i.begin(d, ctx)
				synctest.Wait()
				if !i.end(d) {
					t.Error("a call with an ended context is not interrupted")
				}
			})
		}
	}
}

// TestContextAgain reads with one context many times: it still interrupts the
// last Read, and a Write with it.
func TestContextAgain(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		ctx, cancel := context.WithCancel(background)
		for range 5 {
			wait := start(func() error {
				_, _, err := r.c.ReadAppend(ctx, nil)
				return err
			})
			synctest.Wait()
			r.send(r.text("a"))
			if err := wait(); err != nil {
				r.Fatal(err)
			}
			if err := r.c.Write(ctx, api.MessageText, nil); err != nil {
				r.Fatal(err)
			}
		}
		r.s.limit(0)
		read := r.startRead(ctx)
		write := start(func() error { return r.c.Write(ctx, api.MessageText, nil) })
		synctest.Wait()
		cancel()
		wantCtx(r.T, "Read", read(), ctx)
		wantCtx(r.T, "Write", write(), ctx)
		r.s.limit(-1)
		r.send(r.text("b"))
		r.wantRead(api.MessageText, []byte("b"))
	})
}
