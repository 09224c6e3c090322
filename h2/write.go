package h2

import (
	"encoding/binary"
	"runtime"
	"sync"

	"golang.org/x/net/http2"
)

const (
	// outRoom is how many bytes of frames are gathered for one write,
	outRoom = 64 << 10
	// and maxOwed how many of them may be answers that the peer demanded while
	// it did not read.
	maxOwed = 64 << 10
	// frameHead is the length of a frame's header (RFC 9113 section 4.1).
	frameHead = 9
)

// buffers are for out: an idle connection has none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, outRoom+maxFrame+frameHead)
	return &b
}}

// buffered returns out, with memory. The caller holds mu.
func (c *conn) buffered() []byte {
	if c.out == nil {
		if c.spare != nil {
			c.out, c.spare = c.spare, nil
		} else {
			c.out = *buffers.Get().(*[]byte)
		}
	}
	return c.out
}

// nudge makes flush look for something to do. The caller holds mu.
func (c *conn) nudge() {
	if c.idle {
		c.idle = false
		c.flusher.Signal()
	}
}

// flush writes what the streams have, in as few writes as possible: whatever
// comes while one write is in progress leaves in the next.
func (c *conn) flush() {
	var batch []byte
	for {
		c.mu.Lock()
		c.wrote(batch)
		for c.schedule(); len(c.out) == 0 && !c.closing; c.schedule() {
			c.rest()
		}
		if len(c.out) == 0 {
			c.mu.Unlock()
			c.nc.Close()
			return
		}
		batch, c.out, c.owed, c.last = c.out, nil, 0, last{}
		c.batch++
		c.mu.Unlock()
		if _, err := c.nc.Write(batch); err != nil {
			c.fail(&ConnError{Problem: "it could not be written to", Cause: err, lost: true})
			return
		}
	}
}

// wrote is called after a batch was written; nil is none. The caller holds mu.
func (c *conn) wrote(batch []byte) {
	c.recycle(batch)
	c.written = c.batch
	for _, s := range c.awaited {
		s.wake.Broadcast()
	}
	c.awaited = c.awaited[:0]
}

// rest waits until there is something to do; the memory is in the pool
// meanwhile. The caller holds mu.
func (c *conn) rest() {
	if b := c.spare; b != nil {
		c.spare = nil
		buffers.Put(&b)
	}
	for c.idle = true; c.idle && !c.closing; {
		c.flusher.Wait()
	}
	c.idle = false
	// Whoever is about to write too does so first: many small messages leave in
	// one write.
	c.mu.Unlock()
	runtime.Gosched()
	c.mu.Lock()
}

// recycle keeps the memory of a batch that was written.
func (c *conn) recycle(batch []byte) {
	switch {
	case batch == nil || cap(batch) > 4*outRoom:
	case c.out == nil && c.spare == nil:
		c.spare = batch[:0]
	default:
		batch = batch[:0]
		buffers.Put(&batch)
	}
}

// schedule moves bytes of the waiting Writes into out, a frame of each in turn,
// as far as there is room and the windows allow. The caller holds mu.
func (c *conn) schedule() {
	for len(c.out) < outRoom && c.window > 0 {
		s := c.ready.pop()
		if s == nil {
			return
		}
		if len(s.pending) == 0 || s.window <= 0 {
			continue // it was given up meanwhile, or its window shrank
		}
		n := int(min(int64(len(s.pending)), int64(min(c.peer.frame, maxFrame)), s.window, c.window))
		c.data(s, s.pending[:n], 0)
		if s.pending = s.pending[n:]; len(s.pending) == 0 {
			s.wake.Broadcast()
		} else if s.window > 0 {
			c.ready.push(s)
		}
	}
}

// last is the DATA frame at the end of out, which more of the same stream
// lengthens.
type last struct {
	of         *stream // nil for none
	start, end int     // in out
}

// data appends p to out, in a DATA frame or the one that is there. The caller
// holds mu.
func (c *conn) data(s *stream, p []byte, flags http2.Flags) {
	s.window -= int64(len(p))
	c.window -= int64(len(p))
	b := c.buffered()
	if c.last.of != s || c.last.end != len(b) || len(b)-c.last.start-frameHead+len(p) > min(c.peer.frame, maxFrame) {
		c.last.of, c.last.start = s, len(b)
		b = append(b, 0, 0, 0, byte(http2.FrameData), 0)
		b = binary.BigEndian.AppendUint32(b, s.id)
	}
	b = append(b, p...)
	head, n := b[c.last.start:], len(b)-c.last.start-frameHead
	head[0], head[1], head[2], head[4] = byte(n>>16), byte(n>>8), byte(n), byte(flags)
	c.out, c.last.end = b, len(b)
}

// sendNow appends all of p, if nobody waits and the windows have room. The
// caller holds mu.
func (c *conn) sendNow(s *stream, p []byte) bool {
	n := int64(len(p))
	if len(c.out) >= outRoom || c.ready.head != nil || n > s.window || n > c.window || len(p) > min(c.peer.frame, maxFrame) {
		return false
	}
	c.data(s, p, 0)
	c.nudge()
	return true
}

// reset sends RST_STREAM. The caller holds mu.
func (c *conn) reset(id uint32, code http2.ErrCode) {
	c.fw.WriteRSTStream(id, code)
	c.nudge()
}

// windowUpdate lets the peer send n bytes more. The caller holds mu.
func (c *conn) windowUpdate(id uint32, n int64) {
	c.fw.WriteWindowUpdate(id, uint32(n))
	c.nudge()
}

// queue are streams in the order of their turns.
type queue struct{ head, tail *stream }

// push adds s unless it is there.
func (q *queue) push(s *stream) {
	if s.queued {
		return
	}
	s.queued = true
	if q.tail == nil {
		q.head = s
	} else {
		q.tail.next = s
	}
	q.tail = s
}

// pop removes the first; nil for none.
func (q *queue) pop() *stream {
	s := q.head
	if s == nil {
		return nil
	}
	if q.head = s.next; q.head == nil {
		q.tail = nil
	}
	s.next, s.queued = nil, false
	return s
}
