// Package ctxlock is a mutual exclusion lock whose Lock takes a context.
package ctxlock

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Lock is a lock that is handed over in the order of arrival. Its zero value
// is unlocked. While nobody waits it is 24 bytes and nothing else, and costs one
// atomic operation.
type Lock struct {
	state atomic.Uint32 // slow is set and cleared under mu alone
	mu    sync.Mutex
	queue *queue // protected by mu; not nil while slow is set
}

type queue struct {
	wait   []*waiter // in order of arrival
	broken error     // see Break
}

// The bits of a Lock's state.
const (
	held = 1 << iota
	slow // somebody waits, or the lock is broken: look under mu
)

type waiter struct {
	granted chan struct{}
	err     error // set before granted is closed: the lock was broken instead
}

// Lock waits until the lock is free and takes it. When ctx ends first it
// returns ctx.Err() and the lock is not taken. An ended context never takes it.
// A broken lock returns the error given to Break.
func (l *Lock) Lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.state.CompareAndSwap(0, held) {
		return nil
	}
	return l.lockSlow(ctx)
}

// lockSlow is apart from Lock, so that whoever need not wait needs little stack.
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

// enqueue returns a new waiter, or nil when there is nothing to wait for: the
// lock was taken, or is broken.
func (l *Lock) enqueue() (*waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue == nil {
		l.queue = new(queue)
	}
	q := l.queue
	if q.broken != nil {
		return nil, q.broken
	}
	// From here on Unlock waits for mu.
	if l.state.Or(slow)&held == 0 {
		l.state.Store(held)
		l.queue = nil
		return nil, nil
	}
	w := &waiter{granted: make(chan struct{})}
	q.wait = append(q.wait, w)
	return w, nil
}

// abandon takes w out of the queue; when the lock was granted to it meanwhile
// it is passed on.
func (l *Lock) abandon(w *waiter) {
	l.mu.Lock()
	if q := l.queue; q != nil {
		if i := slices.Index(q.wait, w); i >= 0 {
			q.wait = slices.Delete(q.wait, i, i+1)
			l.calm()
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	if w.err == nil {
		l.Unlock()
	}
}

// calm lets the lock be quick again when nobody waits. The caller holds mu.
func (l *Lock) calm() {
	if q := l.queue; len(q.wait) == 0 && q.broken == nil {
		l.queue = nil
		l.state.And(^uint32(slow))
	}
}

// Break ends every wait for the lock with err, now and from now on. Who holds
// the lock still holds it. Only the first call counts.
func (l *Lock) Break(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue == nil {
		l.queue = new(queue)
	}
	q := l.queue
	if q.broken != nil {
		return
	}
	q.broken = err
	l.state.Or(slow)
	for _, w := range q.wait {
		w.err = err
		close(w.granted)
	}
	q.wait = nil
}

// TryLock takes the lock if it is free and reports whether it did.
func (l *Lock) TryLock() bool { return l.state.CompareAndSwap(0, held) }

// Unlock frees the lock, or hands it to whoever waits longest. Unlocking a
// free lock panics.
func (l *Lock) Unlock() {
	if l.state.CompareAndSwap(held, 0) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.Load()&held == 0 {
		panic("ctxlock: unlock of a free lock")
	}
	q := l.queue
	if q == nil || len(q.wait) == 0 {
		l.state.And(^uint32(held))
		return
	}
	w := q.wait[0]
	q.wait = q.wait[1:]
	l.calm()
	close(w.granted)
}
