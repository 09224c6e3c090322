package engine

import (
	"errors"
	"net"
	"syscall"
)

// Progress is how far the peer is with the bytes that a stream has taken.
type Progress struct {
	// Unsent are the bytes that the peer's system has not acknowledged.
	Unsent int64
	// Acked counts those that it has, from anywhere; 0 if that is not known.
	Acked uint64
	// Waits says that some are not on their way yet: the peer, or the network,
	// has to take others first.
	Waits bool
}

// accountable is a Stream that knows how far its peer is.
type accountable interface{ Progress() (Progress, error) }

// manyUnsent are so many bytes that some wait for others. What is on its way
// for a peer that reads is less, or it is taken before the next look.
const manyUnsent = 64 << 10

var errNoAccount = errors.New("engine: nobody knows what the peer has taken")

// progressOf asks s, or the socket below s. The system is asked, which is for
// when a peer is judged, and not for every message.
func progressOf(s any) (Progress, error) {
	for {
		switch t := s.(type) {
		case accountable:
			return t.Progress()
		case interface{ NetConn() net.Conn }: // TLS, and what else shows what is below
			if s = t.NetConn(); s == nil {
				return Progress{}, errNoAccount
			}
		case syscall.Conn:
			return socketProgress(t)
		default:
			return Progress{}, errNoAccount
		}
	}
}

// standing is a Progress with the bytes that the peer took, modulo 2^32,
// counted from anywhere. Of a stream that does not know it is what the stream
// took.
type standing struct {
	Progress
	taken uint32
}

// progress returns how far the peer is.
func (c *Conn) progress() standing {
	written := c.written.Load()
	p, err := progressOf(c.stream)
	switch {
	case err != nil:
		return standing{taken: written}
	case p.Acked > 0:
		return standing{p, uint32(p.Acked)}
	}
	return standing{p, written - uint32(p.Unsent)}
}

// stuck is a write that the stream was long in taking.
type stuck struct {
	due  int64  // when it is looked at again, as the watch has it; 0 for none
	seen uint32 // what the peer had taken at the last look
}

// stillTaken reports whether the peer takes what was written before a write
// that was due: the system takes more only once a good part of its buffer is
// free, which of a slow peer takes long. The first look has nothing to compare
// with. It returns when to look again. The caller holds the clock's mu.
func (c *Conn) stillTaken(due, now int64) (next int64, ok bool) {
	if _, err := progressOf(c.stream); err != nil {
		return 0, false
	}
	last, p := &c.lateness().stuck, c.progress()
	if last.due == due && int32(p.taken-last.seen) <= 0 {
		return 0, false
	}
	next = c.cfg.clock.after(now, c.cfg.WriteTimeout)
	*last = stuck{next, p.taken}
	return next, true
}
