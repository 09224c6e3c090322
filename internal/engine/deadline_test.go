package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestDeadlineRace ends contexts in the very moment in which the stream goes
// on, for reads and for writes. Whoever wins: nothing is lost, and no deadline
// stays behind to fail the next operation.
func TestDeadlineRace(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		var cancelled, done int
		for range 300 {
			ctx, cancel := context.WithTimeout(background, time.Second)
			p := r.text("x")
			r.send(p[:len(p)-1])
			time.AfterFunc(time.Second, func() { r.p.Write(p[len(p)-1:]) })
			_, got, err := r.c.ReadAppend(ctx, nil)
			if err == nil {
				done++
			} else {
				wantCtx(r.T, "Read", err, ctx)
				cancelled++
				_, got, err = r.c.ReadAppend(background, nil)
			}
			if err != nil || string(got) != "x" {
				r.Fatalf("Read: %q, %v", got, err)
			}
			cancel()
			r.noDeadlines()
		}
		r.Logf("%d reads cancelled, %d done", cancelled, done)
	})
	bothRoles(t, Config{}, func(r *rig) {
		for range 300 {
			ctx, cancel := context.WithTimeout(background, time.Second)
			r.s.limit(0)
			time.AfterFunc(time.Second, func() { r.s.limit(-1) })
			err := r.c.Write(ctx, api.MessageText, []byte("x"))
			synctest.Wait()
			r.noDeadlines()
			if err == nil {
				r.wantFrame(true, frame.OpText, []byte("x"))
			} else {
				wantCtx(r.T, "Write", err, ctx)
			}
			cancel()
		}
		r.write(api.MessageText, []byte("end"))
		r.wantFrame(true, frame.OpText, []byte("end"))
	})
}

// noDeadlines checks that the stream is left without deadlines.
func (r *rig) noDeadlines() {
	r.Helper()
	defer r.s.lock()()
	if !r.s.rd.at.IsZero() || !r.s.wd.at.IsZero() {
		r.Fatalf("deadlines are left behind: %v to read, %v to write", r.s.rd.at, r.s.wd.at)
	}
}

// TestInterruptedWithBytes gives bytes to a Read whose context has ended
// meanwhile: they are returned or kept, never lost.
func TestInterruptedWithBytes(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		for range 200 {
			ctx, cancel := newContext()
			read := start(func() error {
				_, p, err := r.c.ReadAppend(ctx, nil)
				if err == nil && string(p) != "message" {
					r.Errorf("Read: %q", p)
				}
				return err
			})
			synctest.Wait()
			go cancel()
			r.send(r.text("message"))
			if err := read(); err != nil {
				wantCtx(r.T, "Read", err, ctx)
				r.wantRead(api.MessageText, []byte("message"))
			}
			synctest.Wait()
			r.noDeadlines()
		}
	})
}
