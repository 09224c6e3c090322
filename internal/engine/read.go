package engine

import (
	"context"
	"errors"
	"io"
	"math"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// Internal signals; none leaves the package.
var (
	errClosing = errors.New("engine: the closing handshake has begun")
	errPong    = errors.New("engine: the pong came")
)

// current is the frame being read. It outlives a Read that was interrupted.
type current struct {
	have bool // a header has been read and its payload not yet wholly
	h    frame.Header
	left int64 // payload bytes still to come
	mask int   // position in the mask key
	// payload of a control frame, as far as it came
	control [frame.MaxControlPayload]byte
	n       int
}

// data reports whether a data frame's payload is next on the stream.
func (c *current) data() bool { return c.have && !c.h.Opcode.IsControl() }

// message is the data message being read.
type message struct {
	begun     bool
	typ       api.MessageType
	size      int64 // payload bytes of all its frames so far, as announced
	fragments int
	text      frame.UTF8
	zip       inflating // how it is inflated, if it came compressed
	partial   []byte    // payload that an interrupted Read had taken
	handed    bool      // a Reader's stream gave out bytes of it
	stream    *stream   // the Reader's stream that is still at work
}

// payloadWaits reports whether what is next is for a Read to take: payload on
// the stream, or the rest of a compressed message whose payload has all come.
func (c *Conn) payloadWaits() bool { return c.cur.data() || c.msg.zip.whole }

// ReadAppend appends the next message to dst. It waits before the calls that
// take a frame apart: a goroutine that waits then has little on its stack, and
// a small one.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	wait, err := c.beginRead(ctx)
	if wait {
		if _, err = c.readStream(ctx, nil); err != nil {
			err = c.lost(ctx, err)
			c.doneReading()
		}
	}
	if err != nil {
		return 0, dst, err
	}
	return c.readWaited(ctx, dst)
}

// beginRead takes reading, unless it returns an error, and reports whether
// there is nothing of a message yet.
func (c *Conn) beginRead(ctx context.Context) (wait bool, err error) {
	if err := c.lockReading(ctx); err != nil {
		return false, err
	}
	switch {
	case !c.open.Load():
		err = c.drain(ctx)
	case c.msg.stream.atWork() || c.msg.handed:
		err = api.ErrUnreadMessage
	default:
		return c.in.len() == 0 && !c.cur.have && !c.msg.begun, nil
	}
	c.doneReading()
	return false, err
}

// readWaited is ReadAppend for who has reading, which it gives up.
//
//go:noinline
func (c *Conn) readWaited(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	if length, ok := c.findHeld(); ok {
		begin := len(dst)
		if cap(dst)-begin < length {
			dst = append(make([]byte, 0, begin+length), dst...)
		}
		if c.takeHeld(dst[begin : begin+length]) {
			typ := api.MessageType(c.cur.h.Opcode)
			c.doneReading()
			return typ, dst[:begin+length], nil
		}
	}
	return c.readNext(ctx, dst)
}

// readNext is readWaited for any message.
//
//go:noinline
func (c *Conn) readNext(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	defer c.doneReading()
	p, err := c.readMessage(ctx, dst)
	if err != nil || !c.open.Load() {
		return 0, dst, c.readFailed(ctx, err, p[len(dst):])
	}
	typ := c.msg.typ
	c.msg = message{}
	return typ, p, nil
}

// readFailed returns the error of a ReadAppend that has taken some bytes of a
// message and met err, or the end of reading.
func (c *Conn) readFailed(ctx context.Context, err error, taken []byte) error {
	if err == nil || err == errClosing {
		return c.drain(ctx)
	}
	if err == ctx.Err() && len(taken) > 0 {
		c.msg.partial = append([]byte(nil), taken...)
	}
	return err
}

// doneReading ends a read operation.
func (c *Conn) doneReading() {
	c.in.release()
	c.lookAhead()
	if c.turn != nil && !c.payloadWaits() {
		close(c.turn)
		c.turn = nil
	}
	c.reading.Unlock()
	c.sendDue()
}

// readMessage reads the rest of the current message, or the next one. On error
// it returns what it has.
func (c *Conn) readMessage(ctx context.Context, dst []byte) ([]byte, error) {
	exact := dst == nil
	if err := c.beginMessage(ctx); err != nil {
		return dst, err
	}
	begin := len(dst)
	if c.msg.partial != nil {
		dst = append(dst, c.msg.partial...)
		c.msg.partial = nil
	}
	if c.msg.zip.c != nil {
		dst, err := c.inflateMessage(ctx, dst)
		if err != nil {
			return dst, err
		}
		return fit(dst, exact), nil
	}
	for {
		for c.cur.data() && c.cur.left > 0 {
			dst = c.grow(dst, len(dst)-begin)
			n, err := c.readPayload(ctx, dst[len(dst):min(int64(cap(dst)), int64(len(dst))+c.cur.left)])
			dst = dst[:len(dst)+n]
			if err != nil {
				return dst, err
			}
		}
		if last, err := c.endFrame(ctx); err != nil {
			return dst, err
		} else if last {
			return fit(dst, exact), c.checkEnd(ctx)
		}
	}
}

// grow makes room in dst for some of the current frame, received being what
// came of the message. Memory follows that, not what was announced: it at most
// doubles. From the second fragment on it does double, or many small ones would
// have it copied as many times.
func (c *Conn) grow(dst []byte, received int) []byte {
	if cap(dst) > len(dst) {
		return dst
	}
	more := int(min(c.cur.left, int64(max(received, c.in.len(), smallBlock))))
	if c.msg.fragments > 1 {
		more = max(more, received)
	}
	bigger := make([]byte, len(dst), len(dst)+more)
	copy(bigger, dst)
	return bigger
}

// fit gives back what a message of several frames was given too much.
func fit(p []byte, exact bool) []byte {
	if !exact || cap(p)-len(p) <= len(p)/8 {
		return p
	}
	return append(make([]byte, 0, len(p)), p...)
}

// beginMessage makes sure that a message has begun.
func (c *Conn) beginMessage(ctx context.Context) error {
	if c.msg.begun {
		return nil
	}
	if !c.cur.data() {
		if err := c.nextFrame(ctx); err != nil {
			return err
		}
	}
	c.msg.begun, c.msg.typ = true, api.MessageType(c.cur.h.Opcode)
	if c.cur.h.RSV1 {
		c.msg.zip.c = c
	}
	return nil
}

// endFrame ends a data frame whose payload has been read. It reports whether
// the message ended with it, and else reads up to the next fragment's payload.
func (c *Conn) endFrame(ctx context.Context) (last bool, err error) {
	if c.cur.data() {
		if c.cur.h.Fin {
			c.cur.have = false
			return true, nil
		}
		c.cur.have = false
	}
	return false, c.nextFrame(ctx)
}

// checkEnd fails a text that ends inside a character.
func (c *Conn) checkEnd(ctx context.Context) error {
	if c.msg.typ == api.MessageText && !c.msg.text.Done() {
		return c.fail(ctx, api.StatusInvalidFramePayloadData, errTextEnd)
	}
	return nil
}

// nextFrame reads up to the payload of the next data frame, and acts on the
// control frames before it.
func (c *Conn) nextFrame(ctx context.Context) error {
	for {
		if !c.cur.have {
			if err := c.readHeader(ctx); err != nil {
				return err
			}
		}
		if !c.cur.h.Opcode.IsControl() {
			return c.admit(ctx)
		}
		for c.cur.left > 0 {
			n, err := c.readRaw(ctx, c.cur.control[c.cur.n:int64(c.cur.n)+c.cur.left])
			c.cur.n += n
			c.cur.left -= int64(n)
			if err != nil {
				return err
			}
		}
		payload := c.cur.control[:c.cur.n]
		if c.cur.h.Masked {
			frame.Mask(payload, c.cur.h.Key, 0)
		}
		c.cur.have = false
		if err := c.control(ctx, c.cur.h.Opcode, payload); err != nil {
			return err
		}
	}
}

// readHeader reads the next frame's header and holds it to the rules.
func (c *Conn) readHeader(ctx context.Context) error {
	for {
		h, n, err := frame.ParseHeader(c.in.bytes())
		if err == frame.ErrShort {
			if err := c.fill(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			broken, _ := errors.AsType[*api.ProtocolError](err)
			return c.fail(ctx, broken.Code, broken)
		}
		if broken := c.rules.Check(h); broken != nil {
			return c.fail(ctx, broken.Code, broken)
		}
		c.in.skip(n)
		c.cur.have, c.cur.h, c.cur.left, c.cur.mask, c.cur.n = true, h, h.Length, 0, 0
		return nil
	}
}

// admit holds a data frame to this side's limits, before any of its payload.
func (c *Conn) admit(ctx context.Context) error {
	if !c.open.Load() {
		return errClosing
	}
	limit := c.readLimit()
	if c.cur.h.RSV1 || c.msg.zip.c != nil {
		// What counts are the inflated bytes. But a payload may go on without
		// giving any, so it has a generous limit of its own.
		limit += min(limit, math.MaxInt64-limit-4096) + 4096
	}
	if c.cur.h.Length > limit-c.msg.size {
		return c.fail(ctx, api.StatusMessageTooBig, &api.MessageTooBigError{Limit: c.readLimit()})
	}
	c.msg.size += c.cur.h.Length
	if c.msg.fragments++; c.msg.fragments > maxFragments {
		return c.fail(ctx, api.StatusPolicyViolation, errFragments)
	}
	return nil
}

// readLimit is the largest message to read, in bytes.
func (c *Conn) readLimit() int64 {
	if c.cfg.ReadLimit < 0 {
		return math.MaxInt64
	}
	return c.cfg.ReadLimit
}

// readPayload reads some of the current data frame's payload into p: unmasked,
// and checked when it is text.
func (c *Conn) readPayload(ctx context.Context, p []byte) (int, error) {
	n, ascii, err := c.readUnmasked(ctx, p)
	switch {
	case err != nil, c.msg.typ != api.MessageText, ascii && c.msg.text.Done():
	case !c.msg.text.Write(p[:n]):
		return 0, c.fail(ctx, api.StatusInvalidFramePayloadData, errText)
	}
	return n, err
}

// readUnmasked reads some of the current data frame's payload into p. It
// reports whether that is ASCII, if it noticed.
func (c *Conn) readUnmasked(ctx context.Context, p []byte) (n int, ascii bool, err error) {
	n, err = c.readRaw(ctx, p)
	if err != nil {
		return 0, false, err
	}
	c.cur.left -= int64(n)
	if c.cur.h.Masked {
		p = p[:n]
		c.cur.mask, ascii = frame.MaskCopyASCII(p, p, c.cur.h.Key, c.cur.mask)
	}
	return n, ascii, nil
}

// readRaw reads some bytes into p: those that are held, else from the stream,
// past the buffer when p is the larger.
func (c *Conn) readRaw(ctx context.Context, p []byte) (int, error) {
	if c.in.len() == 0 {
		if len(p) >= c.in.size() {
			n, err := c.readStream(ctx, p)
			return n, c.lost(ctx, err)
		}
		if err := c.fill(ctx); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in.bytes())
	c.in.skip(n)
	return n, nil
}

// fill adds bytes to the input, of which less than a header is held.
func (c *Conn) fill(ctx context.Context) error {
	_, err := c.readStream(ctx, nil)
	return c.lost(ctx, err)
}

// lost turns the stream's end into the connection's. An ended context, and
// nothing wrong, pass.
func (c *Conn) lost(ctx context.Context, err error) error {
	if err == nil || err == ctx.Err() {
		return err
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF { // of TLS without its farewell
		return c.inputEnded(ctx)
	}
	return c.end(false, err, atOnce)
}

var (
	errText = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "a text message is UTF-8 (RFC 6455 section 8.1)"}
	errTextEnd = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "a text message does not end inside a character (RFC 6455 section 8.1)"}
	errFragments = &api.ProtocolError{Code: api.StatusPolicyViolation,
		Rule: "a message has at most 131,072 fragments"}
)
