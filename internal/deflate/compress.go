package deflate

// Compressor compresses the messages that one side of a connection sends. Its
// methods must not be called at the same time.
type Compressor struct {
	level int
	bits  int
	sent  history
}

// NewCompressor returns a Compressor for a window of 2^bits bytes, 8 to 15. It
// looks for matches as level says, 1 (fast) to 9 (small), or 0 for the default,
// which is 1. With a window under 15 bits, messages longer than it, with
// takeover longer than half of it, are compressed at one level of their own,
// which is about 5. With takeover a message may refer to those before it, up to
// 8 KiB back.
func NewCompressor(level, bits int, takeover bool) *Compressor {
	c := &Compressor{level: min(max(level, 1), 9), bits: min(max(bits, minBits), maxBits)}
	if takeover {
		c.sent.max = 1 << min(c.bits, takeoverBits)
	}
	return c
}

// Append appends the compressed p to dst: the payload of a whole message. What
// is sent as it came out must be told to Sent; when p is sent uncompressed
// instead, because it did not shrink say, nothing has happened.
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

// told reports whether a message of n bytes is compressed as a small one for
// what was said before.
func (c *Compressor) told(n int) bool {
	return n <= toldMessage && c.level == 1 && len(c.sent.buf) >= toldBefore && 1<<c.bits >= 2*n
}

// take returns a writer for a message of n bytes. One that may reach farther
// back than the window will do when there is nothing farther back.
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

// cut takes the tail off what was appended at start.
func cut(dst []byte, start int) []byte {
	if n := len(dst) - len(tail); n >= start && string(dst[n:]) == tail {
		return dst[:n]
	}
	return dst
}

// Sent makes p, a message or a piece of one that was sent compressed, part of
// what later messages may refer to.
func (c *Compressor) Sent(p []byte) { c.sent.add(p) }

// Held returns how many bytes the Compressor keeps while idle: 2^bits and 8 KiB
// at most, none without takeover.
func (c *Compressor) Held() int { return cap(c.sent.buf) }
