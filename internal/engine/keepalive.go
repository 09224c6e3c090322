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
	if c.cfg.Idle <= 0 {
		return 0
	}
	return max(c.tolerance()-c.silence, glance)
}

// patient reports whether the peer may be silent for longer.
func (c *Conn) patient() bool {
	return c.cfg.Idle <= 0 || c.silence < c.tolerance()
}

// tolerance is the silence after which the peer is judged.
func (c *Conn) tolerance() time.Duration {
	if c.pinged && c.cfg.Timeout >= 0 {
		return c.cfg.Timeout
	}
	return c.cfg.Idle
}

// judge is asked when the patience is used up: the first time it sends a ping,
// the second time it gives the peer up. Without a limit it sends pings alone.
func (c *Conn) judge() error {
	c.mu.Lock()
	broken, out := c.brokenBy(), c.pingOut
	c.mu.Unlock()
	switch {
	case broken != nil:
		return broken
	case c.pinged && c.cfg.Timeout >= 0:
		return c.verdict(out)
	}
	c.pinged, c.silence = true, 0
	p := c.progress()
	c.seen, c.behind = p.taken, p.Unsent > 0
	c.mu.Lock()
	c.pingOut = pingDue
	c.due.Store(true)
	c.mu.Unlock()
	c.sendDue()
	return nil
}

// verdict gives up a peer that was sent a ping at out (by nanos), unless it had
// no chance to answer yet: the ping may wait behind what was sent before, here
// or in the system's buffers, while the peer takes that.
//
// What is taken counts while there is more to take. A peer's system takes a
// ping, and now and then a message, also for a program that has stopped
// reading: that is no sign of life.
func (c *Conn) verdict(out int64) error {
	p := c.progress()
	moved := int32(p.taken-c.seen) > 0
	waits := p.Waits || out <= 0 || c.wire.Locked()
	switch {
	case moved && (waits || c.behind):
		c.silence = 0
	case out > 0:
		c.silence = min(c.silence, time.Duration(nanos()-out))
	}
	c.seen, c.behind = p.taken, p.Waits
	if c.patient() {
		return nil
	}
	return api.ErrKeepaliveTimeout
}
