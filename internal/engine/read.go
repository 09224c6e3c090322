package engine

import (
	"context"
	"errors"
	"math"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// Internal signals; none leaves the package.
var (
	errClosing  = errors.New("engine: the closing handshake has begun")
	errInputEnd = errors.New("engine: the peer has closed its half of the transport")
	errPong     = errors.New("engine: the pong came")
)

// lostError is an error of the transport, which has ended with it.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }

// current is the frame being read. It is kept when a Read is interrupted.
type current struct {
	h    frame.Header
	left int64 // payload bytes that have not arrived
	mask int   // position in the masking key
	n    int   // how much of control has arrived
	// payload of a control frame
	control [frame.MaxControlPayload]byte
	have    bool // a header has been read, and its payload not completely
}

// data reports whether the payload of a data frame is next on the transport.
func (c *current) data() bool { return c.have && !c.h.Opcode.IsControl() }

// message is the data message being read.
type message struct {
	begun     bool
	typ       api.MessageType
	size      int64 // payload bytes of all its frames so far, as announced
	fragments int
	text      frame.UTF8
	zip       inflating      // decompression, if it is compressed
	partial   []byte         // payload that an interrupted Read had read
	handed    bool           // a Reader's stream returned bytes of it
	reader    *messageReader // the one in use, nil for none
}

// payloadWaits reports whether the next bytes belong to a Read: payload on the
// transport, or the rest of a compressed message whose payload has arrived.
func (c *Conn) payloadWaits() bool { return c.cur.data() || c.msg.zip.whole }

// ReadAppend appends the next message to dst. It waits before calling the
// functions that parse a frame, so that a waiting goroutine has a small stack.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	wait, err := c.beginRead(ctx)
	if wait {
		if _, err = c.readTransport(ctx, nil); err != nil {
			err = c.conclude(ctx, err)
			c.doneReading()
		}
	}
	if err != nil {
		return 0, dst, err
	}
	return c.readWaited(ctx, dst)
}

// beginRead acquires reading, unless it returns an error, and reports whether
// no byte of a message has arrived.
func (c *Conn) beginRead(ctx context.Context) (wait bool, err error) {
	if err := c.lockReading(ctx); err != nil {
		return false, err
	}
	switch {
	case !c.open.Load():
		err = c.drain(ctx)
	case c.msg.reader.atWork() || c.msg.handed:
		err = api.ErrUnreadMessage
	default:
		return c.in.len() == 0 && !c.cur.have && !c.msg.begun, nil
	}
	c.doneReading()
	return false, err
}

// readWaited is ReadAppend for the holder of reading, which it releases.
//
//go:noinline
func (c *Conn) readWaited(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	if length, ok := c.findComplete(); ok {
		begin := len(dst)
		if cap(dst)-begin < length {
			dst = append(make([]byte, 0, begin+length), dst...)
		}
		if c.takeComplete(dst[begin : begin+length]) {
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

// readFailed returns the error of a ReadAppend that has read some bytes of a
// message and got err, or the end of reading.
func (c *Conn) readFailed(ctx context.Context, err error, taken []byte) error {
	if err == nil {
		err = errClosing
	}
	if err == ctx.Err() && len(taken) > 0 {
		c.msg.partial = append([]byte(nil), taken...)
	}
	return c.conclude(ctx, err)
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
// it returns what it has read.
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
			return fit(dst, exact), c.checkEnd()
		}
	}
}

// grow makes room in dst for some of the current frame; received is the size of
// the message so far. Memory depends on that, not on the announced length: it
// at most doubles. From the second fragment on it does double, since many small
// fragments would otherwise cause as many copies.
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

// fit trims the capacity of a message of several frames.
func fit(p []byte, exact bool) []byte {
	if !exact || cap(p)-len(p) <= len(p)/8 {
		return p
	}
	return append(make([]byte, 0, len(p)), p...)
}

// beginMessage reads up to the first payload of a message, unless one has
// begun.
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
// that was the end of the message; otherwise it reads up to the payload of the
// next fragment.
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

// checkEnd returns an error for a text that ends within a character.
func (c *Conn) checkEnd() error {
	if c.msg.typ == api.MessageText && !c.msg.text.Done() {
		return errTextEnd
	}
	return nil
}

// nextFrame reads up to the payload of the next data frame, and handles the
// control frames before it.
func (c *Conn) nextFrame(ctx context.Context) error {
	for {
		if !c.cur.have {
			if err := c.readHeader(ctx); err != nil {
				return err
			}
		}
		if !c.cur.h.Opcode.IsControl() {
			return c.admit()
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
		if err := c.control(c.cur.h.Opcode, payload); err != nil {
			return err
		}
	}
}

// readHeader reads the next frame's header and checks it.
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
			return err
		}
		if broken := c.rules.Check(h); broken != nil {
			return broken
		}
		c.in.skip(n)
		c.cur.have, c.cur.h, c.cur.left, c.cur.mask, c.cur.n = true, h, h.Length, 0, 0
		return nil
	}
}

// admit checks a data frame against this side's limits, before any of its
// payload is read.
func (c *Conn) admit() error {
	if !c.open.Load() {
		return errClosing
	}
	limit := c.readLimit()
	if c.cur.h.RSV1 || c.msg.zip.c != nil {
		// The limit applies to the decompressed bytes. But a payload may
		// continue without producing any, so it has a larger limit of its own.
		limit += min(limit, math.MaxInt64-limit-4096) + 4096
	}
	if c.cur.h.Length > limit-c.msg.size {
		return c.tooBig()
	}
	c.msg.size += c.cur.h.Length
	if c.msg.fragments++; c.msg.fragments > maxFragments {
		return errFragments
	}
	return nil
}

// readLimit is the largest message to receive, in bytes.
func (c *Conn) readLimit() int64 {
	if c.cfg.ReadLimit < 0 {
		return math.MaxInt64
	}
	return c.cfg.ReadLimit
}

// tooBig is the error of a message over the limit.
func (c *Conn) tooBig() error { return &api.MessageTooBigError{Limit: c.readLimit()} }

// readPayload reads some of the current data frame's payload into p: unmasked,
// and validated if it is text.
func (c *Conn) readPayload(ctx context.Context, p []byte) (int, error) {
	n, ascii, err := c.readUnmasked(ctx, p)
	switch {
	case err != nil, c.msg.typ != api.MessageText, ascii && c.msg.text.Done():
	case !c.msg.text.Write(p[:n]):
		return 0, errText
	}
	return n, err
}

// readUnmasked reads some of the current data frame's payload into p. It
// reports whether it is ASCII, as far as that was detected.
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

// readRaw reads some bytes into p: from the input buffer, else from the
// transport, bypassing the buffer if p is larger.
func (c *Conn) readRaw(ctx context.Context, p []byte) (int, error) {
	if c.in.len() == 0 {
		if len(p) >= c.in.size() {
			return c.readTransport(ctx, p)
		}
		if err := c.fill(ctx); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in.bytes())
	c.in.skip(n)
	return n, nil
}

// fill adds bytes to the input buffer, which contains less than a header.
func (c *Conn) fill(ctx context.Context) error {
	_, err := c.readTransport(ctx, nil)
	return err
}

// conclude is where what reading met changes the connection: it turns the error
// that ended an operation into a closing, if it is more than the end of ctx,
// and returns the operation's error. The caller holds reading.
func (c *Conn) conclude(ctx context.Context, err error) error {
	switch e := err.(type) {
	case *api.ProtocolError:
		return c.fail(ctx, e.Code, e)
	case *api.MessageTooBigError:
		return c.fail(ctx, api.StatusMessageTooBig, e)
	case *lostError:
		return c.end(false, e.err, atOnce)
	}
	switch err {
	case errInputEnd:
		return c.inputEnded(ctx)
	case errClosing:
		return c.drain(ctx)
	}
	return err
}

var (
	errText = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "a text message is UTF-8 (RFC 6455 section 8.1)"}
	errTextEnd = &api.ProtocolError{Code: api.StatusInvalidFramePayloadData,
		Rule: "a text message does not end inside a character (RFC 6455 section 8.1)"}
	errFragments = &api.ProtocolError{Code: api.StatusPolicyViolation,
		Rule: "a message has at most 131,072 fragments"}
)
