package engine

import (
	"sync/atomic"
	"time"
)

// watch is over the operations of a stream in one direction, and interrupts one
// that waits for too long.
type watch struct {
	// due is when the operation at work is to be interrupted: 0 when none is at
	// work, rung when it has been.
	due atomic.Int64
}

// rung stands for the time of a watch that has interrupted its operation.
const rung = -1

// take interrupts an operation that was due by now: the caller, who holds the
// clock's mu, is to set its deadline. It returns when to look again, 0 for
// not before another operation begins.
func (w *watch) take(now int64) (interrupt bool, next int64) {
	for {
		due := w.due.Load()
		switch {
		case due <= 0:
			return false, 0
		case due > now:
			return false, due
		case w.due.CompareAndSwap(due, rung):
			return true, 0
		}
	}
}

// beginWatch is called before an operation that may wait for limit, and returns
// when that begins.
func (c *Conn) beginWatch(w *watch, limit time.Duration) (now int64) {
	now = nanos()
	due := c.cfg.clock.after(now, limit)
	w.due.Store(due)
	if at := c.alarm.Load(); at == 0 || at > due {
		c.cfg.clock.set(c, due, now)
	}
	return now
}

// endWatch is called after an operation, watched or not. It reports whether it was
// interrupted: the deadline is then the caller's to clear.
func (c *Conn) endWatch(w *watch) (interrupted bool) {
	if w.due.Load() == 0 || w.due.Swap(0) != rung {
		return false
	}
	c.cfg.clock.mu.Lock() // the deadline is set under it
	defer c.cfg.clock.mu.Unlock()
	return true
}

// look interrupts what was due by now, and returns when to look again, 0 for not
// before another operation begins. The caller holds the clock's mu.
func (c *Conn) look(now int64) (next int64) {
	read, nextRead := c.reads.take(now)
	if read {
		c.stream.SetReadDeadline(past)
	}
	write, nextWrite := c.lookWrite(now)
	if write {
		c.stream.SetWriteDeadline(past)
	}
	if nextRead == 0 || 0 < nextWrite && nextWrite < nextRead {
		return nextWrite
	}
	return nextRead
}

// lookWrite is take for the watch over writes. It spares a write whose peer still
// takes what was written before it.
func (c *Conn) lookWrite(now int64) (interrupt bool, next int64) {
	if due := c.writes.due.Load(); 0 < due && due <= now {
		if next, still := c.stillTaken(due, now); still && c.writes.due.CompareAndSwap(due, next) {
			return false, next
		}
	}
	return c.writes.take(now)
}
