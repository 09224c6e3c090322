package engine

import (
	"context"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

// TestWriteTimeoutQueue has a Write wait, of which the stream takes nothing,
// since it has much that was written before. While the peer takes that, however
// slowly, the Write waits on; once it takes no more, the connection ends after
// the limit, at most twice.
func TestWriteTimeoutQueue(t *testing.T) {
	for _, cfg := range []Config{{WriteTimeout: writeLimit}, {WriteTimeout: writeLimit, CutOffBreaks: true}} {
		for _, stops := range []bool{true, false} {
			queues(t, cfg, func(r *rig, q *queue) {
				const held, minutes = 4 << 20, 5
				q.unsent.Store(held)
				r.s.limit(0)
				write := start(func() error { return r.c.Write(background, api.MessageText, make([]byte, 3*stride)) })
				for range minutes * 60 {
					time.Sleep(time.Second)
					q.unsent.Add(-1000)
				}
				if r.s.over() {
					r.Fatal("the connection was ended while its peer took something")
				}
				if !stops {
					r.s.limit(-1)
					if err := write(); err != nil {
						r.Errorf("Write: %v", err)
					}
					return
				}
				begun := time.Now()
				wantCloseError(r.T, "Write", write(), lateWrite)
				if took := time.Since(begun); took < writeLimit || took > 2*writeLimit {
					r.Errorf("it took %v, want %v to %v", took, writeLimit, 2*writeLimit)
				}
			})
		}
	}
}

// TestCloseSlowPeer closes with 8 MiB before the close frame that the peer
// takes at 60 kB/s: a Close that may last as long gets its answer (RFC 6455
// section 7.1.2), and neither the keepalive nor the write time limit ends it.
func TestCloseSlowPeer(t *testing.T) {
	cfg := watched
	cfg.WriteTimeout = writeLimit
	queues(t, cfg, func(r *rig, q *queue) {
		r.write(api.MessageBinary, make([]byte, 8<<20))
		ctx, cancel := context.WithTimeout(background, 5*time.Minute)
		defer cancel()
		begun := time.Now()
		closed := start(func() error { return r.c.CloseContext(ctx, 1000, "") })
		time.Sleep(time.Second)
		for q.unsent.Load() > 0 {
			q.take(r, 60_000)
			time.Sleep(time.Second)
		}
		if took := time.Since(begun); took < 2*time.Minute {
			r.Fatalf("all was taken in %v: this proves nothing", took)
		}
		r.send(r.close(1000, ""))
		r.p.finish()
		if err := closed(); err != nil {
			r.Errorf("Close: %v", err)
		}
	})
}
