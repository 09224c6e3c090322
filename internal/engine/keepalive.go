package engine

import (
	"time"

	"github.com/twinws/ws/api"
)

// glance is the least time that a Read waits for bytes before the peer counts
// as silent: bytes may have arrived while nobody read, and an expired deadline
// would hide them.
const glance = 20 * time.Millisecond

// patience is how long the next wait for a byte may take; 0 means indefinitely.
// Silence is the sum of all waits, including those that a context ended; time
// without a blocked Read does not count.
func (in *input) patience() time.Duration {
	if in.c.cfg.Idle <= 0 {
		return 0
	}
	return max(in.tolerance()-in.c.silence, glance)
}

// patient reports whether the peer may be silent for longer.
func (in *input) patient() bool {
	return in.c.cfg.Idle <= 0 || in.c.silence < in.tolerance()
}

// tolerance is how long the peer may be silent.
func (in *input) tolerance() time.Duration {
	c := in.c
	if c.pinged && c.cfg.Timeout >= 0 {
		return c.cfg.Timeout
	}
	return c.cfg.Idle
}

// judge is called when the peer has been silent for too long: the first time it
// sends a ping, the second time it returns ErrKeepaliveTimeout. Without a
// Timeout it only sends pings.
func (in *input) judge() error {
	c := in.c
	c.mu.Lock()
	broken, out := c.brokenLocked(), c.pingOut
	c.mu.Unlock()
	switch {
	case broken != nil:
		return broken
	case c.pinged && c.cfg.Timeout >= 0:
		return in.verdict(out)
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

// verdict returns an error for a peer that was sent a ping at out (by nanos),
// unless it had no chance to answer yet: the ping may wait behind earlier
// bytes, here or in the system's buffers, while the peer reads those.
//
// Acknowledged bytes count only while more wait to be sent. A peer's system
// acknowledges a ping, and small messages, even if the program has stopped
// reading: that is no sign of life.
func (in *input) verdict(out int64) error {
	c := in.c
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
	if in.patient() {
		return nil
	}
	return api.ErrKeepaliveTimeout
}
