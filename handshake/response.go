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

// Interim reports whether another response follows this one, as after 100
// Continue or 103 Early Hints (RFC 9110 section 15.2): skip it, and parse the
// next. Limit how many you skip.
func (r *Response) Interim() bool {
	return r.Status/100 == 1 && r.Status != http.StatusSwitchingProtocols
}

// ParseResponse parses the head of a response at the start of src and returns
// its size in bytes. It returns [ErrShort] if the head is incomplete, and a
// *api.HandshakeError without a status if it is malformed, exceeds
// [MaxResponseHeadBytes] or [MaxFields], or cannot become an HTTP/1 response
// whatever follows.
//
// It accepts what every browser accepts: lines that end in a bare LF (RFC 9112
// section 2.2 allows it), and folded fields, whose folds are replaced by spaces
// (section 5.2 requires that of user agents). Servers must not be that lenient,
// since an intermediary may parse the same bytes differently; here the client
// parses the response to its own request, nothing is forwarded, and only frames
// follow. A CR elsewhere, and whitespace before the first field, are rejected.
//
// Call it when [HeadEnd] has found the end, or when nothing more will arrive.
func ParseResponse(src []byte) (r *Response, n int, err error) {
	r, n, err = parseResponse(src)
	if e, ok := err.(*api.HandshakeError); ok {
		e.Status = 0 // what was wrong is the answer, not a request of ours
		e.Problem = "the server's response is invalid: " + e.Problem
	}
	return r, n, err
}

func parseResponse(src []byte) (*Response, int, error) {
	const start = "HTTP/1."
	if n := min(len(src), len(start)); string(src[:n]) != start[:n] {
		return nil, 0, malformed(0, "it begins with "+quote(string(src[:min(len(src), 16)]))+
			" and not with HTTP/1: this address speaks another protocol")
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

// regular returns head with each line ended by CRLF and each field on one line.
// Other defects remain.
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

// parseLine parses the status line (RFC 9112 section 4). The space before an
// empty reason phrase is often missing.
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
// 15). Those over 599 are undefined, but some servers use them for errors.
func validStatus(s string) bool {
	return len(s) == 3 && s[0] != '0' && isDigit(s[0]) && isDigit(s[1]) && isDigit(s[2])
}
