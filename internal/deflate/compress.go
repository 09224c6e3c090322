package deflate

// Compressor compresses the messages that one side of a connection sends. Its
// methods must not be called concurrently.
type Compressor struct {
	level int
	bits  int
	sent  history
}

// NewCompressor returns a Compressor for a window of 2^bits bytes, 8 to 15.
// level is from 1 (fast) to 9 (small), or 0 for the default, which is 1. With a
// window under 15 bits, messages longer than it, with takeover longer than half
// of it, are compressed at a level of their own, which corresponds to about 5.
// With takeover a message may refer to earlier ones, up to 8 KiB back.
func NewCompressor(level, bits int, takeover bool) *Compressor {
	c := &Compressor{level: min(max(level, 1), 9), bits: min(max(bits, minBits), maxBits)}
	if takeover {
		c.sent.max = 1 << min(c.bits, takeoverBits)
	}
	return c
}

// Append appends the compressed p to dst: the payload of a whole message. If
// the result is sent, Sent must be called; if p is sent uncompressed instead,
// for example because it did not shrink, the call has no effect.
func (c *Compressor) Append(dst, p []byte) []byte {
	switch {
	case len(p) == 0:
		return append(dst, 0) // RFC 7692 section 7.2.3.6
	case len(p) < smallMessage, c.told(len(p)):
		return appendSmall(dst, c.sent.last(1<<c.bits-len(p)), p)
	}
	w := c.take(len(p), dst)
	w.flush(p)
	return cut(w.put(), len(dst))
}

// told reports whether a message of n bytes is compressed as a small one, given
// what was sent before.
func (c *Compressor) told(n int) bool {
	return n <= toldMessage && c.level == 1 && len(c.sent.buf) >= toldBefore && 1<<c.bits >= 2*n
}

// take returns a writer for a message of n bytes. A writer that can reach
// farther back than the window is suitable if there is nothing farther back.
func (c *Compressor) take(n int, dst []byte) *writer {
	size := 1 << c.bits
	switch {
	case c.bits == maxBits:
		return takeLevel(c.level, c.sent.buf, dst)
	case n <= size/2, n <= size && len(c.sent.buf) == 0:
		return takeLevel(c.level, c.sent.last(size-n), dst)
	}
	return takeBits(c.bits, c.sent.buf, dst)
}

// cut removes the tail from what was appended at start.
func cut(dst []byte, start int) []byte {
	if n := len(dst) - len(tail); n >= start && string(dst[n:]) == tail {
		return dst[:n]
	}
	return dst
}

// Sent makes p, a message or a piece of one that was sent compressed, available
// for references from later messages.
func (c *Compressor) Sent(p []byte) { c.sent.add(p) }

// Held returns how many bytes the Compressor keeps while idle: 2^bits and 8 KiB
// at most, none without takeover.
func (c *Compressor) Held() int { return cap(c.sent.buf) }
