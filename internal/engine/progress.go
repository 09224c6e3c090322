package engine

import (
	"errors"
	"syscall"
)

// Progress is how much the peer has received of the bytes that a transport has
// accepted.
type Progress struct {
	// Unsent is how many bytes the peer's system has not acknowledged.
	Unsent int64
	// Acked counts those that it has, from any origin; 0 if unknown.
	Acked uint64
	// Waits says that some have not been sent to the network: the peer, or the
	// network, has to accept others first.
	Waits bool
}

// manyUnsent is the number of unacknowledged bytes from which some are assumed
// to wait for others. With a peer that reads there are fewer in flight, or they
// are acknowledged before the next check.
const manyUnsent = 64 << 10

var errNoAccount = errors.New("engine: it is unknown what the peer has received")

// progressOf asks t, or the socket below it. It makes a system call, so it is
// used only when a peer is judged, and not for every message.
func progressOf(t any) (Progress, error) {
	for {
		switch x := t.(type) {
		case Accountable:
			return x.Progress()
		case Wrapper: // TLS, and others
			if t = x.NetConn(); t == nil {
				return Progress{}, errNoAccount
			}
		case syscall.Conn:
			return socketProgress(x)
		default:
			return Progress{}, errNoAccount
		}
	}
}

// standing is a Progress with the number of bytes that the peer has received,
// modulo 2^32, counted from any origin. For a transport that does not know, it
// is what the transport accepted.
type standing struct {
	Progress
	taken uint32
}

// progress returns how much the peer has received.
func (c *Conn) progress() standing {
	written := c.written.Load()
	p, err := progressOf(c.transport)
	switch {
	case err != nil:
		return standing{taken: written}
	case p.Acked > 0:
		return standing{p, uint32(p.Acked)}
	}
	return standing{p, written - uint32(p.Unsent)}
}

// stuck is a write that the transport is slow to accept.
type stuck struct {
	due  int64  // when it is checked again, as in the watch; 0 for none
	seen uint32 // what the peer had received when last checked
}

// stillTakenLocked reports whether the peer reads what was written before a
// write that timed out: the system accepts more only after a good part of its
// buffer is free, which takes long if the peer is slow. The first check has
// nothing to compare with. It returns when to check again. The clock's mu is
// held.
func (c *Conn) stillTakenLocked(due, now int64) (next int64, ok bool) {
	if _, err := progressOf(c.transport); err != nil {
		return 0, false
	}
	last, p := &c.latenessLocked().stuck, c.progress()
	if last.due == due && int32(p.taken-last.seen) <= 0 {
		return 0, false
	}
	next = c.cfg.clock.after(now, c.cfg.WriteTimeout)
	*last = stuck{next, p.taken}
	return next, true
}
