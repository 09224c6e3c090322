package engine

import (
	"context"
	"encoding/binary"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestPongBehindSlowWrite floods the connection with pings while a write holds
// the wire: reading goes on, and the pongs follow the write.
func TestPongBehindSlowWrite(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(100)
		big := make([]byte, 100_000)
		wait := start(func() error { return r.c.Write(background, api.MessageBinary, big) })
		synctest.Wait()
		r.send(r.ping("1"), r.text("a"), r.ping("2"), r.text("b"))
		r.wantRead(api.MessageText, []byte("a"))
		r.wantRead(api.MessageText, []byte("b"))
		r.wantFrame(true, frame.OpBinary, big)
		r.wantFrame(true, frame.OpPong, []byte("1"))
		r.wantFrame(true, frame.OpPong, []byte("2"))
		if err := wait(); err != nil {
			r.Errorf("Write: %v", err)
		}
	})
}

// TestPongsCoalesced checks how many pings that wait are answered: up to 32
// one by one, then the newest stands for the others (RFC 6455 section 5.5.3).
func TestPongsCoalesced(t *testing.T) {
	for _, pings := range []int{1, maxPongs - 1, maxPongs, maxPongs + 1, 1000} {
		bothRoles(t, Config{}, func(r *rig) {
			r.s.limit(0)
			held := start(func() error { return r.c.Write(background, api.MessageText, []byte("held")) })
			synctest.Wait()
			for i := range pings {
				r.send(r.ping(strconv.Itoa(i)))
			}
			r.send(r.text("end"))
			r.wantRead(api.MessageText, []byte("end"))
			r.s.limit(-1)
			r.wantFrame(true, frame.OpText, []byte("held"))
			for i := range min(pings, maxPongs) {
				if i == maxPongs-1 {
					i = pings - 1
				}
				r.wantFrame(true, frame.OpPong, []byte(strconv.Itoa(i)))
			}
			if err := held(); err != nil {
				r.Errorf("Write: %v", err)
			}
		})
	}
}

// TestPingFlood sends half a million pings in each role and never reads a pong:
// memory and what is sent stay bounded, and the order holds.
func TestPingFlood(t *testing.T) {
	const batch, batches = 10_000, 50
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(1000)
		flood := func(pings []byte) {
			r.send(pings, r.text("."))
			r.wantRead(api.MessageText, []byte("."))
		}
		first := r.pings(0, batch)
		flood(first)
		before := heap()
		for range batches - 2 {
			flood(first)
		}
		if grown := heap() - before; grown > 1<<20 {
			r.Errorf("the heap grew by %d bytes", grown)
		}
		flood(r.pings(batch, 2*batch))
		r.c.mu.Lock()
		count, held := r.c.more().replies.count, cap(r.c.more().replies.pongs)
		r.c.mu.Unlock()
		if count > maxPongs || held > 16<<10 {
			r.Errorf("%d pongs wait in %d bytes", count, held)
		}
		// The peer reads after all: the newest is answered, as the last one.
		r.s.limit(-1)
		last, pongs := -1, 0
		for ; last != 2*batch-1; pongs++ {
			_, p := r.next()
			n, err := strconv.Atoi(string(p))
			if err != nil || n <= last && n >= batch {
				r.Fatalf("pong %q after %d", p, last)
			}
			last = n
		}
		synctest.Wait()
		if n := r.p.waiting(); n > 0 || pongs > 1000/3+2*maxPongs {
			r.Errorf("%d bytes after the newest pong, and %d pongs before", n, pongs)
		}
	})
}

// pings returns pings that carry the numbers from first to last-1.
func (r *rig) pings(first, last int) []byte {
	var b []byte
	for i := first; i < last; i++ {
		b = append(b, r.ping(strconv.Itoa(i))...)
	}
	return b
}

// TestRepliesEnd checks that the goroutine which sends replies to a peer that
// does not read ends with the connection, however that ends.
func TestRepliesEnd(t *testing.T) {
	for name, end := range map[string]func(r *rig){
		"Close":    func(r *rig) { r.c.Close(1000, "") },
		"CloseNow": func(r *rig) { r.c.CloseNow() },
		"Fail":     func(r *rig) { r.c.Fail(1008, context.Canceled) },
		"the stream breaks": func(r *rig) {
			r.p.reset(errReset)
			r.startRead(background)()
		},
	} {
		t.Run(name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				r.s.limit(0)
				r.send(r.ping("p"), r.text("."))
				r.wantRead(api.MessageText, []byte("."))
				synctest.Wait()
				end(r)
				synctest.Wait()
				if _, free := r.c.tryTurn(); !free || !r.s.over() {
					t.Error("the replies are still being sent")
				}
			})
		})
	}
}

// TestWriterGivesUpWire lets a writer that waits for the wire give up at the
// moment when the wire is freed: what is due must be sent all the same.
func TestWriterGivesUpWire(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		for range 50 {
			turn, ok := r.c.tryTurn()
			if !ok {
				r.Fatal("the wire is not free")
			}
			ctx, cancel := context.WithCancel(background)
			wait := start(func() error { return r.c.Ping(ctx) })
			synctest.Wait()
			r.send(r.ping("due"), r.text("."))
			r.wantRead(api.MessageText, []byte("."))
			cancel()
			turn.release()
			wantCtx(r.T, "Ping", wait(), ctx)
			r.wantFrame(true, frame.OpPong, []byte("due"))
			synctest.Wait()
		}
	})
}

// TestPongUnsolicited ignores pongs that answer nothing (RFC 6455 section
// 5.5.3).
func TestPongUnsolicited(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		number := binary.BigEndian.AppendUint64(nil, 1)
		r.send(r.pong(""), r.pong("pong"), r.pong(string(number)), r.text("."))
		r.wantRead(api.MessageText, []byte("."))
		ctx, cancel := context.WithCancel(background)
		ping := start(func() error { return r.c.Ping(ctx) })
		r.wantFrame(true, frame.OpPing, number)
		r.send(r.pong(""), r.pong("12345678"), r.pong("\x00\x00\x00\x00\x00\x00\x00\x02"))
		synctest.Wait()
		cancel()
		wantCtx(r.T, "Ping without its pong", ping(), ctx)
	})
}
