package engine

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestClockShared has one clock watch over connections whose waits begin at
// different times and last differently long. Each is pinged and given up when
// its own time has come, to the nanosecond, though there is one timer.
func TestClockShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := new(Clock)
		var all sync.WaitGroup
		for i := range 50 {
			idle, timeout := time.Duration(1+i%7)*time.Second, time.Duration(1+i%3)*time.Minute
			r := newRig(t, Config{Idle: idle, Timeout: timeout, Clock: clock, KeepsDeadlines: true})
			time.Sleep(time.Duration(i) * time.Millisecond)
			all.Go(func() {
				begun := time.Now()
				read := r.startRead(background)
				r.wantPingAt(begun, idle)
				wantCloseError(t, "Read", read(), silent)
				wantElapsed(t, "Read", begun, idle+timeout)
			})
		}
		all.Wait()
		if clock.alarms != nil {
			t.Errorf("%d connections are kept", len(clock.alarms))
		}
	})
}

// TestClockEarlier begins a short wait after a long one: the timer is set
// again.
func TestClockEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := new(Clock)
		late := newRig(t, Config{Idle: time.Hour, Timeout: time.Hour, Clock: clock})
		early := newRig(t, Config{Idle: time.Second, Timeout: time.Second, Clock: clock})
		begun := time.Now()
		lateRead := late.startRead(background)
		synctest.Wait()
		earlyRead := early.startRead(background)
		wantCloseError(t, "Read", earlyRead(), silent)
		wantElapsed(t, "the early Read", begun, 2*time.Second)
		late.send(late.text("x"))
		if err := lateRead(); err != nil {
			t.Error(err)
		}
		late.p.SetReadDeadline(time.Time{})
		begun = time.Now()
		lateRead = late.startRead(background)
		late.wantPingAt(begun, time.Hour)
		late.c.CloseNow()
		lateRead()
	})
}

// TestClockBothWays lets a Read and a Write of one connection wait at once:
// each has a limit of its own.
func TestClockBothWays(t *testing.T) {
	bothRoles(t, Config{Idle: 30 * time.Second, Timeout: time.Hour, WriteTimeout: 20 * time.Second}, func(r *rig) {
		r.s.limit(0)
		begun := time.Now()
		read := r.startRead(background)
		time.Sleep(5 * time.Second)
		wantCloseError(r.T, "Write", r.c.Write(background, api.MessageText, make([]byte, 100)), lateWrite)
		wantElapsed(r.T, "Write", begun, 25*time.Second)
		wantCloseError(r.T, "Read", read(), lateWrite)
	})
}

// TestClockManyWaits reads often before it is silent: what counts is the last
// wait, and there were no more timers than it takes.
func TestClockManyWaits(t *testing.T) {
	bothRoles(t, Config{Idle: 10 * time.Second, Timeout: 10 * time.Second}, func(r *rig) {
		for range 100 {
			time.AfterFunc(7*time.Second, func() { r.p.Write(r.text("x")) })
			r.wantRead(api.MessageText, []byte("x"))
		}
		begun := time.Now()
		read := r.startRead(background)
		r.wantPingAt(begun, 10*time.Second)
		r.send(r.pong(""))
		r.wantPingAt(begun, 20*time.Second)
		wantCloseError(r.T, "Read", read(), silent)
		wantElapsed(r.T, "Read", begun, 30*time.Second)
	})
}

// TestClockCoarse checks when a coarse clock rings: never early, a 28th late at
// most, and at few different times.
func TestClockCoarse(t *testing.T) {
	clock := Clock{Coarse: true}
	r := rand.New(rand.NewPCG(1, 2))
	for _, wait := range []time.Duration{1, time.Millisecond, time.Second, 30 * time.Second, time.Hour, 1 << 40} {
		times := make(map[int64]bool)
		for range 1000 {
			now := r.Int64N(1 << 60)
			late := clock.after(now, wait) - now - int64(wait)
			if late < 0 || late > int64(wait)/28 {
				t.Fatalf("%v from %d: %v late", wait, now, time.Duration(late))
			}
			times[clock.after(r.Int64N(int64(wait)), wait)] = true
		}
		if len(times) > 66 {
			t.Errorf("%v: it rings at %d different times within that long", wait, len(times))
		}
	}
	if at := clock.after(1<<62, 1<<62); at <= 0 {
		t.Errorf("in 146 years it rings at %d", at)
	}
}

// TestClockHeap sets, moves and drops alarms at random, and compares the clock
// with a sorted list.
func TestClockHeap(t *testing.T) {
	clock := new(Clock)
	clock.timer = 1 // it seems to be set, and to ring before all
	r := rand.New(rand.NewPCG(3, 4))
	var conns []*Conn
	for range 2000 {
		switch c := (&Conn{}); {
		case len(conns) < 10 || r.IntN(3) == 0:
			clock.set(c, 2+r.Int64N(1000), 0)
			conns = append(conns, c)
		case r.IntN(2) == 0:
			c = conns[r.IntN(len(conns))]
			was := c.alarm.Load()
			at := 2 + r.Int64N(1000)
			if clock.set(c, at, 0); c.alarm.Load() != min(was, at) {
				t.Fatalf("set from %d to %d: %d", was, at, c.alarm.Load())
			}
		default:
			i := r.IntN(len(conns))
			clock.forget(conns[i])
			if conns[i].alarm.Load() != ended {
				t.Fatal("a connection is not forgotten")
			}
			conns = slices.Delete(conns, i, i+1)
		}
		first := slices.MinFunc(conns, func(a, b *Conn) int { return int(a.alarm.Load() - b.alarm.Load()) })
		if len(clock.alarms) != len(conns) || clock.alarms.first() != first.alarm.Load() {
			t.Fatalf("of %d alarms %d are set, the first at %d, want %d", len(conns), len(clock.alarms), clock.alarms.first(), first.alarm.Load())
		}
		for i, c := range clock.alarms {
			if int(c.index) != i {
				t.Fatalf("the alarm at %d believes to be at %d", i, c.index)
			}
		}
	}
}

// TestClockAfterTheEnd begins a wait on a connection that has ended: the clock
// keeps it no more.
func TestClockAfterTheEnd(t *testing.T) {
	bothRoles(t, watched, func(r *rig) {
		r.c.CloseNow()
		r.c.beginWatch(&r.c.reads, time.Hour)
		if clock := r.c.cfg.clock; len(clock.alarms) > 0 {
			r.Errorf("%d connections are kept", len(clock.alarms))
		}
	})
}

// TestClockLostTimer takes a timer away, as the end of a bubble of synctest
// does: the next wait has another set.
func TestClockLostTimer(t *testing.T) {
	bothRoles(t, Config{Idle: time.Second, Timeout: time.Second}, func(r *rig) {
		clock := r.c.cfg.clock
		clock.mu.Lock()
		clock.timer = nanos() - overdue
		clock.mu.Unlock()
		begun := time.Now()
		read := r.startRead(background)
		r.wantPingAt(begun, time.Second)
		wantCloseError(r.T, "Read", read(), silent)
	})
}

// TestWatchRace lets the patience run out in the very moment in which bytes
// come. Whoever wins: the message is read, and no deadline stays behind.
func TestWatchRace(t *testing.T) {
	bothRoles(t, Config{Idle: time.Second, Timeout: time.Hour}, func(r *rig) {
		pings := 0
		for range 200 {
			time.AfterFunc(time.Second, func() { r.p.Write(r.text("x")) })
			r.wantRead(api.MessageText, []byte("x"))
			synctest.Wait()
			r.noDeadlines()
			for r.p.waiting() > 0 {
				r.wantFrame(true, frame.OpPing, nil)
				pings++
			}
		}
		r.Logf("%d pings", pings)
	})
}
