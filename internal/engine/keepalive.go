package engine

import (
	"time"

	"github.com/twinws/ws/api"
)

// patience is how long the next wait for a byte may take; 0 is for ever.
// Silence adds up over waits that a context cut short, and only over waits:
// nobody reading means nobody judged.
func (c *Conn) patience() time.Duration {
	if c.cfg.Idle <= 0 {
		return 0
	}
	limit := c.cfg.Idle
	if c.pinged {
		limit = c.cfg.Timeout
	}
	return max(limit-c.silence, 1)
}

// judge is asked when the patience is used up: the first time it sends a ping,
// the second time it gives the peer up.
func (c *Conn) judge() error {
	if c.cfg.Idle <= 0 || c.patience() > 1 {
		return nil
	}
	c.mu.Lock()
	broken := c.broken
	c.mu.Unlock()
	switch {
	case broken != nil:
		return broken
	case c.pinged:
		return api.ErrKeepalive
	}
	c.pinged, c.silence = true, 0
	c.mu.Lock()
	c.replies.ping = true
	c.due.Store(true)
	c.mu.Unlock()
	c.sendDue()
	return nil
}
