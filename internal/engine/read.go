package engine

import (
	"context"
	"errors"

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
				return 0, dst, in.concludeAndRelease(ctx, err)
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
		return nil, in.concludeAndRelease(ctx, errClosing)
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
