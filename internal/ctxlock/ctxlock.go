// Package ctxlock is a mutual exclusion lock whose Lock takes a context.
package ctxlock

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Lock is a lock that is granted in order of arrival. Its zero value is
// unlocked. Uncontended, it is one word, and costs one atomic operation.
type Lock struct {
	// queue is nil while the lock is free, &taken while it is held and nobody
	// waits; otherwise it points to the lock's state.
	queue atomic.Pointer[queue]
}

// taken stands for a held lock without waiters.
var taken queue

// queue is the state of a lock that has waiters, or is broken.
type queue struct {
	mu     sync.Mutex
	held   bool      // protected by mu
	wait   []*waiter // protected by mu; in order of arrival
	broken error     // protected by mu; see Break
	left   bool      // protected by mu: the lock has another queue by now
}

type waiter struct {
	granted chan struct{}
	err     error // set before granted is closed: the lock was broken instead
}

// Lock blocks until it has acquired the lock. When ctx ends first it returns
// ctx.Err() and the lock is not acquired. With an ended context it never
// acquires the lock. For a broken lock it returns the error given to Break.
func (l *Lock) Lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.TryLock() {
		return nil
	}
	return l.lockSlow(ctx)
}

// lockSlow is separate from Lock, so that an uncontended Lock needs little
// stack.
//
//go:noinline
func (l *Lock) lockSlow(ctx context.Context) error {
	w, err := l.enqueue()
	if w == nil {
		return err
	}
	select {
	case <-w.granted:
		return w.err
	case <-ctx.Done():
		l.abandon(w)
		return ctx.Err()
	}
}

// enqueue returns a new waiter, or nil if there is nothing to wait for: the
// lock was acquired, or is broken.
func (l *Lock) enqueue() (*waiter, error) {
	q := l.enter()
	defer l.leave(q)
	if q.broken != nil {
		return nil, q.broken
	}
	if !q.held {
		q.held = true
		return nil, nil
	}
	w := &waiter{granted: make(chan struct{})}
	q.wait = append(q.wait, w)
	return w, nil
}

// enter returns the lock's queue, with its mu locked. It creates the queue if
// there is none.
func (l *Lock) enter() *queue {
	for {
		q := l.queue.Load()
		if q == nil || q == &taken {
			n := &queue{held: q == &taken}
			n.mu.Lock()
			if l.queue.CompareAndSwap(q, n) {
				return n
			}
			continue
		}
		q.mu.Lock()
		if !q.left {
			return q
		}
		q.mu.Unlock()
	}
}

// leave undoes enter, and removes the queue if nobody waits.
func (l *Lock) leave(q *queue) {
	if len(q.wait) == 0 && q.broken == nil {
		q.left = true
		if q.held {
			l.queue.Store(&taken)
		} else {
			l.queue.Store(nil)
		}
	}
	q.mu.Unlock()
}

// abandon removes w from the queue; if the lock was granted to it meanwhile,
// the lock is passed on.
func (l *Lock) abandon(w *waiter) {
	q := l.enter()
	i := slices.Index(q.wait, w)
	if i >= 0 {
		q.wait = slices.Delete(q.wait, i, i+1)
	}
	l.leave(q)
	if i < 0 && w.err == nil {
		l.Unlock()
	}
}

// Break makes current and future calls of Lock that have to wait return err.
// The holder still holds the lock. Only the first call has an effect.
func (l *Lock) Break(err error) {
	q := l.enter()
	defer l.leave(q)
	if q.broken != nil {
		return
	}
	q.broken = err
	for _, w := range q.wait {
		w.err = err
		close(w.granted)
	}
	q.wait = nil
}

// TryLock acquires the lock if it is free and reports whether it did.
func (l *Lock) TryLock() bool { return l.queue.CompareAndSwap(nil, &taken) }

// Locked reports whether the lock was held a moment ago.
func (l *Lock) Locked() bool { return l.queue.Load() != nil }

// Unlock releases the lock, or grants it to the one that has waited longest.
// Unlocking a free lock panics.
func (l *Lock) Unlock() {
	if !l.queue.CompareAndSwap(&taken, nil) {
		l.unlockSlow()
	}
}

func (l *Lock) unlockSlow() {
	q := l.enter()
	defer l.leave(q)
	switch {
	case !q.held:
		panic("ctxlock: unlock of a free lock")
	case len(q.wait) == 0:
		q.held = false
	default:
		w := q.wait[0]
		q.wait = q.wait[1:]
		close(w.granted)
	}
}
