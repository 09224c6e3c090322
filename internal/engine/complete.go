package engine

import "github.com/twinws/ws/frame"

// findComplete looks for the common case: a complete buffered message in one
// valid frame. It returns the length of its payload, which takeComplete then
// takes.
func (in *input) findComplete() (length int, ok bool) {
	c := in.c
	if in.msg.begun || in.cur.have {
		return 0, false
	}
	h, n, err := frame.ParseHeader(in.buf.bytes())
	switch {
	case err != nil, !h.Fin, h.RSV1, h.Opcode != frame.OpText && h.Opcode != frame.OpBinary,
		h.Length > int64(in.buf.len()-n), h.Length > c.readLimit(),
		c.rules.Check(h) != nil, !c.open.Load():
		return 0, false
	}
	in.cur.h, in.cur.n = h, uint8(n)
	return int(h.Length), true
}

// takeComplete copies the payload of the frame that findComplete found to p. If
// it should be UTF-8 and is not, it reports false, and the frame remains
// buffered.
func (in *input) takeComplete(p []byte) bool {
	payload := in.buf.bytes()[in.cur.n:][:len(p)]
	valid := in.cur.h.Opcode != frame.OpText
	switch {
	case !in.cur.h.Masked:
		copy(p, payload)
	case valid:
		frame.MaskCopy(p, payload, in.cur.h.Key, 0)
	default:
		_, valid = frame.MaskCopyASCII(p, payload, in.cur.h.Key, 0)
	}
	if !valid && !frame.ValidUTF8(p) {
		return false
	}
	in.buf.skip(int(in.cur.n) + len(p))
	return true
}
