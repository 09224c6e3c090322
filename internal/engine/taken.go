package engine

// taken returns how many bytes the peer's system has taken, modulo 2^32 and
// counted from anywhere, and how many it has still to take of what the stream
// took. Of a stream that does not know it is what the stream itself took.
//
// The system is asked, which is for when a peer is judged. A write at work counts
// for held and not yet for written: so TCP's own count is better where it is
// known.
func (c *Conn) taken() (taken uint32, held int, known bool) {
	held, known = c.unsent()
	if raw := socketBelow(c.stream); known && raw != nil {
		if n := acked(raw); n > 0 {
			return uint32(n), held, true
		}
	}
	return c.written.Load() - uint32(held), held, known
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

// stuck is a write that waited for as long as the write time limit.
type stuck struct {
	due  int64  // when it is looked at again, as its watch has it
	seen uint32 // what the peer had taken at the last look
}

// stillTaken reports whether the peer takes what was written before a write that
// was due: a system takes more only once a good part of its buffer is free, which
// may last with a slow peer. The first look has nothing to compare with. It returns
// when to look again. The caller holds the clock's mu.
func (c *Conn) stillTaken(due, now int64) (next int64, still bool) {
	taken, _, known := c.taken()
	if !known {
		return 0, false
	}
	r := c.more()
	if r.stuck.due == due && int32(taken-r.stuck.seen) <= 0 {
		return 0, false
	}
	next = c.cfg.clock.after(now, c.cfg.WriteTimeout)
	r.stuck = stuck{next, taken}
	return next, true
}
