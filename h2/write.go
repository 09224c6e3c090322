package h2

import (
	"encoding/binary"
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
		c.recycle(batch)
		for c.schedule(); len(c.out) == 0 && !c.closing; c.schedule() {
			c.rest()
		}
		if len(c.out) == 0 {
			c.mu.Unlock()
			c.nc.Close()
			return
		}
		batch, c.out, c.owed = c.out, nil, 0
		c.mu.Unlock()
		if _, err := c.nc.Write(batch); err != nil {
			c.fail(&ConnError{Problem: "it could not be written to", Cause: err, lost: true})
			return
		}
	}
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

// data appends a DATA frame. The caller holds mu.
func (c *conn) data(s *stream, p []byte, flags http2.Flags) {
	s.window -= int64(len(p))
	c.window -= int64(len(p))
	b := c.buffered()
	b = append(b, byte(len(p)>>16), byte(len(p)>>8), byte(len(p)), byte(http2.FrameData), byte(flags))
	b = binary.BigEndian.AppendUint32(b, s.id)
	c.out = append(b, p...)
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
