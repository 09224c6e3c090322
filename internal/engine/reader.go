package engine

import (
	"context"
	"io"

	"github.com/twinws/ws/api"
)

// Reader waits for the next message and returns a stream of its payload.
func (c *Conn) Reader(ctx context.Context) (api.MessageType, io.Reader, error) {
	in, err := c.lockReading(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { in.release() }()
	switch {
	case !c.open.Load():
		err = errClosing
	case in.msg.reader.atWork():
		return 0, nil, api.ErrUnreadMessage
	default:
		in, err = in.awaitMessage(ctx)
	}
	if err != nil {
		in, err = in.conclude(ctx, err)
		return 0, nil, err
	}
	in.msg.reader = &messageReader{c: c, ctx: ctx}
	return in.msg.typ, in.msg.reader, nil
}

// messageReader is the payload of one message.
type messageReader struct {
	c   *Conn
	ctx context.Context
	err error // protected by c.reading; of all later calls
}

// atWork reports whether r can still be read to the end of its message.
func (r *messageReader) atWork() bool { return r != nil && r.ctx.Err() == nil }

// Read reads some of the message's payload. After the end of its context, the
// rest of the message belongs to the next Reader.
func (r *messageReader) Read(p []byte) (int, error) {
	c := r.c
	in, err := c.lockReading(r.ctx)
	if err != nil {
		return 0, err
	}
	defer func() { in.release() }()
	n := 0
	switch {
	case r.err != nil:
		return 0, r.err
	case !c.open.Load():
		err = errClosing
	case in.msg.reader != r:
		// Its context ended while this call began, and another call has the
		// message, or had it: what follows belongs to another message.
		err = r.ctx.Err()
	case len(p) == 0:
		return 0, nil
	default:
		n, err = in.readSome(r.ctx, p)
	}
	if n > 0 {
		in.msg.handed = true
	}
	if err != nil {
		in, err = in.conclude(r.ctx, err)
		r.end(in, err)
	}
	return n, err
}

// readSome reads some of the current message's payload into p, and returns
// io.EOF at its end.
func (in *input) readSome(ctx context.Context, p []byte) (int, error) {
	if rest := in.msg.partial; len(rest) > 0 {
		n := copy(p, rest)
		in.msg.partial = rest[n:]
		return n, nil
	}
	if in.msg.zip.in != nil {
		n, err := in.readInflated(ctx, p)
		if err == io.EOF && n > 0 {
			return n, nil // the next call returns it again
		}
		if err == io.EOF {
			if broken := in.checkEnd(); broken != nil {
				err = broken
			}
		}
		return n, err
	}
	for {
		if in.cur.data() && in.cur.left > 0 {
			return in.readPayload(ctx, p[:min(int64(len(p)), in.cur.left)])
		}
		if last, err := in.endFrame(ctx); err != nil {
			return 0, err
		} else if last {
			if err := in.checkEnd(); err != nil {
				return 0, err
			}
			return 0, io.EOF
		}
	}
}

// end makes err the error of all later calls.
func (r *messageReader) end(in *input, err error) {
	r.err = err
	if in.msg.reader == r {
		in.msg.reader = nil
		if err == io.EOF {
			in.msg = message{}
		}
	}
}
