package engine

import (
	"bytes"
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// watched is the keepalive that the library has by default.
var watched = Config{Idle: 30 * time.Second, Timeout: 30 * time.Second}

var silent = api.CloseError{Code: 1006, Cause: api.ErrKeepaliveTimeout}

// wantPingAt waits for the keepalive ping and checks when it came.
func (r *rig) wantPingAt(begun time.Time, d time.Duration) {
	r.Helper()
	r.wantFrame(true, frame.OpPing, nil)
	wantElapsed(r.T, "the keepalive ping", begun, d)
}

// TestKeepalive lets a peer be silent: a ping after 30 s, the end 30 s later.
func TestKeepalive(t *testing.T) {
	bothRoles(t, watched, func(r *rig) {
		begun := time.Now()
		wait := r.startRead(background)
		r.wantPingAt(begun, 30*time.Second)
		wantCloseError(r.T, "Read", wait(), silent)
		wantElapsed(r.T, "Read", begun, time.Minute)
		wantCloseError(r.T, "Write", r.c.Write(background, 1, nil), silent)
		r.wantEOF()
	})
}

// TestKeepaliveOwnTimes has two times of its own, of which the second is the
// shorter.
func TestKeepaliveOwnTimes(t *testing.T) {
	bothRoles(t, Config{Idle: 10 * time.Second, Timeout: 3 * time.Second}, func(r *rig) {
		begun := time.Now()
		wait := r.startRead(background)
		r.wantPingAt(begun, 10*time.Second)
		wantCloseError(r.T, "Read", wait(), silent)
		wantElapsed(r.T, "Read", begun, 13*time.Second)
	})
}

// TestKeepaliveReset lets the peer send one byte of anything before it is
// pinged, and after: both restart the wait.
func TestKeepaliveReset(t *testing.T) {
	bothRoles(t, watched, func(r *rig) {
		begun := time.Now()
		wait := r.startRead(background)
		frames := r.binary(make([]byte, 100))
		for i := range 4 {
			time.Sleep(29 * time.Second)
			r.send(frames[i : i+1])
			synctest.Wait()
		}
		if n := r.p.waiting(); n > 0 {
			r.Fatalf("%d bytes were sent", n)
		}
		r.wantPingAt(begun, (4*29+30)*time.Second)
		time.Sleep(29 * time.Second)
		r.send(frames[4:5])
		r.wantPingAt(begun, (5*29+60)*time.Second)
		wantCloseError(r.T, "Read", wait(), silent)
		wantElapsed(r.T, "Read", begun, (5*29+90)*time.Second)
	})
}

// TestKeepaliveAddsUp cuts the wait into reads that contexts end, with pauses
// in which nobody reads and nobody is judged.
func TestKeepaliveAddsUp(t *testing.T) {
	bothRoles(t, watched, func(r *rig) {
		read := func(d time.Duration) error {
			ctx, cancel := context.WithTimeout(background, d)
			defer cancel()
			_, _, err := r.c.ReadAppend(ctx, nil)
			return err
		}
		for range 2 {
			if err := read(14 * time.Second); err != context.DeadlineExceeded {
				r.Fatalf("Read: %v", err)
			}
			time.Sleep(time.Hour / 3)
		}
		if n := r.p.waiting(); n > 0 {
			r.Fatalf("%d bytes were sent after 28 s of waiting", n)
		}
		begun := time.Now()
		wait := start(func() error { return read(12 * time.Second) })
		r.wantPingAt(begun, 2*time.Second)
		if err := wait(); err != context.DeadlineExceeded {
			r.Fatalf("Read: %v", err)
		}
		begun = time.Now()
		wantCloseError(r.T, "Read", read(time.Minute), silent)
		wantElapsed(r.T, "Read", begun, 20*time.Second)
	})
}

// TestKeepaliveSeesWhatCame lets the patience run out in a cancelled read. The
// peer answers while nobody reads, and must not be given up for that.
func TestKeepaliveSeesWhatCame(t *testing.T) {
	bothRoles(t, watched, func(r *rig) {
		ctx, cancel := context.WithCancel(background)
		wait := r.startRead(ctx)
		r.wantFrame(true, frame.OpPing, nil)
		time.Sleep(30*time.Second - 1)
		cancel()
		wantCtx(r.T, "Read", wait(), ctx)
		r.c.silence += time.Second // as if the context had ended a little later
		r.send(r.pong(""), r.text("alive"))
		r.wantRead(api.MessageText, []byte("alive"))
	})
}

// TestKeepaliveOff waits indefinitely when it is turned off, or nobody reads.
func TestKeepaliveOff(t *testing.T) {
	for name, cfg := range map[string]Config{"off": {}, "nobody reads": watched} {
		t.Run(name, func(t *testing.T) {
			bothRoles(t, cfg, func(r *rig) {
				var wait func() error
				if name == "off" {
					wait = r.startRead(background)
				}
				time.Sleep(testPatience / 2)
				if n := r.p.waiting(); n > 0 || r.s.over() {
					r.Errorf("%d bytes were sent, the stream is closed: %v", n, r.s.over())
				}
				r.send(r.text("late"))
				if wait == nil {
					wait = r.startRead(background)
				}
				if err := wait(); err != nil {
					r.Errorf("Read: %v", err)
				}
			})
		})
	}
}

// TestKeepalivePingWaits lets the keepalive ping wait behind a message that the
// peer takes slowly: it is not given up while it does, nor before it had its 30
// s.
func TestKeepalivePingWaits(t *testing.T) {
	for _, answers := range []bool{true, false} {
		bothRoles(t, watched, func(r *rig) {
			r.s.limit(0)
			read := r.startRead(background)
			const pieces = 20
			piece := make([]byte, 200<<10)
			big := bytes.Repeat(piece, pieces)
			write := start(func() error { return r.c.Write(background, api.MessageBinary, big) })
			head := frame.Header{Fin: true, Opcode: frame.OpBinary, Masked: r.client, Length: int64(len(big))}
			for got, total := 0, len(frame.AppendHeader(nil, head))+len(big); got < total; {
				time.Sleep(10 * time.Second)
				r.s.limit(min(len(piece), total-got))
				synctest.Wait()
				r.s.limit(0)
				for r.p.waiting() > 0 {
					n, err := r.p.Read(piece)
					if got += n; err != nil {
						r.Fatal(err)
					}
				}
			}
			begun := time.Now()
			if err := write(); err != nil {
				r.Fatalf("Write: %v", err)
			}
			time.Sleep(time.Second)
			r.s.limit(-1)
			r.wantPingAt(begun, time.Second)
			if answers {
				time.Sleep(30*time.Second - time.Nanosecond)
				r.send(r.text("in time"))
				if err := read(); err != nil {
					r.Errorf("Read: %v", err)
				}
				return
			}
			wantCloseError(r.T, "Read", read(), silent)
			wantElapsed(r.T, "Read", begun, 31*time.Second)
		})
	}
}

// TestKeepaliveStuckWriter gives up a peer that takes nothing and says nothing,
// though no ping can be sent.
func TestKeepaliveStuckWriter(t *testing.T) {
	bothRoles(t, watched, func(r *rig) {
		r.s.limit(10)
		begun := time.Now()
		read := r.startRead(background)
		write := start(func() error { return r.c.Write(background, api.MessageText, make([]byte, 100)) })
		wantCloseError(r.T, "Read", read(), silent)
		wantElapsed(r.T, "Read", begun, time.Minute)
		wantCloseError(r.T, "Write", write(), silent)
	})
}

// timeouts is a stream whose Read returns a time-out that nobody asked for.
type timeouts struct {
	*end
	err error
	n   int
}

func (s *timeouts) Read([]byte) (int, error) {
	s.n++
	return 0, s.err
}

// TestTimeoutUnasked reads from a stream that times out by itself, as TCP does
// when its packets are not acknowledged: the connection ends, and Read does not
// spin.
func TestTimeoutUnasked(t *testing.T) {
	for _, cfg := range []Config{{}, watched} {
		for _, c := range []struct {
			err  error
			most int
		}{{syscall.ETIMEDOUT, 1}, {os.ErrDeadlineExceeded, emptyReads}} {
			bubble(t, c.err.Error(), func(t *testing.T) {
				a, _ := newLink()
				s := &timeouts{end: a, err: c.err}
				conn := New(s, cfg)
				_, _, err := conn.ReadAppend(background, nil)
				wantCloseError(t, "Read", err, api.CloseError{Code: 1006, Cause: c.err})
				if s.n > c.most {
					t.Errorf("the stream was read %d times, want %d at most", s.n, c.most)
				}
			})
		}
	}
}
