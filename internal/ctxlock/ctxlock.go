// Package ctxlock is a mutual exclusion lock whose Lock takes a context.
package ctxlock

import (
	"context"
	"slices"
	"sync"
)

// Lock is a lock that is handed over in the order of arrival. Its zero value
// is unlocked. While nobody waits it is 24 bytes and nothing else.
type Lock struct {
	mu    sync.Mutex
	held  bool   // protected by mu
	queue *queue // protected by mu; nil while nobody waits, unless the lock is broken
}

type queue struct {
	wait   []*waiter // in order of arrival
	broken error     // see Break
}

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
	if l.TryLock() {
		return nil
	}
	return l.wait(ctx)
}

// wait is Lock for a lock that is not free. Apart from it, so that whoever need
// not wait needs little stack.
//
//go:noinline
func (l *Lock) wait(ctx context.Context) error {
	l.mu.Lock()
	q := l.queue
	switch {
	case q != nil && q.broken != nil:
		defer l.mu.Unlock()
		return q.broken
	case !l.held: // it became free meanwhile
		l.held = true
		l.mu.Unlock()
		return nil
	case q == nil:
		q = new(queue)
		l.queue = q
	}
	w := &waiter{granted: make(chan struct{})}
	q.wait = append(q.wait, w)
	l.mu.Unlock()

	select {
	case <-w.granted:
		return w.err
	case <-ctx.Done():
		l.abandon(w)
		return ctx.Err()
	}
}

// abandon takes w out of the queue; when the lock was granted to it meanwhile
// it is passed on.
func (l *Lock) abandon(w *waiter) {
	l.mu.Lock()
	if q := l.queue; q != nil {
		if i := slices.Index(q.wait, w); i >= 0 {
			q.wait = slices.Delete(q.wait, i, i+1)
			l.tidy()
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	if w.err == nil {
		l.Unlock()
	}
}

// tidy gives up an empty queue. The caller holds mu.
func (l *Lock) tidy() {
	if q := l.queue; len(q.wait) == 0 && q.broken == nil {
		l.queue = nil
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
	for _, w := range q.wait {
		w.err = err
		close(w.granted)
	}
	q.wait = nil
}

// TryLock takes the lock if it is free and reports whether it did.
func (l *Lock) TryLock() bool {
	l.mu.Lock()
	free := !l.held && l.queue == nil
	if free {
		l.held = true
	}
	l.mu.Unlock()
	return free
}

// Unlock frees the lock, or hands it to whoever waits longest. Unlocking a
// free lock panics.
func (l *Lock) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		panic("ctxlock: unlock of a free lock")
	}
	q := l.queue
	if q == nil || len(q.wait) == 0 {
		l.held = false
		return
	}
	w := q.wait[0]
	q.wait = q.wait[1:]
	l.tidy()
	close(w.granted)
}
