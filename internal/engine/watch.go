package engine

import (
	"math"
	"sync/atomic"
	"time"
)

// watch is over the operations of a stream in one direction, and interrupts one
// that waits for too long, or whose context ends. It needs no memory of its own
// while it watches.
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

// begin is called before an operation, whose wait has no limit yet.
func (w *watch) begin() { w.due.Store(math.MaxInt64) }

// limitWatch gives the operation at work a limit to its wait, and returns when
// that began.
func (c *Conn) limitWatch(w *watch, limit time.Duration) (now int64) {
	now = nanos()
	due := c.clock.after(now, limit)
	if !w.due.CompareAndSwap(math.MaxInt64, due) {
		return now // it is interrupted already
	}
	if at := c.alarm.at.Load(); at == 0 || at > due {
		c.clock.set(c, due, now)
	}
	return now
}

// expectWatch has the clock look at c before limit is over, as limitWatch will ask
// for: where that is called there is too little stack for it.
func (c *Conn) expectWatch(limit time.Duration) {
	if c.alarm.at.Load() == 0 {
		now := nanos()
		c.clock.set(c, c.clock.after(now, limit), now)
	}
}

// endWatch is called after an operation. It reports whether it was interrupted:
// the deadline is then the caller's to clear.
func (c *Conn) endWatch(w *watch) (interrupted bool) {
	if w.due.Swap(0) != rung {
		return false
	}
	c.clock.mu.Lock() // the deadline is set under it
	defer c.clock.mu.Unlock()
	return true
}

// look interrupts what was due by now, and returns when to look again, 0 for not
// before another operation begins. The caller holds the clock's mu.
func (c *Conn) look(now int64) (next int64) {
	read, nextRead := c.reads.take(now)
	if read {
		c.stream.SetReadDeadline(past)
	}
	write, nextWrite := c.writes.take(now)
	if write {
		c.stream.SetWriteDeadline(past)
	}
	if nextRead == 0 || 0 < nextWrite && nextWrite < nextRead {
		nextRead = nextWrite
	}
	switch {
	case nextRead < math.MaxInt64:
		return nextRead
	case c.cfg.Idle > 0: // a read is about to be given its limit
		return c.clock.after(now, c.cfg.Idle)
	}
	return 0
}
