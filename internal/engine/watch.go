package engine

import (
	"sync/atomic"
	"time"
)

// watch is the time limit of the operations of a transport in one direction. It
// interrupts one that takes too long.
type watch struct {
	// due is when the operation in progress must be interrupted: 0 if there is
	// none, the negative of when it was if it has been interrupted.
	due atomic.Int64
}

// take reports whether an operation was due by now and must be interrupted: the
// caller, who holds the clock's mu, must set its deadline. It returns when to
// check again, 0 for not before another operation begins.
func (w *watch) take(now int64) (interrupt bool, next int64) {
	for {
		due := w.due.Load()
		switch {
		case due <= 0:
			return false, 0
		case due > now:
			return false, due
		case w.due.CompareAndSwap(due, -now):
			return true, 0
		}
	}
}

// rang returns when the operation in progress was interrupted, 0 if it was not.
func (w *watch) rang() int64 { return max(0, -w.due.Load()) }

// beginWatch is called before an operation that may wait for limit, and returns
// the time.
func (c *Conn) beginWatch(w *watch, limit time.Duration) (now int64) {
	now = nanos()
	due := c.cfg.clock.after(now, limit)
	w.due.Store(due)
	if at := c.alarm.Load(); at == 0 || at > due {
		c.cfg.clock.set(c, due, now)
	}
	return now
}

// endWatch is called after an operation, watched or not. It reports whether it
// was interrupted: then the caller must reset the deadline.
func (c *Conn) endWatch(w *watch) (interrupted bool) {
	if w.due.Load() == 0 || w.due.Swap(0) > 0 {
		return false
	}
	c.cfg.clock.mu.Lock() // the deadline is set under it
	defer c.cfg.clock.mu.Unlock()
	return true
}

// lookLocked interrupts what was due by now, and returns when to check again, 0
// for not before another operation begins. The clock's mu is held.
func (c *Conn) lookLocked(now int64) (next int64) {
	read, nextRead := c.reads.take(now)
	if read {
		c.interrupt(inward)
	}
	write, nextWrite := c.lookWriteLocked(now)
	if write {
		c.interrupt(outward)
	}
	next = sooner(nextRead, nextWrite)
	if !c.cfg.KeepsDeadlines {
		next = sooner(next, sooner(c.missedReadLocked(now), c.missedWriteLocked(now)))
	}
	return next
}

// sooner returns the earlier of two times, of which 0 is never.
func sooner(a, b int64) int64 {
	if a == 0 || 0 < b && b < a {
		return b
	}
	return a
}

// lookWriteLocked is take for the watch over writes. It extends the limit of a
// write whose peer still reads what was written before. The clock's mu is held.
func (c *Conn) lookWriteLocked(now int64) (interrupt bool, next int64) {
	if due := c.writes.due.Load(); 0 < due && due <= now {
		if next, ok := c.stillTakenLocked(due, now); ok && c.writes.due.CompareAndSwap(due, next) {
			return false, next
		}
	}
	return c.writes.take(now)
}
