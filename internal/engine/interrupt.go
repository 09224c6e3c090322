package engine

import (
	"context"
	"sync"
	"time"
)

// past is a deadline that interrupts at once.
var past = time.Unix(1, 0)

// direction is one of the two directions of a transport.
type direction uint8

const (
	inward direction = iota
	outward
)

// interrupts makes the end of a context interrupt a blocked call of the
// transport, of which there is one at a time in each direction, by a deadline
// in the past. Registering with a context allocates, so for a context that is
// used again, identified by its channel, the registration is kept.
type interrupts struct {
	conn *Conn // constant

	mu    sync.Mutex
	bonds [2]*bond // protected by mu; by direction: the most recent context
	calls [2]call  // protected by mu; by direction
	ended bool     // protected by mu

	late *late // protected by the clock's mu; nil while no call takes too long
}

// bond is a context with its registration.
type bond struct {
	done  <-chan struct{} // constant
	stop  func() bool     // undoes the registration; nil without one
	again bool            // it was used a second time
	over  bool            // it has ended
}

// call is a call of the transport in progress, or none.
type call struct {
	bond *bond // nil for none
	// fired is the timer that ends an interrupted call even if the transport
	// ignores deadlines; nil if the call was not interrupted.
	fired *time.Timer
}

// unwatched stands for the timer of a transport that honors its deadlines.
var unwatched = new(time.Timer)

// begin is called before a call of the transport. The end of ctx interrupts
// that call.
func (i *interrupts) begin(d direction, ctx context.Context) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b := i.meetLocked(d, ctx.Done())
	i.calls[d].bond = b
	switch {
	case b.over:
		i.fireLocked(d)
	case b.stop == nil:
		b.stop = context.AfterFunc(ctx, func() { i.tell(b) })
	}
}

// meetLocked returns the bond of the context with done, which becomes that of
// the direction.
func (i *interrupts) meetLocked(d direction, done <-chan struct{}) *bond {
	for _, b := range [...]*bond{i.bonds[d], i.bonds[1-d]} {
		if b != nil && b.done == done {
			b.again = !i.ended
			if b != i.bonds[d] {
				i.partLocked(d)
				i.bonds[d] = b
			}
			return b
		}
	}
	i.partLocked(d)
	i.bonds[d] = &bond{done: done}
	return i.bonds[d]
}

// end is called after the call. It reports whether the call was interrupted:
// then the caller must reset the transport's deadline.
func (i *interrupts) end(d direction) (fired bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	c := i.calls[d]
	i.calls[d] = call{}
	// A context may be used for one call only.
	if b := c.bond; b != nil && !b.again && b.stop != nil {
		b.stop()
		b.stop = nil
	}
	if c.fired != nil && c.fired != unwatched {
		c.fired.Stop()
	}
	return c.fired != nil
}

// tell is called when a context ends.
func (i *interrupts) tell(b *bond) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b.over = true
	for d := range i.calls {
		if i.calls[d].bond == b {
			i.fireLocked(direction(d))
		}
	}
}

// fireLocked interrupts the call in progress.
func (i *interrupts) fireLocked(d direction) {
	if c := &i.calls[d]; c.fired == nil {
		c.fired = unwatched
		if !i.conn.cfg.KeepsDeadlines {
			c.fired = i.watchLocked(d)
		}
	}
	i.conn.interrupt(d)
}

// watchLocked ends the connection if the call that is being interrupted is
// still in progress after grace. It checks twice: if the program was suspended,
// the first check may come before the call had a chance to return.
func (i *interrupts) watchLocked(d direction) (t *time.Timer) {
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

// partLocked removes the context of a direction.
func (i *interrupts) partLocked(d direction) {
	b := i.bonds[d]
	i.bonds[d] = nil
	if b != nil && b != i.bonds[1-d] && b.stop != nil {
		b.stop()
	}
}

// stop drops all contexts, and those of calls in progress when these end.
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

// beginCall makes the end of ctx interrupt the next call of the transport in
// the direction. No other call in that direction may be in progress.
func (c *Conn) beginCall(d direction, ctx context.Context) {
	if outlives(ctx, c.transport) {
		return
	}
	c.interrupter().begin(d, ctx)
}

// interrupter returns c's interrupts, and creates them if there are none.
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

// endCall is called after the call. It reports whether ctx interrupted it.
func (c *Conn) endCall(d direction, ctx context.Context) bool {
	return !outlives(ctx, c.transport) && c.rare.Load().interrupts.Load().end(d)
}
