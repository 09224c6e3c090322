package wsjson

import (
	"errors"
	"io"
	"slices"
	"strconv"
)

// firstRead is how many bytes a splitter reads at first.
const firstRead = 4 << 10

var errUnexpectedEnd = errors.New("unexpected end of JSON input")

// splitter divides an array into its elements. It knows as much of JSON as that
// takes: strings, and the nesting of brackets. Whether an element is JSON is
// for the decoder to find out.
type splitter struct {
	r      io.Reader
	buf    []byte
	start  int   // of what is still needed of buf
	pos    int   // of the next byte
	base   int64 // offset of buf[0] in the message
	begun  bool  // "[" has been read
	ended  error // of r: io.EOF or broken
	broken error // the connection's error
}

// offset is how many bytes of the message have been looked at.
func (s *splitter) offset() int64 { return s.base + int64(s.pos) }

// next returns the next element and its offset; io.EOF after the last one, if
// nothing follows the array. data is valid until the next call.
func (s *splitter) next() (data []byte, at int64, err error) {
	if !s.begun {
		return s.first()
	}
	switch b, err := s.skipSpace(); {
	case err != nil:
		return nil, 0, err
	case b == ']':
		return nil, 0, s.end()
	case b != ',':
		return nil, 0, s.unexpected(b, "after an element")
	}
	if _, err := s.skipSpace(); err != nil {
		return nil, 0, err
	}
	s.pos--
	return s.element()
}

// first is next at the beginning of the message.
func (s *splitter) first() (data []byte, at int64, err error) {
	s.begun = true
	switch b, err := s.skipSpace(); {
	case err != nil:
		return nil, 0, err
	case b == 'n':
		return nil, 0, s.null()
	case b != '[':
		return nil, 0, s.unexpected(b, "looking for an array")
	}
	switch b, err := s.skipSpace(); {
	case err != nil:
		return nil, 0, err
	case b == ']':
		return nil, 0, s.end()
	}
	s.pos--
	return s.element()
}

// null is the end of a message that began with "n".
func (s *splitter) null() error {
	for _, want := range []byte("ull") {
		if b, err := s.byte(); err != nil {
			return err
		} else if b != want {
			return s.unexpected(b, "in null")
		}
	}
	return s.end()
}

// end returns io.EOF if only whitespace follows the array.
func (s *splitter) end() error {
	b, err := s.skipSpace()
	switch {
	case err == errUnexpectedEnd:
		return io.EOF
	case err != nil:
		return err
	}
	return s.unexpected(b, "after the array")
}

func (s *splitter) unexpected(b byte, where string) error {
	return errors.New("invalid character " + strconv.QuoteRune(rune(b)) + " " + where)
}

// element returns the element that begins at pos, without the whitespace behind
// it.
func (s *splitter) element() (data []byte, at int64, err error) {
	s.start = s.pos
	var n nesting
	for {
		if end := n.scan(s.buf[s.pos:]); end >= 0 {
			s.pos += end
			break
		}
		s.pos = len(s.buf)
		if err := s.more(); err == errUnexpectedEnd && s.pos > s.start {
			break // what there is tells better what is wrong
		} else if err != nil {
			return nil, 0, err
		}
	}
	data, at = s.buf[s.start:s.pos], s.base+int64(s.start)
	s.start = s.pos
	for len(data) > 0 && space(data[len(data)-1]) {
		data = data[:len(data)-1]
	}
	if len(data) == 0 {
		b, _ := s.byte()
		return nil, 0, s.unexpected(b, "looking for an element")
	}
	return data, at, nil
}

// nesting is where in an element the scanner is.
type nesting struct {
	depth   int  // of brackets
	quoted  bool // in a string
	escaped bool // behind a backslash in a string
}

// scan returns the index of the comma or bracket that ends the element; -1 if
// it is not in p.
func (n *nesting) scan(p []byte) int {
	for i, b := range p {
		if n.quoted {
			switch {
			case n.escaped:
				n.escaped = false
			case b == '\\':
				n.escaped = true
			case b == '"':
				n.quoted = false
			}
			continue
		}
		switch b {
		case '"':
			n.quoted = true
		case '[', '{':
			n.depth++
		case ',':
			if n.depth == 0 {
				return i
			}
		case ']':
			if n.depth == 0 {
				return i
			}
			n.depth--
		case '}':
			n.depth--
		}
	}
	return -1
}

// skipSpace returns the next byte that is not whitespace (RFC 8259 section 2).
func (s *splitter) skipSpace() (byte, error) {
	for {
		b, err := s.byte()
		if err != nil || !space(b) {
			return b, err
		}
		s.start = s.pos
	}
}

func space(b byte) bool { return b == ' ' || b == '\n' || b == '\r' || b == '\t' }

// byte returns the next byte; errUnexpectedEnd at the end of the message.
func (s *splitter) byte() (byte, error) {
	for s.pos == len(s.buf) {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	s.pos++
	return s.buf[s.pos-1], nil
}

// more reads more of the message, and forgets what is not needed any more.
func (s *splitter) more() error {
	if s.ended == nil {
		n := copy(s.buf, s.buf[s.start:])
		s.buf = s.buf[:n]
		s.base += int64(s.start)
		s.pos -= s.start
		s.start = 0
		if n == cap(s.buf) {
			s.buf = slices.Grow(s.buf, max(n, firstRead))
		}
		var got int
		got, s.ended = s.r.Read(s.buf[n:cap(s.buf)])
		s.buf = s.buf[:n+got]
		if got > 0 {
			return nil
		}
	}
	switch s.ended {
	case nil:
		return nil
	case io.EOF:
		return errUnexpectedEnd
	}
	s.broken = s.ended
	return s.broken
}
