package deflate

import "math"

// Stream compresses one message that is written in pieces. It uses a writer
// until Close. Sent must be called for each piece that was sent.
type Stream struct{ w *writer }

// Stream begins a message. Until its Close the Compressor must not be used for
// another.
func (c *Compressor) Stream() *Stream {
	return &Stream{c.take(math.MaxInt, nil)}
}

// Append appends the compressed piece p of the message to dst, up to a byte
// boundary: the receiver can decompress all of it. The last piece, which may be
// empty, ends the message. Pieces under 128 bytes compress badly.
func (s *Stream) Append(dst, p []byte, last bool) []byte {
	start := len(dst)
	s.w.out.p = dst
	s.w.flush(p)
	dst = s.w.out.p
	s.w.out.p = nil
	if last {
		return cut(dst, start)
	}
	return dst
}

// Close returns the writer to its pool. It may be called more than once.
func (s *Stream) Close() {
	if s.w != nil {
		s.w.put()
		s.w = nil
	}
}
