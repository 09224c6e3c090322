package h2

import (
	"fmt"
	"time"
)

// rearm sets when check runs, after the first stream has been opened or the
// last has ended. The caller holds mu.
func (c *conn) rearm() {
	wait := c.cfg.pingAfter
	if len(c.streams) == 0 {
		wait = c.cfg.idle
	}
	if wait < 0 || c.err != nil {
		c.watch.Stop()
		return
	}
	c.watch.Reset(wait)
}

// check closes a connection that had no stream for long, and pings the server
// of one with streams, from which nothing came for long.
func (c *conn) check() {
	c.mu.Lock()
	var end *ConnError
	switch {
	case c.err != nil:
	case len(c.streams) == 0:
		end = c.checkIdle()
	default:
		end = c.checkSilence()
	}
	empty := len(c.streams) == 0
	c.mu.Unlock()
	if end == nil {
		return
	}
	if empty && !c.t.retire(c) {
		c.mu.Lock()
		c.rearm() // a stream is about to be opened
		c.mu.Unlock()
		return
	}
	c.fail(end)
}

// checkIdle returns why to close a connection without streams, or nil. The
// caller holds mu.
func (c *conn) checkIdle() *ConnError {
	if c.cfg.idle < 0 {
		return nil
	}
	if left := c.quiet + int64(c.cfg.idle) - nanos(); left > 0 {
		c.watch.Reset(time.Duration(left))
		return nil
	}
	return &ConnError{Problem: fmt.Sprintf("it had no stream for %v", c.cfg.idle)}
}

// checkSilence sends a ping (RFC 9113 section 6.7), or returns that none came
// back, and nothing else. The caller holds mu.
func (c *conn) checkSilence() *ConnError {
	if c.cfg.pingAfter < 0 {
		return nil
	}
	now, last := nanos(), c.lastRead.Load()
	if c.pinged > 0 && last >= c.pinged {
		c.pinged = 0
	}
	var next int64
	switch {
	case c.pinged == 0 && now-last >= int64(c.cfg.pingAfter):
		c.pinged = now
		c.fw.WritePing(false, [8]byte{'w', 's'})
		c.nudge()
		next = now + int64(c.cfg.pingTimeout)
	case c.pinged == 0:
		next = last + int64(c.cfg.pingAfter)
	case now-c.pinged >= int64(c.cfg.pingTimeout):
		return &ConnError{Problem: fmt.Sprintf("nothing came for %v, nor for %v after a ping", c.cfg.pingAfter, c.cfg.pingTimeout), lost: true}
	default:
		next = c.pinged + int64(c.cfg.pingTimeout)
	}
	c.watch.Reset(time.Duration(next - now))
	return nil
}
