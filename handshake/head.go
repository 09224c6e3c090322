package handshake

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

const (
	// MaxHeadBytes is the largest head of a request that ParseRequest accepts,
	// its empty line included: 16 KiB.
	MaxHeadBytes = 16 << 10

	// MaxResponseHeadBytes is the largest head of a response that ParseResponse
	// accepts: 64 KiB. It is larger than a request's, since an error response
	// may set many cookies, and a client has few handshakes at a time.
	MaxResponseHeadBytes = 64 << 10

	// MaxFields is how many lines the header of a request or response may have.
	MaxFields = 200
)

// ErrShort is returned for an incomplete head.
var ErrShort = errors.New("the head is not complete: read more, and parse again")

// HeadEnd returns the length of the head at the start of src, its empty line
// included, or -1 if it is incomplete. An earlier call has scanned the first
// from bytes, which are not scanned again, so that a head that arrives byte by
// byte costs no more than one that arrives at once.
//
// A line that ends in a bare LF counts too: in a response it is accepted; a
// request with it is rejected, and the peer gets that response at once, not
// after a timeout.
func HeadEnd(src []byte, from int) int {
	// The end is LF LF or LF CR LF; its first two bytes may be old.
	i := max(from-2, 0)
	for i < len(src) {
		lf := bytes.IndexByte(src[i:], '\n')
		if lf < 0 {
			return -1
		}
		i += lf + 1
		switch rest := src[i:]; {
		case len(rest) >= 1 && rest[0] == '\n':
			return i + 1
		case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
			return i + 2
		}
	}
	return -1
}

// cutHead returns the head at the start of src, in a string that all of its
// parts share.
func cutHead(src []byte, limit int) (string, error) {
	end := HeadEnd(src, 0)
	switch {
	case end > limit, end < 0 && len(src) >= limit:
		return "", malformed(http.StatusRequestHeaderFieldsTooLarge,
			"the head is over the limit of "+strconv.Itoa(limit)+" bytes: send fewer or smaller header fields")
	case end < 0:
		return "", ErrShort
	}
	return string(src[:end]), nil
}

// parseFields parses the lines of a header and the empty line at its end (RFC
// 9112 section 5), and appends them to fields.
func parseFields(fields Fields, lines string) (Fields, error) {
	n := strings.Count(lines, "\n") - 1
	if n > MaxFields {
		return fields, tooManyFields(n)
	}
	fields = slices.Grow(fields, max(n, 0))
	for {
		line, rest, err := cutLine(lines)
		if err != nil || line == "" {
			return fields, err
		}
		f, err := parseField(line)
		if err != nil {
			return fields, err
		}
		fields, lines = append(fields, f), rest
	}
}

func parseField(line string) (Field, error) {
	name, value, colon := strings.Cut(line, ":")
	value = trimSpace(value)
	switch {
	case line[0] == ' ' || line[0] == '\t':
		return Field{}, malformed(http.StatusBadRequest,
			"a header field is folded over several lines (RFC 9112 section 5.2): write it on one")
	case !colon:
		return Field{}, malformed(http.StatusBadRequest, "the header line "+quote(line)+" has no colon")
	case !isToken(name):
		return Field{}, malformed(http.StatusBadRequest,
			"the field name "+quote(name)+" is not a token (RFC 9112 section 5.1)")
	case !isFieldValue(value):
		return Field{}, malformed(http.StatusBadRequest,
			"the value of "+name+" has a control character (RFC 9110 section 5.5)")
	}
	return Field{name, value}, nil
}

// cutLine cuts the first line off s. It must end in CRLF, and contain no other
// CR.
func cutLine(s string) (line, rest string, err error) {
	line, rest, _ = strings.Cut(s, "\n")
	line, crlf := strings.CutSuffix(line, "\r")
	if !crlf || strings.IndexByte(line, '\r') >= 0 {
		return "", "", malformed(http.StatusBadRequest,
			"a line of the head does not end in CRLF, or has a bare CR (RFC 9112 section 2.2)")
	}
	return line, rest, nil
}

func tooManyFields(n int) *api.HandshakeError {
	return malformed(http.StatusRequestHeaderFieldsTooLarge, strconv.Itoa(n)+
		" header fields are over the limit of "+strconv.Itoa(MaxFields))
}

func malformed(status int, problem string) *api.HandshakeError {
	return &api.HandshakeError{Status: status, Problem: problem}
}
