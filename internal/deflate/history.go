package deflate

// history is the last bytes of the messages of one direction.
type history struct {
	buf []byte
	max int // bytes; 0 keeps nothing
}

// add appends p and discards what is older than max bytes.
func (h *history) add(p []byte) {
	p = p[max(len(p)-h.max, 0):]
	if over := len(h.buf) + len(p) - h.max; over > 0 {
		h.buf = h.buf[:copy(h.buf, h.buf[over:])]
	}
	h.grow(len(h.buf) + len(p))
	h.buf = append(h.buf, p...)
}

// grow makes room for need bytes, at most max. append would allocate more than
// max.
func (h *history) grow(need int) {
	const least = 512
	if need <= cap(h.buf) {
		return
	}
	bigger := make([]byte, len(h.buf), min(max(2*cap(h.buf), need, least), h.max))
	copy(bigger, h.buf)
	h.buf = bigger
}

// last returns at most the newest n bytes.
func (h *history) last(n int) []byte { return h.buf[max(len(h.buf)-n, 0):] }
