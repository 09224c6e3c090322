package engine

import (
	"context"
	"math"
	"sync"
)

// cut lets the end of contexts interrupt the reads of a connection. From the
// second read in a row with the same context on it keeps its hold of it, so that a
// loop of them costs nothing more.
type cut struct {
	work bool            // a read is at work
	keep bool            // the last context was that of the last but one, too
	done <-chan struct{} // of the last context
	stop func() bool     // lets go of it; nil when that has been done
	ran  sync.WaitGroup  // waits for its end to have interrupted
}

// holdContext makes the end of ctx interrupt the read that is about to begin.
// When it returns true, releaseContext is to be called after that.
func (c *Conn) holdContext(ctx context.Context) bool {
	if outlives(ctx, c.stream) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut == nil {
		c.cut = new(cut)
	}
	u, done := c.cut, ctx.Done()
	u.work = true
	if u.stop != nil && u.done == done {
		return true
	}
	u.letGo()
	u.keep, u.done = u.done == done, done
	u.ran.Add(1)
	u.stop = context.AfterFunc(ctx, func() {
		defer u.ran.Done()
		c.interruptRead()
	})
	return true
}

// releaseContext undoes holdContext, unless the next read may need it.
func (c *Conn) releaseContext() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut.work = false; !c.cut.keep {
		c.cut.letGo()
	}
}

// forgetContext ends the hold for good, after the read at work.
func (c *Conn) forgetContext() {
	u := c.cut
	switch {
	case u == nil:
	case u.work:
		u.keep = false
	default:
		u.letGo()
	}
}

// letGo ends the hold of a context.
func (u *cut) letGo() {
	if u.stop == nil {
		return
	}
	if u.stop() {
		u.ran.Done()
	}
	u.ran.Wait()
	u.stop = nil
}

// interruptRead ends the wait of the read at work.
func (c *Conn) interruptRead() {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	if interrupt, _ := c.reads.take(math.MaxInt64); interrupt {
		c.stream.SetReadDeadline(past)
	}
}
