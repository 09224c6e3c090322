package engine

import (
	"context"

	"github.com/twinws/ws/frame"
)

// maxPongs bounds the pongs that wait to be sent. RFC 6455 section 5.5.3 allows
// answering only the newest ping; up to this many are answered individually.
const maxPongs = 32

// replies is what reading requires this side to send.
type replies struct {
	pongs []byte // each one byte of length and the payload
	count int
	last  int  // where the newest begins in pongs
	ping  bool // a keepalive ping; before it is taken, Conn.pingOut is pingDue
}

// pingDue is the value of pingOut for a keepalive ping that must be sent.
const pingDue = -1

// add queues the pong for a ping. If too many wait it replaces the newest.
func (r *replies) add(payload []byte) {
	if r.count == maxPongs {
		r.pongs = r.pongs[:r.last]
		r.count--
	}
	r.last = len(r.pongs)
	r.pongs = append(append(r.pongs, byte(len(payload))), payload...)
	r.count++
}

// control handles a complete control frame. It returns errClosing when reading
// messages is over.
func (in *input) control(op frame.Opcode, payload []byte) error {
	c := in.c
	switch op {
	case frame.OpPing:
		c.mu.Lock()
		if c.closing.state() == stateOpen && c.brokenLocked() == nil {
			c.more().replies.add(payload)
			c.due.Store(true)
		}
		c.mu.Unlock()
		c.cfg.onPing(payload)
	case frame.OpPong:
		c.mu.Lock()
		if r := c.rare.Load(); r != nil {
			r.pings.hear(payload)
		}
		c.mu.Unlock()
		c.cfg.onPong(payload)
	case frame.OpClose:
		code, reason, err := c.cfg.Version.ParseClose(payload)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.closing.hear(closeFrame{code, reason})
		c.open.Store(false)
		c.mu.Unlock()
		return errClosing
	}
	return nil
}

// sendDue sends what is due, unless another goroutine is writing, which then
// sends it. The sending must not block the reader, since the peer may be
// waiting for it to read: it runs on a goroutine of its own.
func (c *Conn) sendDue() {
	if !c.due.Load() {
		return
	}
	if t, ok := c.tryTurn(); ok {
		go t.sendReplies()
	}
}

// sendReplies uses the whole turn, which it releases, to send what is due and
// what is held back.
func (t turn) sendReplies() {
	defer t.release()
	c := t.c
	for c.due.Load() {
		c.mu.Lock()
		due := c.takeRepliesLocked()
		ready := !c.closing.tried() && c.brokenLocked() == nil
		if !ready {
			c.mu.Unlock()
			return
		}
		t.out = c.takeOutLocked()
		c.mu.Unlock()
		t.writeReplies(due)
	}
}

// writeReplies writes the turn's frames and then what is due.
func (t *turn) writeReplies(due replies) {
	c := t.c
	b := c.addReplies(t.out, due)
	t.out = b
	_, err := t.writeTransport(context.Background(), b.mem[:b.n], nil)
	t.done()
	if err != nil {
		c.breakWrites(err)
	} else if due.ping {
		c.mu.Lock()
		c.pingOut = nanos()
		c.mu.Unlock()
	}
}

// takeRepliesLocked empties the slot.
func (c *Conn) takeRepliesLocked() (due replies) {
	if r := c.rare.Load(); r != nil {
		due = r.replies
		r.replies = replies{}
	}
	if c.pingOut == pingDue {
		due.ping, c.pingOut = true, 0
	}
	c.due.Store(false)
	return due
}

// restoreRepliesLocked undoes takeRepliesLocked. Nothing has become due
// meanwhile.
func (c *Conn) restoreRepliesLocked(due replies) {
	c.due.Store(due.ping || due.count > 0)
	if due.ping {
		due.ping, c.pingOut = false, pingDue
	}
	if due.count > 0 {
		c.more().replies = due
	}
}

// addReplies adds the frames of what is due to b, which then has room for one
// more control frame.
func (c *Conn) addReplies(b *block, due replies) *block {
	const most = frame.MaxHeaderLen + frame.MaxControlPayload
	b = growBlock(b, len(due.pongs)+(due.count+1)*frame.MaxHeaderLen+most)
	out := b.mem[:b.n]
	if due.ping {
		out = c.appendControl(out, frame.OpPing, nil)
	}
	for p := due.pongs; len(p) > 0; p = p[1+p[0]:] {
		out = c.appendControl(out, frame.OpPong, p[1:1+p[0]])
	}
	b.n = len(out)
	return b
}

// appendControl appends a control frame.
func (c *Conn) appendControl(dst []byte, op frame.Opcode, payload []byte) []byte {
	return c.appendFrame(dst, frame.Header{Fin: true, Opcode: op}, payload)
}
