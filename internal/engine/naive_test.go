package engine

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// This is the receiving half of a connection, written for the tests from RFC
// 6455 alone: it is slow, has all bytes at once, and has no code in common with
// the engine.

// naive is how a connection is set up, and what became of the bytes.
type naive struct {
	client   bool // the engine's role
	limit    int
	deflate  bool
	takeover bool

	messages []string // each the opcode's digit and the payload
	pings    []string
	// ends are what the connection may end with. There is more than one when a
	// compressed message both breaks a rule itself and is cut off: which of the
	// two is seen first depends on how far the inflater has come.
	ends []string

	history []byte // what compressed messages said
	first   int    // the opcode of the message at work, 0 for none
	zipped  bool
	payload []byte // of that message
	size    int    // the same as announced
}

// Ends of a connection.
const endOfStream = "the stream ended"

func failed(code int) string { return fmt.Sprint("failed with ", code) }

func closedWith(code int, reason string) string {
	return fmt.Sprintf("closed with %d %q", code, reason)
}

// receive reads frames until the connection ends.
func (n *naive) receive(b []byte) {
	for n.ends == nil {
		b = n.frame(b)
	}
}

// end ends the connection. A compressed message that is being received may have
// ended it before.
func (n *naive) end(how string) {
	n.ends = append(n.ends, how)
	if n.first == 0 || !n.zipped {
		return
	}
	got := slowInflate(n.history, n.payload, false)
	if got.bad {
		n.ends = append(n.ends, failed(1007))
	}
	n.judge(got.out)
}

// judge adds what is wrong with a part of an inflated message.
func (n *naive) judge(out []byte) {
	if len(out) > n.limit {
		n.ends = append(n.ends, failed(1009))
	}
	if n.first == 1 && notText(out[:min(len(out), n.limit)]) {
		n.ends = append(n.ends, failed(1007))
	}
}

// frame takes one frame off b.
func (n *naive) frame(b []byte) (rest []byte) {
	if len(b) < 2 {
		n.end(endOfStream)
		return nil
	}
	fin, rsv, op := b[0]>>7 == 1, b[0]>>4&7, int(b[0]&15)
	masked, length, b := b[1]>>7 == 1, uint64(b[1]&127), b[2:]
	if size := map[uint64]int{126: 2, 127: 8}[length]; size > 0 {
		if len(b) < size {
			n.end(endOfStream)
			return nil
		}
		length = 0
		for _, x := range b[:size] {
			length = length<<8 | uint64(x)
		}
		b = b[size:]
		if size == 2 && length < 126 || size == 8 && (length < 65536 || length>>63 == 1) {
			n.end(failed(1002))
			return nil
		}
	}
	var key []byte
	if masked {
		if len(b) < 4 {
			n.end(endOfStream)
			return nil
		}
		key, b = b[:4], b[4:]
	}
	if masked == n.client || !n.legal(fin, rsv, op, length) {
		n.end(failed(1002))
		return nil
	}
	if op < 8 && !n.admits(rsv, op, length) {
		n.end(failed(1009))
		return nil
	}
	whole := uint64(len(b)) >= length
	payload := append([]byte(nil), b[:min(length, uint64(len(b)))]...)
	for i := range payload {
		if masked {
			payload[i] ^= key[i%4]
		}
	}
	if op >= 8 {
		n.control(op, payload, whole)
	} else {
		n.data(fin, rsv, op, payload, whole)
	}
	return b[len(payload):]
}

// legal is RFC 6455 sections 5.2, 5.4 and 5.5, and RFC 7692 section 6.
func (n *naive) legal(fin bool, rsv byte, op int, length uint64) bool {
	known := op <= 2 || op >= 8 && op <= 10
	starts := op == 1 || op == 2
	return known &&
		(rsv == 0 || rsv == 4 && n.deflate && starts) &&
		(op < 8 || fin && length <= 125) &&
		(op != 0 || n.first != 0) &&
		(!starts || n.first == 0)
}

// admits holds a data frame to the limit, compressed ones to more than twice
// it.
func (n *naive) admits(rsv byte, op int, length uint64) bool {
	limit := n.limit
	if rsv != 0 || op == 0 && n.zipped {
		limit = 2*limit + 4096
	}
	before := 0
	if op == 0 {
		before = n.size
	}
	if length > uint64(limit-before) {
		return false
	}
	n.size = before + int(length)
	return true
}

func (n *naive) control(op int, payload []byte, whole bool) {
	switch {
	case !whole:
		n.end(endOfStream)
	case op == 9:
		n.pings = append(n.pings, string(payload))
	case op == 8:
		n.end(closeOf(payload))
	}
}

// closeOf is sections 5.5.1, 7.1.5 and 7.4.
func closeOf(payload []byte) string {
	if len(payload) == 0 {
		return closedWith(1005, "")
	}
	if len(payload) == 1 {
		return failed(1002)
	}
	code := int(payload[0])<<8 | int(payload[1])
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code < 5000:
	default:
		return failed(1002)
	}
	if !utf8.Valid(payload[2:]) {
		return failed(1007)
	}
	return closedWith(code, string(payload[2:]))
}

func (n *naive) data(fin bool, rsv byte, op int, payload []byte, whole bool) {
	if op != 0 {
		n.first, n.zipped, n.payload = op, rsv != 0, nil
	}
	n.payload = append(n.payload, payload...)
	if !n.zipped && n.first == 1 && notText(n.payload) {
		n.ends = append(n.ends, failed(1007))
		return
	}
	switch {
	case !whole:
		n.end(endOfStream)
	case fin && n.zipped:
		n.inflate()
	case fin:
		n.deliver(n.payload)
	}
}

func (n *naive) inflate() {
	got := slowInflate(n.history, n.payload, true)
	if n.judge(got.out); got.bad || got.short {
		n.ends = append(n.ends, failed(1007))
	}
	if n.ends != nil {
		return
	}
	if n.takeover {
		n.history = append(n.history, got.out...)
	}
	n.deliver(got.out)
}

func (n *naive) deliver(p []byte) {
	if n.first == 1 && !utf8.Valid(p) {
		n.ends = append(n.ends, failed(1007))
		return
	}
	n.messages = append(n.messages, fmt.Sprint(n.first)+string(p))
	n.first = 0
}

// notText reports whether p is not the beginning of any UTF-8: something is
// wrong in it, and not at its end, where a character may be incomplete.
func notText(p []byte) bool {
	for len(p) > 0 {
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			return !begins(string(p))
		}
		p = p[size:]
	}
	return false
}

// begins reports whether some bytes can be added to s, of up to three, to make
// it one character. It tries the least and the greatest there may be.
func begins(s string) bool {
	for _, rest := range []string{"\x80\x80\x80", "\x90\x80\x80", "\xA0\x80\x80", "\xBF\xBF\xBF", "\x9F\xBF\xBF", "\x8F\xBF\xBF"} {
		for n := 1; n <= 3 && len(s) < utf8.UTFMax; n++ {
			if t := s + rest[:n]; utf8.ValidString(t) && utf8.RuneCountInString(t) == 1 {
				return true
			}
		}
	}
	return false
}

func (n *naive) String() string {
	return fmt.Sprintf("messages %.200q, pings %.100q, and %s", n.messages, n.pings, strings.Join(n.ends, " or "))
}
