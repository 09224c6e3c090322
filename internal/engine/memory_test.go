package engine

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// raced reports whether the race detector is on, under which a sync.Pool
// forgets buffers at random.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// pair returns the two ends of a WebSocket connection.
func pair(t testing.TB) (client, server *Conn) {
	a, b := newLink()
	client = New(a, Config{Client: true, ReadLimit: -1, NoGather: noGather()})
	server = New(b, Config{ReadLimit: -1, NoGather: noGather()})
	t.Cleanup(func() { client.CloseNow(); server.CloseNow() })
	return client, server
}

// echo sends p from a to b and back. dst is the memory to read into.
func echo(ctx context.Context, a, b *Conn, p, dst []byte) error {
	if err := a.Write(ctx, api.MessageBinary, p); err != nil {
		return err
	}
	typ, q, err := b.ReadAppend(ctx, dst[:0])
	if err != nil {
		return err
	}
	if err := b.Write(ctx, typ, q); err != nil {
		return err
	}
	_, _, err = a.ReadAppend(ctx, dst[:0])
	return err
}

// wantNoAllocation runs once, which has a part for each message, several times.
// It is called in a bubble: what connections started beside it has ended before
// it counts, since AllocsPerRun counts the allocations of all goroutines, and
// no timer rings meanwhile, since time stands still.
func wantNoAllocation(t *testing.T, what string, messages int, once func() error) {
	t.Helper()
	most := 0.0
	if raced() {
		most = 8 * float64(messages) // a lost buffer now and then in each of the four steps
	}
	for range 3 { // what is kept from call to call is there then
		if err := once(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	synctest.Wait()
	var err error
	got := testing.AllocsPerRun(20, func() {
		if e := once(); e != nil {
			err = e
		}
	})
	if got > most || err != nil {
		t.Errorf("%s: %v allocations, %v; want %v at most", what, got, err, most)
	}
}

// TestAllocations holds Write and ReadAppend in both roles to no allocation
// per message, whether their context can end or not.
func TestAllocations(t *testing.T) { synctest.Test(t, testAllocations) }

func testAllocations(t *testing.T) {
	cancellable, cancel := context.WithCancel(background)
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": background, "cancellable": cancellable} {
		for _, n := range []int{0, 16, 1024, 2 * middleBlock, stride + 1} {
			client, server := pair(t)
			p, dst := pattern(n, 1), make([]byte, 0, n)
			wantNoAllocation(t, fmt.Sprintf("%s, %d bytes there and back", name, n), 1, func() error {
				return echo(ctx, client, server, p, dst)
			})
		}
	}
}

// TestAllocationsGathered does the same for messages that come together, and
// whose replies are gathered.
func TestAllocationsGathered(t *testing.T) { synctest.Test(t, testAllocationsGathered) }

func testAllocationsGathered(t *testing.T) {
	const flight = 64
	cancellable, cancel := context.WithCancel(background)
	defer cancel()
	for name, ctx := range map[string]context.Context{"background": background, "cancellable": cancellable} {
		for _, client := range []bool{true, false} {
			for _, n := range []int{0, 16, 1024} {
				c := New(newChorus(client, n, flight), Config{Client: client, ReadLimit: -1, WriteTimeout: time.Minute})
				defer c.CloseNow()
				dst := make([]byte, 0, n)
				wantNoAllocation(t, fmt.Sprintf("%s, %s, %d bytes", name, role(client), n), flight, func() error {
					for range flight {
						typ, p, err := c.ReadAppend(ctx, dst)
						if err == nil {
							err = c.Write(ctx, typ, p)
						}
						if err != nil {
							return err
						}
					}
					return nil
				})
			}
		}
	}
}

// TestAllocationsCompressed does the same with permessage-deflate, whose
// writers and inflaters come from pools.
func TestAllocationsCompressed(t *testing.T) {
	if raced() {
		t.Skip("the race detector has the pools forget inflaters at random, which are large")
	}
	synctest.Test(t, testAllocationsCompressed)
}

func testAllocationsCompressed(t *testing.T) {
	p := bytes.Repeat([]byte(`{"level":"info","message":"compressed"},`), 50)
	for _, way := range everyDeflate[1:] {
		a, b := newLink()
		client := New(a, Config{Client: true, ReadLimit: 1 << 20, Deflate: way.d})
		server := New(b, Config{ReadLimit: 1 << 20, Deflate: way.d})
		defer server.CloseNow()
		defer client.CloseNow()
		dst := make([]byte, 0, 2*len(p))
		wantNoAllocation(t, way.name, 1, func() error { return echo(background, client, server, p, dst) })
	}
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemoryFollowsBytes announces 100 MB and sends little or nothing: memory
// follows what was received (the header's length is the peer's word alone).
func TestMemoryFollowsBytes(t *testing.T) {
	for _, sent := range []int{0, 1, 10_000, 200_000} {
		bothRoles(t, Config{ReadLimit: 200 << 20}, func(r *rig) {
			h := frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 100 << 20, Masked: !r.client}
			r.send(frame.AppendHeader(nil, h), make([]byte, sent))
			ctx, cancel := context.WithCancel(background)
			used := allocated(func() {
				wait := r.startRead(ctx)
				synctest.Wait()
				cancel()
				wantCtx(r.T, "Read", wait(), ctx)
			})
			// Doubling sums up to twice the result, which at most doubles
			// again, and once more what an interrupted Read keeps.
			if most := uint64(6*sent + 64<<10); used > most {
				r.Errorf("%d bytes received: %d allocated, want %d at most", sent, used, most)
			}
		})
	}
}

// TestIdleHoldsNoBuffer checks that a connection whose input is used up keeps
// no buffer, so that idle connections between reads are small.
func TestIdleHoldsNoBuffer(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.text("a"), r.text("b"))
		r.wantRead(api.MessageText, []byte("a"))
		if r.c.in.buf.block == nil {
			r.Error("the second message was given away with the buffer")
		}
		r.wantRead(api.MessageText, []byte("b"))
		if r.c.in.buf.block != nil || r.c.in.buf.mem != nil {
			r.Error("the buffer is kept though it is empty")
		}
	})
}

// TestNoStaleByte sends and receives what is built from pooled buffers that
// are full of poison: none of it reaches the wire or the caller.
func TestNoStaleByte(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		for _, n := range []int{0, 1, 125, 126, smallBlock - 1, smallBlock, middleBlock - 14, middleBlock - 13, middleBlock, middleBlock + 1, 65536} {
			p := pattern(n, uint32(n))
			r.write(api.MessageBinary, p)
			r.wantFrame(true, frame.OpBinary, p)
			r.send(r.binary(p), r.ping("ping"), r.text("after"))
			if _, got, err := r.c.ReadAppend(background, nil); err != nil || bytes.IndexByte(got, poisoned) >= 0 || len(got) != n {
				r.Fatalf("%d bytes: %d came, poison at %d, %v", n, len(got), bytes.IndexByte(got, poisoned), err)
			}
			r.wantRead(api.MessageText, []byte("after"))
			r.wantFrame(true, frame.OpPong, []byte("ping"))
		}
		r.send(r.close(4000, "bye"))
		wait := r.startRead(background)
		r.wantClose(4000, "")
		r.p.Close()
		wantCloseError(r.T, "Read", wait(), api.CloseError{Code: 4000, Reason: "bye", Clean: true})
	})
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
