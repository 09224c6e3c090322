package engine

import (
	"time"

	"github.com/twinws/ws/api"
)

// glance is how long a Read looks for bytes at least before it judges: they may
// have come while nobody read, and an expired deadline would hide them.
const glance = 20 * time.Millisecond

// patience is how long the next wait for a byte may take; 0 is for ever.
// Silence adds up over waits that a context cut short, and only over waits:
// nobody reading means nobody judged.
func (c *Conn) patience() time.Duration {
	if c.endless() {
		return 0
	}
	return max(c.tolerance()-c.silence, glance)
}

// patient reports whether the peer may be silent for longer.
func (c *Conn) patient() bool { return c.endless() || c.silence < c.tolerance() }

// endless reports whether the peer may be silent for ever: unwatched, or pinged
// and not judged by that.
func (c *Conn) endless() bool {
	return c.cfg.Idle <= 0 || c.pinged && c.cfg.Timeout <= 0
}

// tolerance is the silence after which the peer is judged.
func (c *Conn) tolerance() time.Duration {
	if c.pinged {
		return c.cfg.Timeout
	}
	return c.cfg.Idle
}

// judge is asked when the patience is used up: the first time it sends a ping,
// the second time it gives the peer up.
func (c *Conn) judge() error {
	c.mu.Lock()
	broken, out := c.brokenBy(), c.pingOut
	c.mu.Unlock()
	switch {
	case broken != nil:
		return broken
	case c.pinged:
		return c.verdict(out)
	}
	c.pinged, c.silence = true, 0
	c.progress(false)
	c.mu.Lock()
	c.pingOut = pingDue
	c.due.Store(true)
	c.mu.Unlock()
	c.sendDue()
	return nil
}

// verdict gives up a peer that was sent a ping at out (by nanos), unless it had no
// chance to answer yet: what was sent before may hold the ping up, in a Write
// or in the system's buffers, while the peer takes it.
func (c *Conn) verdict(out int64) error {
	if c.progress(out <= 0) {
		c.silence = 0
	} else if out > 0 {
		c.silence = min(c.silence, time.Duration(nanos()-out))
	}
	if c.patient() {
		return nil
	}
	return api.ErrKeepaliveTimeout
}

// pingSize is more than a ping takes on its way, in bytes, TLS's record included.
const pingSize = 256

// progress reports whether the peer has taken something since it was asked last.
// That its system has taken a ping, or what else found room there, says nothing
// of the peer: only what had to wait counts. waits says that the ping still
// waits for a Write.
//
// A system that does not tell what it holds leaves what a Write could hand over
// while it waited.
func (c *Conn) progress(waits bool) (moved bool) {
	held, known := c.unsent()
	taken := c.written.Load() - uint32(held)
	if !known && !waits && c.wire.TryLock() {
		c.unlockWire() // nobody waits
	} else if !known {
		c.behind = true
	}
	moved = c.behind && int32(taken-c.seen) > 0
	c.seen, c.behind = taken, held > pingSize
	return moved
}

// unsent returns how many bytes of what the stream took have not reached the
// peer's system.
func (c *Conn) unsent() (n int, known bool) {
	s := c.stream
	if u, ok := s.(interface{ Unsent() (int, bool) }); ok {
		return u.Unsent()
	}
	if raw := socketBelow(s); raw != nil {
		return queued(raw)
	}
	return 0, false
}
