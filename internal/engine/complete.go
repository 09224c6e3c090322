package engine

import "github.com/twinws/ws/frame"

// findComplete looks for the common case: a complete buffered message in one
// valid frame. It returns the length of its payload, which takeComplete then
// takes.
func (c *Conn) findComplete() (length int, ok bool) {
	if c.msg.begun || c.cur.have {
		return 0, false
	}
	h, n, err := frame.ParseHeader(c.in.bytes())
	switch {
	case err != nil, !h.Fin, h.RSV1, h.Opcode != frame.OpText && h.Opcode != frame.OpBinary,
		h.Length > int64(c.in.len()-n), h.Length > c.readLimit(),
		c.rules.Check(h) != nil, !c.open.Load():
		return 0, false
	}
	c.cur.h, c.cur.n = h, n
	return int(h.Length), true
}

// takeComplete copies the payload of the frame that findComplete found to p. If
// it should be UTF-8 and is not, it reports false, and the frame remains
// buffered.
func (c *Conn) takeComplete(p []byte) bool {
	payload := c.in.bytes()[c.cur.n:][:len(p)]
	valid := c.cur.h.Opcode != frame.OpText
	switch {
	case !c.cur.h.Masked:
		copy(p, payload)
	case valid:
		frame.MaskCopy(p, payload, c.cur.h.Key, 0)
	default:
		_, valid = frame.MaskCopyASCII(p, payload, c.cur.h.Key, 0)
	}
	if !valid && !frame.ValidUTF8(p) {
		return false
	}
	c.in.skip(c.cur.n + len(p))
	return true
}
