package deflate

import (
	"bytes"
	"crypto/rand"
	"io"
	"math"

	"github.com/klauspost/compress/flate"
)

// mark is unknown to any peer. Behind the tail a last stored block with it shows
// where the payload's own blocks end, so that the library can be given memory,
// which it reads faster than a source.
var mark = func() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return string(b[:])
}()

// marking is what precedes the mark: the tail, and the header of a stored block.
const marking = tail + "\x01\x08\x00\xf7\xff"

// Whole appends to dst the message whose whole payload is src, behind which it
// writes 17 bytes if there is room. The message is then part of what later ones may
// refer to. When the payload is out of the ordinary, or the message is longer than
// limit bytes, ok is false and nothing has happened: Open has the last word on it.
func (d *Decompressor) Whole(dst, src []byte, limit int64) (out []byte, ok bool) {
	m := messages.Get().(*Message)
	defer m.Close()
	m.known.Reset(append(append(src, marking...), mark...))
	m.r.(flate.Resetter).Reset(&m.known, d.received.buf)
	out, over, ok := m.readAll(dst, len(src), limit)
	if ok {
		out, ok = unmark(out, over, len(dst), limit)
	}
	if !ok {
		return dst, false
	}
	d.received.add(out[len(dst):])
	return out, true
}

// readAll appends to dst all that is inflated, but over, for which there was no
// room: it may be the mark alone.
func (m *Message) readAll(dst []byte, compressed int, limit int64) (out, over []byte, ok bool) {
	out, over = dst, m.src.buf[:0:len(mark)+1]
	for {
		var n int
		var err error
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
			return out, over, true
		case err != nil || size-int64(len(mark)) > limit:
			return nil, nil, false
		case len(over) == cap(over):
			more := min(max(len(out)-len(dst), 2*compressed, 512), int(min(limit, math.MaxInt32))) + len(mark)
			bigger := make([]byte, len(out), len(out)+more)
			copy(bigger, out)
			out, over = append(bigger, over...), over[:0]
		}
	}
}

// unmark takes the mark off the end of out and over. It is there, and was not a
// part of a block of the peer's, which would have what precedes it, too.
func unmark(out, over []byte, start int, limit int64) ([]byte, bool) {
	end := len(out) - max(len(mark)-len(over), 0)
	if end < start || string(out[end:]) != mark[:len(out)-end] || string(over) != mark[len(out)-end:] {
		return nil, false
	}
	out = out[:end]
	return out, int64(end-start) <= limit && !bytes.HasSuffix(out[start:], []byte(marking))
}
