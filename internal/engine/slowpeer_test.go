package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// queue is an end whose system takes all that it is given, and tells how much
// of it the peer's has not taken, as TCP sockets do.
type queue struct {
	*end
	unsent atomic.Int64
}

func (q *queue) Write(p []byte) (int, error) {
	n, err := q.end.Write(p)
	q.unsent.Add(int64(n))
	return n, err
}

func (q *queue) Progress() (Progress, error) {
	n := q.unsent.Load()
	return Progress{Unsent: n, Waits: n >= manyUnsent}, nil
}

// queues runs f in both roles over a queue.
func queues(t *testing.T, cfg Config, f func(r *rig, q *queue)) {
	bothRoles(t, cfg, func(r *rig) {
		q := &queue{end: r.s}
		r.c.transport = q
		f(r, q)
	})
}

// take has the peer take n bytes at most of what waits for it.
func (q *queue) take(r *rig, n int64) {
	n = min(n, q.unsent.Load())
	buf := make([]byte, n)
	for n > 0 {
		k, err := r.p.Read(buf[:n])
		if err != nil {
			r.Error(err)
			return
		}
		n -= int64(k)
		q.unsent.Add(-int64(k))
	}
}

// TestKeepaliveLongMessage has the peer take 60 kB/s of 8 MiB whose Write
// returned long ago, with the ping behind them: RFC 6455 section 5.5.2 lets it
// answer once it gets there, which is after more than two minutes.
func TestKeepaliveLongMessage(t *testing.T) {
	queues(t, watched, func(r *rig, q *queue) {
		r.write(api.MessageBinary, make([]byte, 8<<20))
		read := r.startRead(background)
		begun := time.Now()
		for q.unsent.Load() > 0 {
			time.Sleep(time.Second)
			q.take(r, 60_000)
		}
		if took := time.Since(begun); took < 2*time.Minute {
			r.Fatalf("all was taken in %v: this proves nothing", took)
		}
		r.send(r.pong(""), r.text("taken"))
		if err := read(); err != nil {
			r.Errorf("Read: %v", err)
		}
	})
}

// TestKeepaliveSlowReceiver does the same while Write goes on, message by
// message.
func TestKeepaliveSlowReceiver(t *testing.T) {
	queues(t, watched, func(r *rig, q *queue) {
		ctx, cancel := context.WithTimeout(background, 5*time.Minute)
		defer cancel()
		var all sync.WaitGroup
		all.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Second)
				q.take(r, 60_000)
			}
		})
		all.Go(func() {
			for ctx.Err() == nil {
				if q.unsent.Load() > 2<<20 { // as many as the system takes
					time.Sleep(time.Second)
				} else if err := r.c.Write(ctx, api.MessageBinary, make([]byte, 1<<20)); err != nil {
					r.Errorf("Write: %v", err)
					return
				}
			}
		})
		if _, _, err := r.c.ReadAppend(ctx, nil); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, api.ErrClosed) {
			r.Errorf("Read: %v", err)
		}
		all.Wait()
	})
}

// TestKeepaliveStops has the peer take some and then no more: it is given up 30
// s after it was last seen to take something, and one that takes nothing at all
// after 60 s.
func TestKeepaliveStops(t *testing.T) {
	for _, c := range []struct {
		takes, ends time.Duration
	}{{0, time.Minute}, {20 * time.Second, time.Minute}, {40 * time.Second, 90 * time.Second}, {80 * time.Second, 2 * time.Minute}} {
		queues(t, watched, func(r *rig, q *queue) {
			r.write(api.MessageBinary, make([]byte, 8<<20))
			read := r.startRead(background)
			begun := time.Now()
			go func() {
				for time.Since(begun) < c.takes {
					time.Sleep(time.Second)
					q.take(r, 60_000)
				}
			}()
			wantCloseError(r.T, "Read", read(), silent)
			wantElapsed(r.T, "Read", begun, c.ends)
		})
	}
}

// TestKeepaliveDeafPeer has the peer's system take all at once, be it messages
// all the while, and the peer say nothing: that it has room says nothing of the
// peer, which is given up after 60 s.
func TestKeepaliveDeafPeer(t *testing.T) {
	for _, busy := range []bool{false, true} {
		queues(t, watched, func(r *rig, q *queue) {
			begun := time.Now()
			read := r.startRead(background)
			stop := make(chan struct{})
			var peer sync.WaitGroup
			peer.Go(func() {
				time.Sleep(time.Second / 2) // not at the moment at which it is judged
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Second):
						if busy {
							r.c.Write(background, api.MessageText, []byte("news"))
						}
						q.take(r, 1<<20)
					}
				}
			})
			wantCloseError(r.T, "Read", read(), silent)
			wantElapsed(r.T, "Read", begun, time.Minute)
			close(stop)
			peer.Wait() // it must not outlive the test
		})
	}
}

// TestKeepaliveEndlessTimeout pings, again and again, and ends nobody.
func TestKeepaliveEndlessTimeout(t *testing.T) {
	bothRoles(t, Config{Idle: 30 * time.Second, Timeout: -1}, func(r *rig) {
		begun := time.Now()
		read := r.startRead(background)
		for i := range 100 {
			r.wantPingAt(begun, time.Duration(i+1)*30*time.Second)
		}
		r.send(r.text("late"))
		if err := read(); err != nil {
			r.Errorf("Read: %v", err)
		}
	})
}
