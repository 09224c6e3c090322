package h3

import (
	"errors"
	"net"
	"sync"

	"github.com/quic-go/quic-go"
)

// packet is the size up to which the header of a DATA frame and its payload are
// copied together, so that they are sent in one packet. It is what fits into
// QUIC's smallest.
const packet = 1200

var packets = sync.Pool{New: func() any { return new([packet]byte) }}

// Write sends p in one DATA frame. If it fails within the frame, because of the
// deadline, the next Write first completes that.
func (s *stream) Write(p []byte) (n int, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	for err == nil && n < len(p) {
		if s.owed == 0 {
			s.owed = len(p) - n
			s.unsent = appendFrame(s.room[:0], frameData, uint64(s.owed))
		}
		var k int
		k, err = s.writePayload(p[n:][:min(len(p)-n, s.owed)])
		n += k
		s.owed -= k
	}
	if err != nil {
		err = s.writeFailed(err)
	}
	return n, err
}

// writePayload writes what is unsent of the frame's header, and then p or a
// part of it. It returns how much of p was written.
func (s *stream) writePayload(p []byte) (n int, err error) {
	if len(s.unsent) == 0 {
		return s.q.Write(p)
	}
	b := packets.Get().(*[packet]byte)
	defer packets.Put(b)
	head := copy(b[:], s.unsent)
	n, err = s.q.Write(b[:head+copy(b[head:], p)])
	head = min(n, head)
	s.unsent = s.unsent[head:]
	return n - head, err
}

func (s *stream) writeFailed(err error) error {
	if s.ended.Load() || errors.Is(err, quic.ErrStreamClosed) {
		return net.ErrClosed
	}
	return lost(err)
}
