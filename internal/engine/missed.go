package engine

import (
	"errors"
	"time"

	"github.com/twinws/ws/api"
)

// ErrDeadlinesIgnored is the cause of a connection over a transport whose call
// did not return when its deadline had passed.
var ErrDeadlinesIgnored = errors.New("the net.Conn ignores its deadlines (its SetDeadline has no effect): " +
	"a blocked call could be ended only by closing it")

// grace is how long a call may take to return once its deadline has passed.
const grace = time.Second

// interrupt makes the blocked call of the transport in a direction return. An
// error of setting the deadline is ignored: it is checked whether the call
// returns.
func (c *Conn) interrupt(d direction) {
	if d == inward {
		c.transport.SetReadDeadline(past)
	} else {
		c.transport.SetWriteDeadline(past)
	}
}

// missed returns the connection's error if it has ended by ErrDeadlinesIgnored.
func (c *Conn) missed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.closing.err(); errors.Is(err, ErrDeadlinesIgnored) {
		return err
	}
	return nil
}

// late is the state of calls of the transport that take too long.
type late struct {
	nudge nudge
	stuck stuck
}

// nudge is a keepalive ping that was sent because a Read that ignored its
// deadline could not send it.
type nudge struct {
	rang    int64  // when that Read was interrupted, 0 for none
	since   int64  // when the peer's time began
	written uint32 // what the transport had accepted then
}

// latenessLocked returns the state of late calls. The clock's mu is held.
func (c *Conn) latenessLocked() *late {
	i := c.interrupter()
	if i.late == nil {
		i.late = new(late)
	}
	return i.late
}

// missedReadLocked acts for a Read that keepalive has interrupted and that has
// not returned: it sends a ping, and ends the connection if nothing arrives. It
// returns when to check again, 0 for not before another operation begins. The
// clock's mu is held.
func (c *Conn) missedReadLocked(now int64) (next int64) {
	rang := c.reads.rang()
	if rang == 0 || c.cfg.Idle <= 0 {
		return 0
	}
	timeout := c.cfg.Timeout
	wait := grace
	if timeout > 0 { // else no connection is ended
		wait = min(wait, timeout)
	}
	if at := rang + int64(wait); now < at {
		return at
	}
	n := &c.latenessLocked().nudge
	switch {
	case n.rang != rang:
		*n = nudge{rang, now, c.written.Load()}
		c.pingLate()
		if timeout > 0 {
			return now + int64(timeout)
		}
		return 0
	case timeout <= 0:
		return 0
	}
	c.mu.Lock()
	out := c.pingOut
	c.mu.Unlock()
	switch written := c.written.Load(); {
	case out > 0: // the ping has been sent
		n.since = max(n.since, out)
	case written != n.written: // the peer reads what precedes it
		n.since, n.written = now, written
	}
	if at := n.since + int64(timeout); now < at {
		return at
	}
	go c.end(false, api.ErrKeepaliveTimeout, atOnce)
	return 0
}

// pingLate makes a keepalive ping due.
func (c *Conn) pingLate() {
	c.mu.Lock()
	c.pingOut = pingDue
	c.due.Store(true)
	c.mu.Unlock()
	go c.sendDue()
}

// missedWriteLocked ends the connection if a Write that made no progress for
// WriteTimeout has not returned. It returns when to check again, as
// missedReadLocked. The clock's mu is held.
func (c *Conn) missedWriteLocked(now int64) (next int64) {
	rang := c.writes.rang()
	if rang == 0 {
		return 0
	}
	if at := rang + int64(min(grace, c.cfg.WriteTimeout)); now < at {
		return at
	}
	go c.end(false, api.ErrWriteTimeout, atOnce)
	return 0
}
