package tunnel

import (
	"fmt"
	"io"
)

// DataFrames reads the payload of the DATA frames of a stream of HTTP/3 (RFC
// 9114 sections 4.4 and 7.2.1), from the bytes of the stream of QUIC. A read
// that fails because of a deadline loses nothing, wherever it was: that of
// quic-go's http3 forgets what it has read of a frame's header, and takes the
// bytes that follow for frames. The zero value is at the beginning of a frame.
type DataFrames struct {
	head  FrameHeader
	left  uint64 // bytes of the frame that were not read
	skips bool   // the frame is of an unknown type (RFC 9114 section 9)
}

// The types of RFC 9114 section 7.2 that matter here.
const (
	FrameData    = 0x00
	FrameHeaders = 0x01
)

// FrameError is a frame of a type that must not be on a stream. Its payload has
// not been read.
type FrameError struct {
	Type, Length uint64
}

func (e *FrameError) Error() string {
	return fmt.Sprintf("a frame of type %#x among DATA frames (RFC 9114 section 4.4)", e.Type)
}

// Read reads once from r what belongs to a payload, at least a byte. It returns
// io.EOF at the end of the stream, io.ErrUnexpectedEOF if that is within a
// frame, and a *FrameError.
func (d *DataFrames) Read(r io.Reader, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		for d.left == 0 {
			if err := d.next(r); err != nil {
				return 0, err
			}
		}
		n, err := r.Read(p[:min(uint64(len(p)), d.left)])
		d.left -= uint64(n)
		switch {
		case n > 0 && !d.skips:
			return n, nil // an error is the next read's, too
		case n == 0 && err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case n == 0 && err != nil:
			return 0, err
		}
	}
}

// next reads the header of a frame.
func (d *DataFrames) next(r io.Reader) error {
	kind, length, err := d.head.Read(r)
	if err != nil {
		return err
	}
	if kind != FrameData && !Unknown(kind) {
		return &FrameError{kind, length}
	}
	d.left, d.skips = length, kind != FrameData
	return nil
}

// Unknown reports whether frames of a type are to be skipped (RFC 9114 section
// 9). The others are those of section 7.2, and those of HTTP/2 in section
// 11.2.1.
func Unknown(kind uint64) bool { return kind > 0x09 && kind != 0x0d }

// FrameHeader reads the type and length of frames. A read that fails loses
// nothing: the next one continues.
type FrameHeader struct {
	buf [16]byte
	n   int
}

// Read reads a header, and not a byte more. It returns io.EOF if the stream
// ends before it, and io.ErrUnexpectedEOF if it ends within.
func (h *FrameHeader) Read(r io.Reader) (kind, length uint64, err error) {
	for {
		need := h.need()
		if h.n == need {
			break
		}
		n, err := r.Read(h.buf[h.n:need])
		h.n += n
		switch {
		case n > 0 || err == nil:
		case err == io.EOF && h.n > 0:
			return 0, 0, io.ErrUnexpectedEOF
		default:
			return 0, 0, err
		}
	}
	first := 1 << (h.buf[0] >> 6)
	kind, length = varint(h.buf[:first]), varint(h.buf[first:h.n])
	h.n = 0
	return kind, length, nil
}

// need is how many bytes the header has, as far as that is known.
func (h *FrameHeader) need() int {
	if h.n == 0 {
		return 2
	}
	first := 1 << (h.buf[0] >> 6)
	if h.n <= first {
		return first + 1
	}
	return first + 1<<(h.buf[first]>>6)
}

// varint decodes a variable-length integer (RFC 9000 section 16) of the length
// that its first byte says.
func varint(b []byte) uint64 {
	v := uint64(b[0] & 0x3f)
	for _, c := range b[1:] {
		v = v<<8 | uint64(c)
	}
	return v
}
