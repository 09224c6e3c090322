package deflate

import "io"

// end is appended to a payload: the tail, and an empty last block, at which the
// flate library stops.
const end = tail + "\x01\x00\x00\xff\xff"

// source is a payload with its end restored, as the flate library reads it.
type source struct {
	src   io.Reader
	buf   [len(tail) + 512]byte
	r, w  int   // buf[r:w] has not been read; what was stands before it, 4 bytes at least
	begun bool  // src returned a byte
	done  bool  // src has ended
	err   error // of src, other than io.EOF
	pos   int   // in end

	// The library takes the header of a stored block by ReadByte, and its
	// length by Read. That tells the end's block from a block of the peer's
	// that swallows it.
	header bool // the header of the end's block was read as one
	closed bool // and then the rest

	// And it tells an empty block of the payload's own at its end.
	taken int // bytes by Read since the last ReadByte
}

// fill reads from src. It reports whether there are bytes.
func (s *source) fill() bool {
	const attempts = 100 // as many reads without a byte show a broken reader
	for range attempts {
		if s.done || s.err != nil {
			return false
		}
		if s.w > 0 {
			copy(s.buf[:len(tail)], s.buf[s.w-len(tail):])
		}
		n, err := s.src.Read(s.buf[len(tail):])
		s.r, s.w = len(tail), len(tail)+n
		s.begun = s.begun || n > 0
		if err == io.EOF {
			s.done = true
		} else {
			s.err = err
		}
		if n > 0 {
			return true
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// more reports whether src has more to read.
func (s *source) more() bool { return s.r < s.w || s.fill() }

func (s *source) ReadByte() (byte, error) {
	if s.more() {
		s.r++
		s.taken = 0
		return s.buf[s.r-1], nil
	}
	if s.pos == 0 && s.tailed() {
		s.pos = len(tail)
	}
	rest, err := s.rest()
	if err != nil {
		return 0, err
	}
	s.header = s.pos == len(tail)
	s.pos++
	return rest[0], nil
}

func (s *source) Read(p []byte) (int, error) {
	if s.more() {
		n := copy(p, s.buf[s.r:s.w])
		s.r += n
		s.taken += n
		return n, nil
	}
	rest, err := s.rest()
	if err != nil {
		return 0, err
	}
	n := copy(p, rest)
	s.pos += n
	s.closed = s.header && n == len(rest)
	return n, nil
}

// tailed reports whether the payload ends with a complete empty stored block,
// whose length field is the tail: a sender removes it (RFC 7692 section 7.2.1),
// but some do not. The end of a length field is read by Read, its beginning may
// have been read together with the bits before it; for a block that is not
// empty, Read returns more than a length field, or less of the tail at its end.
//
// If the library then requests another block, the blocks of the payload are
// complete. According to section 7.2.2 this would be the truncated header of a
// stored block: no payload that is valid by that section gets here. zlib, and
// therefore browsers and Node's ws, return what they can decompress of a
// payload that is truncated anywhere; this function does not.
func (s *source) tailed() bool {
	return 0 < s.taken && s.taken <= len(tail) && s.r == s.w && string(s.buf[s.w-len(tail):s.w]) == tail
}

// rest returns the unread part of end, after src has returned everything.
func (s *source) rest() (string, error) {
	if s.err != nil {
		return "", s.err
	}
	if !s.begun && s.pos == 0 {
		// An empty payload lacks the one byte that section 7.2.3.6 asks for;
		// some senders leave it out, and mean an empty message.
		s.pos = len(tail)
	}
	if s.pos == len(end) {
		return "", io.EOF
	}
	return end[s.pos:], nil
}
