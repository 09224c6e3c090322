package ctxlock_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/twinws/ws/internal/ctxlock"
)

func TestLockExcludes(t *testing.T) {
	var l ctxlock.Lock
	var wg sync.WaitGroup
	n := 0
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if err := l.Lock(context.Background()); err != nil {
					t.Error(err)
					return
				}
				n++
				l.Unlock()
			}
		})
	}
	wg.Wait()
	if n != 4000 {
		t.Errorf("counted %d, want 4000: two goroutines held the lock at once", n)
	}
}

// TestLocked tells whether somebody holds the lock, and takes nothing.
func TestLocked(t *testing.T) {
	var l ctxlock.Lock
	for range 2 {
		if l.Locked() {
			t.Error("a free lock is locked")
		}
		if !l.TryLock() {
			t.Fatal("the lock was taken by asking")
		}
		if !l.Locked() {
			t.Error("a lock that was taken is free")
		}
		l.Unlock()
	}
}

func TestLockIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l ctxlock.Lock
		l.TryLock()
		var order []int
		for i := range 5 {
			go func() {
				l.Lock(t.Context())
				order = append(order, i)
				l.Unlock()
			}()
			synctest.Wait()
		}
		l.Unlock()
		synctest.Wait()
		for i, got := range order {
			if got != i {
				t.Fatalf("handed over as %v, want the order of arrival", order)
			}
		}
		if len(order) != 5 {
			t.Fatalf("%d of 5 got the lock", len(order))
		}
	})
}

func TestLockHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l ctxlock.Lock
		l.TryLock()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.Lock(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Lock of a held lock = %v, want the context's end", err)
		}
		l.Unlock()
		if err := l.Lock(ctx); err == nil {
			t.Fatal("Lock with an ended context took a free lock")
		}
		if !l.TryLock() {
			t.Fatal("the lock is not free though its only holder unlocked it")
		}
	})
}

// TestLockGrantedWhileEnding races the grant against the context's end: the
// lock must never be lost.
func TestLockGrantedWhileEnding(t *testing.T) {
	var l ctxlock.Lock
	for range 2000 {
		l.TryLock()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- l.Lock(ctx) }()
		if rand.IntN(2) == 0 {
			go cancel()
			l.Unlock()
		} else {
			go l.Unlock()
			cancel()
		}
		if err := <-done; err == nil {
			l.Unlock()
		}
		cancel()
		if err := l.Lock(context.Background()); err != nil {
			t.Fatal(err)
		}
		l.Unlock()
	}
}

func TestBreakEndsEveryWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l ctxlock.Lock
		l.TryLock()
		broken := errors.New("broken")
		got := make(chan error, 3)
		for range 3 {
			go func() { got <- l.Lock(context.Background()) }()
		}
		synctest.Wait()
		l.Break(broken)
		l.Break(errors.New("another"))
		for range 3 {
			if err := <-got; err != broken {
				t.Errorf("a waiting Lock = %v, want the error of Break", err)
			}
		}
		l.Unlock()
		if err := l.Lock(t.Context()); err != broken {
			t.Errorf("Lock after Break = %v, want its error", err)
		}
		if l.TryLock() {
			t.Error("TryLock took a broken lock")
		}
	})
}

func TestUnlockOfFreeLockPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Unlock of a free lock did not panic")
		}
	}()
	new(ctxlock.Lock).Unlock()
}

func TestUncontendedLockDoesNotAllocate(t *testing.T) {
	var l ctxlock.Lock
	n := testing.AllocsPerRun(100, func() {
		l.Lock(context.Background())
		l.Unlock()
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestSize holds a lock that nobody waits for to its size: a connection has
// three, and there may be a million connections.
func TestSize(t *testing.T) {
	if n := unsafe.Sizeof(ctxlock.Lock{}); n > 8 {
		t.Errorf("a Lock has %d bytes, want 8 at most", n)
	}
}
