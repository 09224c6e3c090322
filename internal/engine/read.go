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
	errAtRest   = errors.New("engine: nothing has been read of what comes next")
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
	// payload of a control frame, of which n bytes have arrived
	control [frame.MaxControlPayload]byte
	n       uint8
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
func (in *input) payloadWaits() bool { return in.cur.data() || in.msg.zip.whole }

// ReadAppend appends the next message to dst. It waits before calling the
// functions that parse a frame, so that a waiting goroutine has a small stack.
func (c *Conn) ReadAppend(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	in, err := c.beginRead(ctx)
	if err != nil {
		return 0, dst, err
	}
	for {
		if in.atRest() {
			if in, _, err = in.readTransport(ctx, nil); err != nil {
				return 0, dst, in.fails(ctx, err)
			}
		}
		typ, p, err := in.readWaited(ctx, dst)
		if err != errAtRest {
			return typ, p, err
		}
	}
}

// beginRead locks reading, for a whole message, or returns an error.
func (c *Conn) beginRead(ctx context.Context) (*input, error) {
	in, err := c.lockReading(ctx)
	switch {
	case err != nil:
		return nil, err
	case !c.open.Load():
		return nil, in.fails(ctx, errClosing)
	case in.msg.reader.atWork() || in.msg.handed:
		in.release()
		return nil, api.ErrUnreadMessage
	}
	return in, nil
}

// readWaited reads a message of which something has arrived, and releases the
// input, unless it returns errAtRest.
//
//go:noinline
func (in *input) readWaited(ctx context.Context, dst []byte) (api.MessageType, []byte, error) {
	if length, ok := in.findComplete(); ok {
		begin := len(dst)
		if cap(dst)-begin < length {
			dst = append(make([]byte, 0, begin+length), dst...)
		}
		if in.takeComplete(dst[begin : begin+length]) {
			typ := api.MessageType(in.cur.h.Opcode)
			in.release()
			return typ, dst[:begin+length], nil
		}
	}
	return in.readNext(ctx, dst)
}

// readNext is readWaited for any message.
//
//go:noinline
func (in *input) readNext(ctx context.Context, dst []byte) (typ api.MessageType, p []byte, err error) {
	defer func() {
		if err != errAtRest {
			in.release()
		}
	}()
	switch p, err = in.readMessage(ctx, dst); {
	case err == errAtRest:
		return 0, dst, err
	case err == nil && in.c.open.Load():
		typ = in.msg.typ
		in.msg = message{}
		return typ, p, nil
	case err == nil:
		err = errClosing
	case err == ctx.Err() && len(p) > len(dst):
		in.msg.partial = append([]byte(nil), p[len(dst):]...)
	}
	in, err = in.conclude(ctx, err)
	return 0, dst, err
}

// readMessage reads the rest of the current message, or the next one. On error
// it returns what it has read.
func (in *input) readMessage(ctx context.Context, dst []byte) ([]byte, error) {
	exact := dst == nil
	if err := in.beginMessage(ctx); err != nil {
		return dst, err
	}
	begin := len(dst)
	if in.msg.partial != nil {
		dst = append(dst, in.msg.partial...)
		in.msg.partial = nil
	}
	if in.msg.zip.in != nil {
		dst, err := in.inflateMessage(ctx, dst)
		if err != nil {
			return dst, err
		}
		return fit(dst, exact), nil
	}
	for {
		for in.cur.data() && in.cur.left > 0 {
			dst = in.grow(dst, len(dst)-begin)
			n, err := in.readPayload(ctx, dst[len(dst):min(int64(cap(dst)), int64(len(dst))+in.cur.left)])
			dst = dst[:len(dst)+n]
			if err != nil {
				return dst, err
			}
		}
		if last, err := in.endFrame(ctx); err != nil {
			return dst, err
		} else if last {
			return fit(dst, exact), in.checkEnd()
		}
	}
}

// grow makes room in dst for some of the current frame; received is the size of
// the message so far. Memory depends on that, not on the announced length: it
// at most doubles. From the second fragment on it does double, since many small
// fragments would otherwise cause as many copies.
func (in *input) grow(dst []byte, received int) []byte {
	if cap(dst) > len(dst) {
		return dst
	}
	more := int(min(in.cur.left, int64(max(received, in.buf.len(), smallBlock))))
	if in.msg.fragments > 1 {
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
func (in *input) beginMessage(ctx context.Context) error {
	if in.msg.begun {
		return nil
	}
	if !in.cur.data() {
		if err := in.nextFrame(ctx); err != nil {
			return err
		}
	}
	in.msg.begun, in.msg.typ = true, api.MessageType(in.cur.h.Opcode)
	if in.cur.h.RSV1 {
		in.msg.zip.in = in
	}
	return nil
}

// awaitMessage is beginMessage that also waits at rest.
func (in *input) awaitMessage(ctx context.Context) (*input, error) {
	if !in.msg.begun && !in.cur.data() {
		var err error
		if in, err = in.awaitFrame(ctx); err != nil {
			return in, err
		}
	}
	return in, in.beginMessage(ctx)
}

// endFrame ends a data frame whose payload has been read. It reports whether
// that was the end of the message; otherwise it reads up to the payload of the
// next fragment.
func (in *input) endFrame(ctx context.Context) (last bool, err error) {
	if in.cur.data() {
		if in.cur.h.Fin {
			in.cur.have = false
			return true, nil
		}
		in.cur.have = false
	}
	return false, in.nextFrame(ctx)
}

// checkEnd returns an error for a text that ends within a character.
func (in *input) checkEnd() error {
	if in.msg.typ == api.MessageText && !in.msg.text.Done() {
		return errTextEnd
	}
	return nil
}

// awaitFrame is nextFrame that also waits at rest.
func (in *input) awaitFrame(ctx context.Context) (_ *input, err error) {
	for {
		if in.atRest() {
			in, _, err = in.readTransport(ctx, nil)
		}
		if err == nil {
			err = in.nextFrame(ctx)
		}
		if err != errAtRest {
			return in, err
		}
		err = nil
	}
}

// nextFrame reads up to the payload of the next data frame, and handles the
// control frames before it. At rest it returns errAtRest.
func (in *input) nextFrame(ctx context.Context) error {
	for {
		if !in.cur.have {
			if err := in.readHeader(ctx); err != nil {
				return err
			}
		}
		if !in.cur.h.Opcode.IsControl() {
			return in.admit()
		}
		for in.cur.left > 0 {
			n, err := in.readRaw(ctx, in.cur.control[in.cur.n:int64(in.cur.n)+in.cur.left])
			in.cur.n += uint8(n)
			in.cur.left -= int64(n)
			if err != nil {
				return err
			}
		}
		payload := in.cur.control[:in.cur.n]
		if in.cur.h.Masked {
			frame.Mask(payload, in.cur.h.Key, 0)
		}
		in.cur.have = false
		if err := in.control(in.cur.h.Opcode, payload); err != nil {
			return err
		}
	}
}

// readHeader reads the next frame's header and checks it.
func (in *input) readHeader(ctx context.Context) error {
	for {
		h, n, err := frame.ParseHeader(in.buf.bytes())
		if err == frame.ErrShort {
			if err := in.fill(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if broken := in.c.rules.Check(h); broken != nil {
			return broken
		}
		in.buf.skip(n)
		in.cur.have, in.cur.h, in.cur.left, in.cur.mask, in.cur.n = true, h, h.Length, 0, 0
		return nil
	}
}

// admit checks a data frame against this side's limits, before any of its
// payload is read.
func (in *input) admit() error {
	c := in.c
	if !c.open.Load() {
		return errClosing
	}
	limit := c.readLimit()
	if in.cur.h.RSV1 || in.msg.zip.in != nil {
		// The limit applies to the decompressed bytes. But a payload may
		// continue without producing any, so it has a larger limit of its own.
		limit += min(limit, math.MaxInt64-limit-4096) + 4096
	}
	if in.cur.h.Length > limit-in.msg.size {
		return c.tooBig()
	}
	in.msg.size += in.cur.h.Length
	if in.msg.fragments++; in.msg.fragments > maxFragments {
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
func (in *input) readPayload(ctx context.Context, p []byte) (int, error) {
	n, ascii, err := in.readUnmasked(ctx, p)
	switch {
	case err != nil, in.msg.typ != api.MessageText, ascii && in.msg.text.Done():
	case !in.msg.text.Write(p[:n]):
		return 0, errText
	}
	return n, err
}

// readUnmasked reads some of the current data frame's payload into p. It
// reports whether it is ASCII, as far as that was detected.
func (in *input) readUnmasked(ctx context.Context, p []byte) (n int, ascii bool, err error) {
	n, err = in.readRaw(ctx, p)
	if err != nil {
		return 0, false, err
	}
	in.cur.left -= int64(n)
	if in.cur.h.Masked {
		p = p[:n]
		in.cur.mask, ascii = frame.MaskCopyASCII(p, p, in.cur.h.Key, in.cur.mask)
	}
	return n, ascii, nil
}

// readRaw reads some bytes into p: from the input buffer, else from the
// transport, bypassing the buffer if p is larger.
func (in *input) readRaw(ctx context.Context, p []byte) (int, error) {
	if in.buf.len() == 0 {
		if len(p) >= in.buf.size() {
			_, n, err := in.readTransport(ctx, p)
			return n, err
		}
		if err := in.fill(ctx); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buf.bytes())
	in.buf.skip(n)
	return n, nil
}

// fill adds bytes to the input buffer, which contains less than a header. At
// rest it does not wait for them, but returns errAtRest.
func (in *input) fill(ctx context.Context) error {
	if in.atRest() {
		return errAtRest
	}
	_, _, err := in.readTransport(ctx, nil)
	return err
}

// conclude is where what reading met changes the connection: it turns the error
// that ended an operation into a closing, if it is more than the end of ctx,
// and returns the operation's error. It may wait, and returns the input that
// the connection has then.
func (in *input) conclude(ctx context.Context, err error) (*input, error) {
	switch e := err.(type) {
	case *api.ProtocolError:
		return in, in.fail(ctx, e.Code, e)
	case *api.MessageTooBigError:
		return in, in.fail(ctx, api.StatusMessageTooBig, e)
	case *lostError:
		return in, in.c.end(false, e.err, atOnce)
	}
	switch err {
	case errInputEnd:
		return in, in.inputEnded(ctx)
	case errClosing:
		return in.drain(ctx)
	}
	return in, err
}

// fails is conclude at the end of an operation: it releases the input.
func (in *input) fails(ctx context.Context, err error) error {
	in, err = in.conclude(ctx, err)
	in.release()
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
