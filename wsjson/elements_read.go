package wsjson

import (
	"context"
	"io"
	"iter"

	"github.com/twinws/ws/api"
)

// ReadElements reads the next message, an array (RFC 8259 section 5), and
// returns its elements one by one, while the message arrives: one element is
// held in memory at a time. null is an array without elements, since that is
// how encoding/json encodes a nil slice. o may be nil.
//
// The message begins with the loop. An error is yielded once, and ends the
// loop: an [*Error], with an Offset in the whole message, or the connection's.
// Elements that were yielded before are good. When the loop ends early, by
// break or by an [*Error], the rest of the message is read and discarded, which
// blocks until its end or that of ctx.
//
// When ctx ends within the message, its rest is unread: take it with the
// connection's Reader, and discard it. Until then Read returns
// [api.ErrUnreadMessage].
//
// In a browser: the message has arrived whole before its first element.
func ReadElements[T any](ctx context.Context, c api.Conn, o *Codec) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		f := o.format()
		typ, r, err := c.Reader(ctx)
		if err != nil {
			yield(zero, err)
			return
		}
		s := splitter{r: r, buf: buffers.take()}
		defer func() {
			s.skip()
			buffers.keep(s.buf)
		}()
		var v T // one for all elements: its address is taken
		if err := f.refuses(typ); err != nil {
			s.skip() // before the error is seen: another Read may follow at once
			yield(zero, readError(err, 0, &v))
			return
		}
		for {
			data, at, err := s.next()
			if err == io.EOF {
				return
			}
			v = zero // nothing of an element is another's
			if err == nil {
				err = f.decode(typ, data, at, &v)
			} else if s.broken == nil {
				err = readError(err, s.offset(), &v)
			}
			if err != nil {
				s.skip()
				yield(zero, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
	}
}

// skip discards the rest of the message. An error in that is one that the next
// read reports.
func (s *splitter) skip() {
	if s.broken == nil {
		io.Copy(io.Discard, s.r)
	}
}
