// Package ctxlock is a mutual exclusion lock whose Lock takes a context.
package ctxlock

import (
	"context"
	"sync"
)

// Lock is a lock that is handed over in the order of arrival. Its zero value
// is unlocked. It holds no channel while nobody waits.
type Lock struct {
	mu     sync.Mutex
	held   bool      // protected by mu
	wait   []*waiter // protected by mu; in order of arrival
	broken error     // protected by mu; see Break
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
	l.mu.Lock()
	if !l.held || l.broken != nil {
		defer l.mu.Unlock()
		l.held = l.broken == nil || l.held
		return l.broken
	}
	w := &waiter{granted: make(chan struct{})}
	l.wait = append(l.wait, w)
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
	for i, x := range l.wait {
		if x == w {
			l.wait = append(l.wait[:i], l.wait[i+1:]...)
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	if w.err == nil {
		l.Unlock()
	}
}

// Break ends every wait for the lock with err, now and from now on. Who holds
// the lock still holds it. Only the first call counts.
func (l *Lock) Break(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return
	}
	l.broken = err
	for _, w := range l.wait {
		w.err = err
		close(w.granted)
	}
	l.wait = nil
}

// TryLock takes the lock if it is free and reports whether it did.
func (l *Lock) TryLock() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held || l.broken != nil {
		return false
	}
	l.held = true
	return true
}

// Unlock frees the lock, or hands it to whoever waits longest. Unlocking a
// free lock panics.
func (l *Lock) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		panic("ctxlock: unlock of a free lock")
	}
	if len(l.wait) == 0 {
		l.held, l.wait = false, nil
		return
	}
	w := l.wait[0]
	l.wait = l.wait[1:]
	close(w.granted)
}
