package engine

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

const writeLimit = 30 * time.Second

// lateWrite is what every operation returns once the peer was disconnected.
var lateWrite = api.CloseError{Code: 1006, Cause: api.ErrWriteTimeout}

// TestWriteTimeout gives each kind of write to a peer that takes nothing, or
// stops in the middle: after the time limit, at most twice, the connection
// ends.
func TestWriteTimeout(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(r *rig) error
		want  api.CloseError
	}{
		{"Write", func(r *rig) error { return r.c.Write(background, api.MessageText, make([]byte, 100)) }, lateWrite},
		{"a large Write", func(r *rig) error { return r.c.Write(background, api.MessageText, make([]byte, 3*stride)) }, lateWrite},
		{"Ping", func(r *rig) error { return r.c.Ping(background) }, lateWrite},
		{"Writer", func(r *rig) error {
			w, err := r.c.Writer(background, api.MessageBinary)
			if err != nil {
				return err
			}
			_, err = w.Write(make([]byte, 100))
			return errors.Join(err, w.Close())
		}, lateWrite},
		{"the pong that a Read owes", func(r *rig) error {
			r.send(r.ping("a ping"))
			return r.startRead(background)()
		}, lateWrite},
	} {
		for _, room := range []int{0, 1} {
			t.Run(c.name, func(t *testing.T) {
				bothRoles(t, Config{WriteTimeout: writeLimit}, func(r *rig) {
					r.s.limit(room)
					begun := time.Now()
					err := c.write(r)
					wantCloseError(r.T, c.name, err, c.want)
					wantElapsed(r.T, c.name, begun, time.Duration(1+room)*writeLimit)
					wantCloseError(r.T, "Write after it", r.c.Write(background, 1, nil), lateWrite)
					wantCloseError(r.T, "Read after it", r.startRead(background)(), lateWrite)
					synctest.Wait() // the error is known before the transport is closed
					if !r.s.over() {
						r.Error("the stream is left open")
					}
				})
			})
		}
	}
}

// TestWriteTimeoutInClose lets a limit shorter than Close's own end it.
func TestWriteTimeoutInClose(t *testing.T) {
	bothRoles(t, Config{WriteTimeout: time.Second}, func(r *rig) {
		r.s.limit(0)
		begun := time.Now()
		err := r.c.Close(1000, "")
		wantCloseError(r.T, "Close", err, api.CloseError{Code: -1, Local: true, Cause: api.ErrWriteTimeout})
		wantElapsed(r.T, "Close", begun, time.Second)
	})
}

// TestWriteTimeoutSparesTheSlow sends to a peer that takes a byte now and then,
// for much longer than the limit: what counts is that it takes some.
func TestWriteTimeoutSparesTheSlow(t *testing.T) {
	bothRoles(t, Config{WriteTimeout: writeLimit}, func(r *rig) {
		r.s.limit(0)
		p := pattern(100, 1)
		begun := time.Now()
		write := start(func() error { return r.c.Write(background, api.MessageBinary, p) })
		for i := range 100 {
			time.Sleep(writeLimit - 1)
			r.s.limit(1 + i)
		}
		r.s.limit(-1)
		if err := write(); err != nil {
			r.Fatalf("Write: %v", err)
		}
		r.wantFrame(true, frame.OpBinary, p)
		if took := time.Since(begun); took < 90*writeLimit {
			r.Errorf("took %v", took)
		}
		r.noDeadlines()
	})
}

// TestWriteTimeoutOfTLS does not look into a write that cannot go on
// afterwards.
func TestWriteTimeoutOfTLS(t *testing.T) {
	bothRoles(t, Config{WriteTimeout: writeLimit, CutOffBreaks: true}, func(r *rig) {
		r.s.limit(tlsStride + middleBlock + 1)
		begun := time.Now()
		err := r.c.Write(background, api.MessageBinary, make([]byte, 4*tlsStride))
		wantCloseError(r.T, "Write", err, lateWrite)
		if took := time.Since(begun); took > 2*writeLimit {
			r.Errorf("Write took %v", took)
		}
	})
}

// TestNoWriteTimeout waits for as long as it takes.
func TestNoWriteTimeout(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(0)
		write := start(func() error { return r.c.Write(background, api.MessageText, []byte("late")) })
		time.Sleep(testPatience / 2)
		r.s.limit(-1)
		if err := write(); err != nil {
			r.Errorf("Write: %v", err)
		}
	})
}

// TestWriteTimeoutAfterUse lets many writes pass before one is not taken: the
// timer that ran on from them gives the late one its whole time, and not twice.
func TestWriteTimeoutAfterUse(t *testing.T) {
	bothRoles(t, Config{WriteTimeout: writeLimit}, func(r *rig) {
		for range 100 {
			r.write(api.MessageText, []byte("x"))
			time.Sleep(writeLimit / 7)
		}
		r.s.limit(0)
		begun := time.Now()
		err := r.c.Write(background, 1, nil)
		if took := time.Since(begun); took < writeLimit || took > 2*writeLimit {
			r.Errorf("Write took %v, want %v at least and twice that at most", took, writeLimit)
		}
		wantCloseError(r.T, "Write", err, lateWrite)
	})
}

// TestWriteTimeoutRace lets the limit pass in the moment in which a context
// ends, or the peer takes the bytes: whoever wins, no deadline stays behind.
func TestWriteTimeoutRace(t *testing.T) {
	outcomes := make(map[string]int)
	for range 200 {
		bothRolesOnce(t, Config{WriteTimeout: time.Second}, func(r *rig) {
			ctx, cancel := context.WithTimeout(background, time.Second)
			defer cancel()
			r.s.limit(0)
			time.AfterFunc(time.Second, func() { r.s.limit(-1) })
			err := r.c.Write(ctx, api.MessageText, []byte("x"))
			synctest.Wait()
			switch {
			case errors.Is(err, api.ErrClosed):
				outcomes["let go"]++
				wantCloseError(r.T, "Write", err, lateWrite)
				return
			case err == nil:
				outcomes["taken"]++
				r.wantFrame(true, frame.OpText, []byte("x"))
			default:
				outcomes["context"]++
				wantCtx(r.T, "Write", err, ctx)
			}
			r.noDeadlines()
			r.write(api.MessageText, []byte("next"))
			r.wantFrame(true, frame.OpText, []byte("next"))
		})
	}
	t.Log(outcomes)
}

// bothRolesOnce is bothRoles without a test of its own for each.
func bothRolesOnce(t *testing.T, cfg Config, f func(r *rig)) {
	for _, client := range []bool{true, false} {
		cfg.Client = client
		synctest.Test(t, func(t *testing.T) { f(newRig(t, cfg)) })
	}
}

// TestEndedIsForgotten ends a connection whose timer was running: nothing holds
// its memory until the timer would have rung.
func TestEndedIsForgotten(t *testing.T) {
	a, b := newLink()
	go io.Copy(io.Discard, b)
	c := New(a, Config{WriteTimeout: time.Hour})
	if err := c.Write(background, api.MessageText, []byte("x")); err != nil {
		t.Fatal(err)
	}
	c.CloseNow()
	held := weak.Make(c)
	c = nil
	for range 10 {
		if runtime.GC(); held.Value() == nil {
			return
		}
	}
	t.Error("an ended connection is kept in memory")
}
