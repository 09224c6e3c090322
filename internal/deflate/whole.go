package deflate

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// mark is unknown to any peer. After the tail, a last stored block that
// contains it shows where the payload's own blocks end, so that the library can
// read from memory, which is faster than a source.
var mark = func() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return string(b[:])
}()

// marking precedes the mark: the tail, and the header of a stored block.
const marking = tail + "\x01\x08\x00\xf7\xff"

// What Whole may return.
var (
	// ErrOdd is returned for an unusual payload, which must be decompressed
	// with Open.
	ErrOdd = errors.New("deflate: an unusual payload")
	// ErrOver is for a message over the limit.
	ErrOver = errors.New("deflate: the message is over the limit")
)

// Whole appends to dst the message with the complete payload src, after which
// it writes 17 bytes if there is capacity. Later messages may refer to the
// message. If it is longer than limit bytes the error is ErrOver, and out has
// the first of them. With ErrOdd the call had no effect.
func (d *Decompressor) Whole(dst, src []byte, limit int64) (out []byte, err error) {
	m := messages.Get().(*Message)
	defer m.Close()
	m.known.Reset(append(append(src, marking...), mark...))
	m.r.(flate.Resetter).Reset(&m.known, d.received.buf)
	out, over, err := m.readAll(dst, len(src), limit)
	if err == nil {
		out, err = unmark(out, over, len(dst), limit)
	}
	switch err {
	case nil:
		d.received.add(out[len(dst):])
	case ErrOver:
		out = out[:min(int64(len(out)), int64(len(dst))+limit)]
	default:
		out = dst
	}
	return out, err
}

// readAll appends to dst all decompressed bytes, except over, for which there
// was no capacity: it may be the mark only.
func (m *Message) readAll(dst []byte, compressed int, limit int64) (out, over []byte, err error) {
	out, over = dst, m.src.buf[:0:len(mark)+1]
	for {
		var n int
		if len(out) < cap(out) {
			n, err = m.r.Read(out[len(out):cap(out)])
			out = out[:len(out)+n]
		} else {
			n, err = m.r.Read(over[len(over):cap(over)])
			over = over[:len(over)+n]
		}
		size := int64(len(out) - len(dst) + len(over))
		switch {
		case err == io.EOF:
			return out, over, nil
		case err != nil:
			return dst, nil, ErrOdd
		case size-int64(len(mark)) > limit && m.known.Len() >= len(marking)+len(mark):
			return out, over, ErrOver
		case size-int64(len(mark)) > limit: // it may be the mark
			return dst, nil, ErrOdd
		case len(over) == cap(over):
			more := min(int64(max(len(out)-len(dst), 2*compressed, 512)), max(limit-size, 0))
			bigger := make([]byte, len(out), len(out)+len(over)+int(more)+len(mark))
			copy(bigger, out)
			out, over = append(bigger, over...), over[:0]
		}
	}
}

// unmark removes the mark from the end of out and over. It verifies that the
// mark was not part of a block of the peer's, in which case the marking would
// precede it.
func unmark(out, over []byte, start int, limit int64) ([]byte, error) {
	end := len(out) - max(len(mark)-len(over), 0)
	if end < start || string(out[end:]) != mark[:len(out)-end] || string(over) != mark[len(out)-end:] {
		return nil, ErrOdd
	}
	clear(out[end:]) // the mark must not leak
	out = out[:end]
	switch {
	case bytes.HasSuffix(out[start:], []byte(marking)):
		return nil, ErrOdd
	case int64(end-start) > limit:
		return out, ErrOver
	}
	return out, nil
}
