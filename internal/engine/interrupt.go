package engine

import (
	"context"
	"sync"
	"time"
)

// past is a deadline that interrupts at once.
var past = time.Unix(1, 0)

// direction is one of a stream's two.
type direction uint8

const (
	inward direction = iota
	outward
)

// interrupts lets the ends of contexts interrupt the calls of a stream, of
// which there is one at a time in each direction, by deadlines in the past.
// Asking a context to tell its end allocates, so one that comes again, known
// by its channel, stays asked.
type interrupts struct {
	conn *Conn // constant

	mu    sync.Mutex
	bonds [2]*bond // protected by mu; by direction: the context that came last
	calls [2]call  // protected by mu; by direction
	ended bool     // protected by mu

	late *late // protected by the clock's mu; nil while no call takes too long
}

// bond is what is known of a context.
type bond struct {
	done  <-chan struct{} // constant
	stop  func() bool     // takes back that it is asked; nil when it is not
	again bool            // it came a second time
	over  bool            // it told its end
}

// call is one call of the stream, or none.
type call struct {
	bond *bond // nil for none
	// fired is what watches a call that was interrupted, so that it ends even
	// on a stream that ignores deadlines; nil when it was not.
	fired *time.Timer
}

// unwatched stands for the timer of a stream that keeps its deadlines.
var unwatched = new(time.Timer)

// begin is called before a call of the stream. The end of ctx interrupts it.
func (i *interrupts) begin(d direction, ctx context.Context) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b := i.meet(d, ctx.Done())
	i.calls[d].bond = b
	switch {
	case b.over:
		i.fire(d)
	case b.stop == nil:
		b.stop = context.AfterFunc(ctx, func() { i.tell(b) })
	}
}

// meet returns the bond of the context with done, which is then that of the
// direction.
func (i *interrupts) meet(d direction, done <-chan struct{}) *bond {
	for _, b := range [...]*bond{i.bonds[d], i.bonds[1-d]} {
		if b != nil && b.done == done {
			b.again = !i.ended
			if b != i.bonds[d] {
				i.part(d)
				i.bonds[d] = b
			}
			return b
		}
	}
	i.part(d)
	i.bonds[d] = &bond{done: done}
	return i.bonds[d]
}

// end is called after the call. It reports whether the call was interrupted:
// the stream's deadline is then the caller's to clear.
func (i *interrupts) end(d direction) (fired bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := i.calls[d]
	i.calls[d] = call{}
	// A context may live for one call alone.
	if b := c.bond; b != nil && !b.again && b.stop != nil {
		b.stop()
		b.stop = nil
	}
	if c.fired != nil && c.fired != unwatched {
		c.fired.Stop()
	}
	return c.fired != nil
}

// tell is what a context does at its end.
func (i *interrupts) tell(b *bond) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b.over = true
	for d := range i.calls {
		if i.calls[d].bond == b {
			i.fire(direction(d))
		}
	}
}

// fire interrupts the call at work. The caller holds mu.
func (i *interrupts) fire(d direction) {
	if c := &i.calls[d]; c.fired == nil {
		c.fired = unwatched
		if !i.conn.cfg.KeepsDeadlines {
			c.fired = i.watch(d)
		}
	}
	i.conn.interrupt(d)
}

// watch ends the connection if the call that is interrupted now is still at
// work after grace. It looks twice: when the program had stood still, the first
// time may be before the call had a chance to return. The caller holds mu.
func (i *interrupts) watch(d direction) (t *time.Timer) {
	looked := false
	t = time.AfterFunc(grace-glance, func() {
		i.mu.Lock()
		missed := i.calls[d].fired == t
		if missed && !looked {
			looked, missed = true, false
			t.Reset(glance)
		}
		i.mu.Unlock()
		if missed {
			i.conn.end(true, ErrDeadlinesIgnored, atOnce)
		}
	})
	return t
}

// part forgets the context of a direction. The caller holds mu.
func (i *interrupts) part(d direction) {
	b := i.bonds[d]
	i.bonds[d] = nil
	if b != nil && b != i.bonds[1-d] && b.stop != nil {
		b.stop()
	}
}

// stop keeps no context from now on, but for a call at work, and as long as
// that.
func (i *interrupts) stop() {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ended = true
	for _, b := range i.bonds {
		if b == nil {
			continue
		}
		b.again = false
		if b.stop != nil && b != i.calls[0].bond && b != i.calls[1].bond {
			b.stop()
			b.stop = nil
		}
	}
}

// beginCall makes the end of ctx interrupt the next call of the stream in the
// direction, which is the caller's alone.
func (c *Conn) beginCall(d direction, ctx context.Context) {
	if outlives(ctx, c.stream) {
		return
	}
	c.interrupter().begin(d, ctx)
}

// interrupter returns c's interrupts, and makes them if there are none.
func (c *Conn) interrupter() *interrupts {
	r := c.more()
	i := r.interrupts.Load()
	if i == nil {
		i = &interrupts{conn: c}
		if !r.interrupts.CompareAndSwap(nil, i) {
			i = r.interrupts.Load()
		}
	}
	return i
}

// endCall is called after it. It reports whether ctx interrupted the call.
func (c *Conn) endCall(d direction, ctx context.Context) bool {
	return !outlives(ctx, c.stream) && c.rare.Load().interrupts.Load().end(d)
}
