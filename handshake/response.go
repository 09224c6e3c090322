package handshake

import (
	"net/http"
	"strings"

	"github.com/twinws/ws/api"
)

// Response is the head of an HTTP response.
type Response struct {
	Proto  string // "HTTP/1.1"
	Status int    // 101
	Reason string // "Switching Protocols", often empty
	Header Fields
}

// Interim reports whether a further response follows this one, as after 100
// Continue or 103 Early Hints (RFC 9110 section 15.2): pass over it, and parse
// the next. Bound how many you pass over.
func (r *Response) Interim() bool {
	return r.Status/100 == 1 && r.Status != http.StatusSwitchingProtocols
}

// ParseResponse reads the head of a response at the start of src and returns
// how many bytes it took. It returns [ErrShort] when the head is not complete,
// and a *api.HandshakeError without a status when it is malformed, is over
// [MaxResponseHeadBytes] or [MaxFields], or cannot become an HTTP/1 response
// whatever follows.
//
// It takes what every browser takes: lines that end in a bare LF (RFC 9112
// section 2.2 allows it), and folded fields, whose folds become spaces (section
// 5.2 demands it of user agents). Servers may not be that lenient, since
// whoever stands between two of them may read the same bytes otherwise; here
// the one who reads is the one who asked, nothing is passed on, and nothing but
// frames follows. A CR elsewhere, and white space before the first field, are
// refused.
//
// Call it when [HeadEnd] has found the end, or when nothing more will come.
func ParseResponse(src []byte) (r *Response, n int, err error) {
	r, n, err = parseResponse(src)
	if e, ok := err.(*api.HandshakeError); ok {
		e.Status = 0 // what was wrong is the answer, not a request of ours
		e.Problem = "the server's answer cannot be used: " + e.Problem
	}
	return r, n, err
}

func parseResponse(src []byte) (*Response, int, error) {
	const start = "HTTP/1."
	if n := min(len(src), len(start)); string(src[:n]) != start[:n] {
		return nil, 0, malformed(0, "it begins with "+quote(string(src[:min(len(src), 16)]))+
			" and not with HTTP/1: another protocol is spoken at this address")
	}
	head, err := cutHead(src, MaxResponseHeadBytes)
	if err != nil {
		return nil, 0, err
	}
	line, rest, err := cutLine(regular(head))
	if err != nil {
		return nil, 0, err
	}
	r := new(Response)
	if err := r.parseLine(line); err != nil {
		return nil, 0, err
	}
	if r.Header, err = parseFields(nil, rest); err != nil {
		return nil, 0, err
	}
	return r, len(head), nil
}

// regular returns head with each line ended by CRLF and each field on one. What
// else is wrong with it stays.
func regular(head string) string {
	if strings.Count(head, "\n") == strings.Count(head, "\r\n") && !strings.Contains(head, "\n ") && !strings.Contains(head, "\n\t") {
		return head
	}
	var b strings.Builder
	b.Grow(len(head) + MaxFields)
	n := 0
	for line := range strings.SplitSeq(strings.TrimSuffix(head, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch folded := trimSpace(line); {
		case n > 1 && folded != line && (line[0] == ' ' || line[0] == '\t'):
			b.WriteString(" " + folded)
		case n > 0:
			b.WriteString("\r\n" + line)
		default:
			b.WriteString(line)
		}
		n++
	}
	b.WriteString("\r\n")
	return b.String()
}

// parseLine reads the status line (RFC 9112 section 4). The space before an
// empty reason is often left out.
func (r *Response) parseLine(line string) error {
	proto, rest, _ := strings.Cut(line, " ")
	code, reason, _ := strings.Cut(rest, " ")
	if !validProto(proto) || !validStatus(code) || !isFieldValue(reason) {
		return malformed(0, "the status line "+quote(line)+" is malformed (RFC 9112 section 4)")
	}
	r.Proto, r.Reason = proto, reason
	r.Status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	return nil
}

// validStatus reports whether s is a number from 100 to 999 (RFC 9110 section
// 15). Those over 599 have no meaning, but some servers refuse with them.
func validStatus(s string) bool {
	return len(s) == 3 && s[0] != '0' && isDigit(s[0]) && isDigit(s[1]) && isDigit(s[2])
}
