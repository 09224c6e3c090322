package wire

import (
	"errors"
	"fmt"
	"io"
)

// maxFrame bounds what a Reader believes a frame's length to be.
const maxFrame = 64 << 20

// ErrClosed is what Next returns when the peer sent a close frame.
var ErrClosed = errors.New("the server closed the connection")

// Reader reads a server's messages.
type Reader struct {
	src    io.Reader
	buf    []byte
	at     int    // what is unread begins here
	pieces []byte // of a fragmented message
	bytes  int64
}

// NewReader returns a Reader with a buffer of size bytes, which grows for
// longer frames. rest was read from src before.
func NewReader(src io.Reader, size int, rest []byte) *Reader {
	return &Reader{src: src, buf: append(make([]byte, 0, max(size, len(rest))), rest...)}
}

// Message is one message as it came.
type Message struct {
	First   byte   // of its first frame
	Payload []byte // valid until the next call of Next
}

// Next returns the next message. Frames must be unmasked; control frames other
// than a close are passed over.
func (r *Reader) Next() (m Message, err error) {
	r.pieces = r.pieces[:0]
	for {
		h, p, err := r.frame()
		switch {
		case err != nil:
			return m, err
		case h.First&0x0f == OpClose:
			return m, fmt.Errorf("%w: %q", ErrClosed, p)
		case h.First&0x08 != 0:
			continue
		}
		if (m.First == 0) != (h.First&0x0f != 0) {
			return m, errors.New("a message begins with a continuation frame, or within another")
		}
		if m.First == 0 {
			m.First = h.First
			if h.First&Fin != 0 {
				m.Payload = p
				return m, nil
			}
		}
		r.pieces = append(r.pieces, p...)
		if h.First&Fin != 0 {
			m.First |= Fin
			m.Payload = r.pieces
			return m, nil
		}
	}
}

// Bytes returns how many bytes the messages so far took on the wire.
func (r *Reader) Bytes() int64 { return r.bytes }

func (r *Reader) frame() (h Header, p []byte, err error) {
	for {
		var n int
		h, n = ParseHeader(r.buf[r.at:])
		switch {
		case n > 0 && h.Masked:
			return h, nil, errors.New("the server masked a frame")
		case h.Length > maxFrame:
			return h, nil, fmt.Errorf("a frame of %d bytes", h.Length)
		case n > 0 && len(r.buf)-r.at >= n+h.Length:
			p = r.buf[r.at+n : r.at+n+h.Length]
			r.at += n + h.Length
			r.bytes += int64(n + h.Length)
			return h, p, nil
		}
		if err := r.fill(n + h.Length); err != nil {
			return h, nil, err
		}
	}
}

// fill reads once, with room for a frame of want bytes.
func (r *Reader) fill(want int) error {
	if r.at > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.at:])]
		r.at = 0
	}
	if want > cap(r.buf) {
		r.buf = append(make([]byte, 0, want), r.buf...)
	} else if len(r.buf) == cap(r.buf) {
		r.buf = append(r.buf, 0)[:len(r.buf)]
	}
	n, err := r.src.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// Over returns a Reader whose first buffer is buf. It is for one message at a
// time: what was read beyond it would be lost with the Reader.
func Over(src io.Reader, buf []byte) *Reader { return &Reader{src: src, buf: buf[:0]} }
