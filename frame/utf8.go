package frame

// UTF8 validates UTF-8 text that arrives in pieces (RFC 3629, as RFC 6455
// section 8.1 requires). It detects an invalid byte in the piece that contains
// it, wherever the pieces are cut. The zero value is ready to use.
type UTF8 struct {
	need   uint8 // continuation bytes missing from the last character
	lo, hi uint8 // if need > 0: the range of the next of them
	bad    bool  // an invalid byte was seen
}

// Write validates the next piece of the text, and reports whether the text so
// far is a prefix of valid UTF-8. Once false, it remains false until Reset.
func (u *UTF8) Write(p []byte) bool {
	for u.need > 0 && len(p) > 0 {
		u.step(p[0])
		p = p[1:]
	}
	if u.bad {
		return false
	}
	whole := len(p) - openTail(p)
	if !ValidUTF8(p[:whole]) {
		u.bad = true
		return false
	}
	for _, b := range p[whole:] {
		u.step(b)
	}
	return !u.bad
}

// Done reports whether the text so far is valid UTF-8, with its last character
// complete.
func (u *UTF8) Done() bool { return u.need == 0 && !u.bad }

// Reset makes u ready for another text.
func (u *UTF8) Reset() { *u = UTF8{} }

// step processes one byte. After an invalid one, u expects no continuation.
//
// The ranges are the table of RFC 3629 section 4: a narrower second byte
// excludes overlong forms (E0, F0), surrogates (ED) and values above U+10FFFF
// (F4).
func (u *UTF8) step(b byte) {
	if u.need > 0 {
		if b < u.lo || b > u.hi {
			u.need, u.bad = 0, true
			return
		}
		u.need--
		u.lo, u.hi = 0x80, 0xBF
		return
	}
	u.lo, u.hi = 0x80, 0xBF
	switch {
	case b <= 0x7F:
	case b >= 0xC2 && b <= 0xDF:
		u.need = 1
	case b >= 0xE0 && b <= 0xEF:
		u.need = 2
		if b == 0xE0 {
			u.lo = 0xA0
		} else if b == 0xED {
			u.hi = 0x9F
		}
	case b >= 0xF0 && b <= 0xF4:
		u.need = 3
		if b == 0xF0 {
			u.lo = 0x90
		} else if b == 0xF4 {
			u.hi = 0x8F
		}
	default:
		u.bad = true
	}
}

// openTail returns how many bytes at the end of p begin a character without
// completing it, judged by the first of them only: 0 to 3.
func openTail(p []byte) int {
	for n := 1; n <= 3 && n <= len(p); n++ {
		switch b := p[len(p)-n]; {
		case b < 0x80:
			return 0
		case b < 0xC0:
			continue
		case b >= 0xF0, b >= 0xE0 && n < 3, n == 1:
			return n
		default:
			return 0
		}
	}
	return 0
}
