//go:build !js

package legacy

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// rawBytes is the size of the input buffer.
const rawBytes = 4 << 10

// maxLengthDigits bounds the bytes of a length, each of 7 bits: 2^63-1 has 9.
const maxLengthDigits = 9

// stream translates between the frames of hixie-75 and hixie-76 on a network
// connection (sections 4.2 and 5.3) and those of RFC 6455, which package engine
// reads and writes: 00, text, FF is a text message; as its length is not known
// before its end, what has arrived of it becomes a fragment. To the engine a
// stream is a client, in both roles: what is read is masked, with a key of
// zeros, and what is written is not.
//
// Read is called by one goroutine at a time, and so is Write.
type stream struct {
	nc    net.Conn      // constant
	draft frame.Version // constant

	in  reading
	raw []byte // the buffer of nc.Read
	r   []byte // bytes of raw that were read and not yet translated
	out []byte // the memory of what was translated
	o   []byte // bytes of out that have not been returned
	bad error  // what follows them cannot be translated

	writing writing
	ahead   int    // output bytes for the next byte to be written that nc has accepted already
	buf     []byte // what was translated for nc.Write

	gone atomic.Bool // this side has closed nc, which has no half to close
}

// translate returns a stream on nc, from which held was read already. It can be
// half-closed if nc can.
func translate(nc net.Conn, held []byte, draft frame.Version) net.Conn {
	s := &stream{nc: nc, draft: draft, r: held, raw: make([]byte, rawBytes)}
	s.in.draft, s.writing.draft = draft, draft
	if _, ok := nc.(halved); ok {
		return halfStream{s}
	}
	return s
}

// halved is a connection whose sending half can be closed.
type halved interface{ CloseWrite() error }

// halfStream is a stream over a connection whose sending half can be closed.
type halfStream struct{ *stream }

func (s halfStream) CloseWrite() error { return s.nc.(halved).CloseWrite() }

// reading is the state of translating input.
type reading struct {
	draft  frame.Version
	state  readState
	begun  bool   // a fragment of the text has been returned
	last   bool   // the type of the frame is FF
	left   uint64 // bytes to discard; while the length is read: that so far
	digits int    // bytes of the length
}

// readState is what the next byte is.
type readState uint8

const (
	atType   readState = iota
	inText             // of a message, up to FF
	inOther            // of a frame of another type without its high bit: discarded, up to FF
	inLength           // of a frame whose type has its high bit
	inBinary           // of such a frame: discarded
)

var errLength = &api.ProtocolError{Code: api.StatusNoStatusRcvd,
	Rule: "section 4.2: the length of a frame has at most 9 bytes, of 7 bits each: a number below 2^63"}

// step appends to dst what the first bytes of p become, and returns the rest of
// p.
func (r *reading) step(dst, p []byte) (_, rest []byte, err error) {
	switch r.state {
	case atType:
		r.begun, r.last, r.left, r.digits = false, p[0] == 0xFF, 0, 0
		switch {
		case p[0]&0x80 != 0:
			r.state = inLength
		case p[0] == 0:
			r.state = inText
		default:
			r.state = inOther
		}
		return dst, p[1:], nil
	case inText, inOther:
		text, rest, fin := bytes.Cut(p, []byte{0xFF})
		if r.state == inText {
			dst = r.fragment(dst, text, fin)
		}
		if fin {
			r.state = atType
		}
		return dst, rest, nil
	case inLength:
		return r.length(dst, p)
	}
	n := min(r.left, uint64(len(p)))
	if r.left -= n; r.left == 0 {
		r.state = atType
	}
	return dst, p[n:], nil
}

// fragment appends what has arrived of a text message as a frame.
func (r *reading) fragment(dst, text []byte, fin bool) []byte {
	if len(text) == 0 && !fin {
		return dst
	}
	op := frame.OpText
	if r.begun {
		op = frame.OpContinuation
	}
	r.begun = true
	dst = frame.AppendHeader(dst, frame.Header{Fin: fin, Opcode: op, Masked: true, Length: int64(len(text))})
	return append(dst, text...)
}

// length reads a byte of a length. Type FF and length 0 are the closing frame
// of hixie-76 (section 6); in hixie-75 they mean nothing.
func (r *reading) length(dst, p []byte) (_, rest []byte, err error) {
	if r.digits++; r.digits > maxLengthDigits {
		return dst, p, errLength
	}
	r.left = r.left<<7 | uint64(p[0]&0x7F)
	switch {
	case p[0]&0x80 != 0:
		return dst, p[1:], nil
	case r.left > 0:
		r.state = inBinary
		return dst, p[1:], nil
	case r.last && r.draft == frame.Hixie76:
		dst = frame.AppendHeader(dst, frame.Header{Fin: true, Opcode: frame.OpClose, Masked: true})
	}
	r.state = atType
	return dst, p[1:], nil
}

// Read returns translated bytes. An error of the connection below, such as a
// deadline that has passed, loses nothing.
func (s *stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(s.o) == 0 {
		if s.bad != nil {
			return 0, s.bad
		}
		if len(s.r) == 0 {
			n, err := s.nc.Read(s.raw)
			if s.r = s.raw[:n]; n == 0 {
				if err != nil && s.gone.Load() {
					err = io.EOF
				}
				return 0, err
			}
		}
		s.o = s.out[:0]
		for len(s.r) > 0 && s.bad == nil {
			s.o, s.r, s.bad = s.in.step(s.o, s.r)
		}
		s.out = s.o
	}
	n := copy(p, s.o)
	s.o = s.o[n:]
	return n, nil
}

// writing is the state of translating output.
type writing struct {
	draft frame.Version
	head  [frame.MaxHeaderLen]byte
	n     int   // bytes of head
	left  int64 // payload bytes of the frame
	h     frame.Header
	end   bool // a close frame of hixie-75 was written: the stream ends
}

// step appends to dst what the first bytes of p become, and returns the rest of
// p: of frames that are not masked, and of which the data is whole messages of
// text.
func (w *writing) step(dst, p []byte) (_, rest []byte) {
	if w.left == 0 {
		w.head[w.n] = p[0]
		w.n++
		h, n, err := frame.ParseHeader(w.head[:w.n])
		if err != nil {
			return dst, p[1:]
		}
		w.h, w.left, w.n = h, h.Length, w.n-n
		if h.Opcode == frame.OpText {
			dst = append(dst, 0)
		}
		return w.finish(dst), p[1:]
	}
	n := min(w.left, int64(len(p)))
	if w.h.Opcode == frame.OpText {
		dst = append(dst, p[:n]...)
	}
	w.left -= n
	return w.finish(dst), p[n:]
}

// finish appends what follows a frame if it is complete.
func (w *writing) finish(dst []byte) []byte {
	switch {
	case w.left > 0:
	case w.h.Opcode == frame.OpText:
		dst = append(dst, 0xFF)
	case w.h.Opcode == frame.OpClose && w.draft == frame.Hixie76:
		dst = append(dst, 0xFF, 0)
	case w.h.Opcode == frame.OpClose:
		w.end = true
	}
	return dst
}

// Write translates p and writes the result in one call. If that is cut off, it
// returns how many bytes of p were sent completely.
func (s *stream) Write(p []byte) (int, error) {
	next, out := s.writing, s.buf[:0]
	for rest := p; len(rest) > 0; {
		out, rest = next.step(out, rest)
	}
	if cap(out) <= 64<<10 {
		s.buf = out
	}
	out = out[s.ahead:]
	if len(out) > 0 {
		n, err := s.nc.Write(out)
		if n < len(out) {
			return s.cutOff(p, n), err
		}
		if err != nil {
			return len(p), err
		}
	}
	s.writing, s.ahead = next, 0
	if next.end {
		s.writing.end = false
		s.endOutput()
	}
	return len(p), nil
}

// cutOff records that of the translation of p only n bytes were written. It
// returns how many bytes of p these are.
func (s *stream) cutOff(p []byte, n int) (whole int) {
	if n <= 0 {
		return 0
	}
	n += s.ahead
	var out []byte
	for {
		next := s.writing
		out, _ = next.step(out[:0], p[whole:whole+1])
		if len(out) > n {
			s.ahead = n
			return whole
		}
		n -= len(out)
		s.writing = next
		whole++
	}
}

// endOutput ends the stream, which is how hixie-75 closes (section 6): its
// sending half, if it can, so that the peer can read the rest.
func (s *stream) endOutput() {
	if h, ok := s.nc.(halved); ok {
		h.CloseWrite()
		return
	}
	s.gone.Store(true)
	s.nc.Close()
}

// Close closes the connection below.
func (s *stream) Close() error { return s.nc.Close() }

// Abort closes it at once.
func (s *stream) Abort() error {
	if a, ok := s.nc.(interface{ Abort() error }); ok {
		return a.Abort()
	}
	return s.nc.Close()
}

// NetConn returns the connection below, which may know what the peer has
// received.
func (s *stream) NetConn() net.Conn { return s.nc }

func (s *stream) LocalAddr() net.Addr                { return s.nc.LocalAddr() }
func (s *stream) RemoteAddr() net.Addr               { return s.nc.RemoteAddr() }
func (s *stream) SetDeadline(t time.Time) error      { return s.nc.SetDeadline(t) }
func (s *stream) SetReadDeadline(t time.Time) error  { return s.nc.SetReadDeadline(t) }
func (s *stream) SetWriteDeadline(t time.Time) error { return s.nc.SetWriteDeadline(t) }
