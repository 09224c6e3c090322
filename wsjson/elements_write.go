package wsjson

import (
	"context"
	"errors"
	"io"
	"iter"
	"reflect"

	"github.com/twinws/ws/api"
)

// chunk is how many bytes WriteElements collects before it begins to send.
const chunk = 32 << 10

// WriteElements sends an array (RFC 8259 section 5) of the elements that seq
// yields as one message, while seq yields them: 32 KiB and one element are held
// in memory at a time. o may be nil. Other messages wait until it returns;
// pings, pongs and the close frame do not.
//
// An array of at most 32 KiB is sent when it is complete. When seq yields an
// error, an element has no JSON, or seq panics before that, nothing has been
// sent, and WriteElements returns an [*Error].
//
// After that a part of the message has been sent. It cannot be withdrawn, and
// must not be completed, since the peer would take it for the array. So it is
// left without an end, and the connection is ended with StatusInternalError
// (RFC 6455 sections 5.4 and 7.4.1), which takes 5 s at most; the error's Ended
// is true. The peer's Read never returns such a message; a peer that reads
// element by element has had those that arrived, and then gets the error.
//
// seq may not use the connection to send: it would wait for itself.
//
// In a browser: nothing is sent before the array is complete, and the
// connection is never ended.
func WriteElements[T any](ctx context.Context, c api.Conn, o *Codec, seq iter.Seq2[T, error]) (err error) {
	m := encoders.Get().(*encoder)
	a := &array{ctx: ctx, c: c, o: o, m: m, buf: append(buffers.take(), '[')}
	done := false
	defer func() {
		if !done { // seq panicked, or ended the goroutine
			a.abandon(nil)
		}
	}()
	var v T // one for all elements: its address is taken
	for e, failed := range seq {
		switch v = e; {
		case failed != nil:
			err = &Error{Op: "write", Offset: -1, Err: failed}
		case o != nil && o.Marshal != nil:
			err = a.add(v)
		default: // without an allocation, and addressable like a slice's element
			err = a.add(&v)
			if e, ok := err.(*Error); ok {
				e.Type = reflect.TypeOf(v)
			}
		}
		if err != nil {
			done = true
			return a.abandon(err)
		}
	}
	done = true
	if err := a.finish(); err != nil {
		return a.abandon(err)
	}
	m.buf = a.buf
	m.release()
	return nil
}

// array is a message that is being written.
type array struct {
	ctx context.Context
	c   api.Conn
	o   *Codec
	m   *encoder

	buf    []byte // what has not been passed to w
	any    bool   // there is an element
	w      io.WriteCloser
	cancel context.CancelFunc // ends w's context
}

// add encodes an element, and sends what is complete of a long message.
func (a *array) add(v any) error {
	if a.any {
		a.buf = append(a.buf, ',')
	}
	a.any = true
	a.m.buf = a.buf
	if err := a.m.encode(a.o, v); err != nil {
		return writeError(err, v)
	}
	a.buf, a.m.buf = trimNewline(a.m.buf), nil
	if len(a.buf) < chunk {
		return nil
	}
	return sendError(a.flush(), v)
}

// flush passes what has been collected to the stream of the message, which it
// opens first.
func (a *array) flush() error {
	if a.w == nil {
		ctx, cancel := context.WithCancel(a.ctx)
		w, err := a.c.Writer(ctx, a.o.typ())
		if err != nil {
			cancel()
			return err
		}
		a.w, a.cancel = w, cancel
	}
	_, err := a.w.Write(a.buf)
	a.buf = a.buf[:0]
	return err
}

// finish ends the message.
func (a *array) finish() error {
	a.buf = append(a.buf, ']')
	if a.w == nil {
		return sendError(a.c.Write(a.ctx, a.o.typ(), a.buf), nil)
	}
	if err := a.flush(); err != nil {
		return err
	}
	err := a.w.Close()
	a.w = nil
	a.cancel()
	return err
}

// abandon ends a message that cannot be completed because of err. If a part of
// it may have been sent, the connection is ended.
func (a *array) abandon(err error) error {
	if a.w == nil {
		return err
	}
	e, ours := errors.AsType[*Error](err)
	if ours || err == nil { // else the connection failed, or will by Close
		ended := cut(a.ctx, a.c)
		if ours {
			e.Ended = ended
		}
	}
	a.cancel()
	a.w.Close()
	return err
}
