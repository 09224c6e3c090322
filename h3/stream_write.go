package h3

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

// packet is the size up to which the header of a DATA frame and its payload are
// copied together, so that they are sent in one packet. It is what fits into
// QUIC's smallest.
const packet = 1200

var packets = sync.Pool{New: func() any { return new([packet]byte) }}

// queued is the size of a Write up to which it is handed to QUIC as a whole, if
// flow control allows, rather than in parts as packets are sent: a deadline
// then cannot come in the middle.
const queued = 16 << 10

// Write sends p in one DATA frame. If it fails within the frame, because of the
// deadline, the next Write first completes that.
func (s *stream) Write(p []byte) (n int, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if len(p) > 0 && len(p) <= queued && s.owed == 0 && !s.late() {
		if s.writeQueued(p) {
			return len(p), nil
		}
	}
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

// late reports whether the write deadline has passed.
func (s *stream) late() bool {
	limit := s.limit.Load()
	return limit != 0 && time.Now().UnixNano() >= limit
}

// frameRoom is room for a frame of queued bytes.
type frameRoom [queued + 9]byte

var rooms = sync.Pool{New: func() any { return new(frameRoom) }}

// writeQueued writes the frame of p at once, and reports whether it could.
func (s *stream) writeQueued(p []byte) bool {
	if s.ended.Load() {
		return false
	}
	b := rooms.Get().(*frameRoom)
	defer rooms.Put(b)
	return s.q.TryWriteAll(append(appendFrame(b[:0], frameData, uint64(len(p))), p...)) == nil
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
