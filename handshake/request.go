package handshake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// Request is the head of an HTTP request.
type Request struct {
	Method string
	Target string // as received: "/chat?room=1", or an absolute http or https URI
	Host   string // the authority of an absolute Target, else the value of the Host field
	Proto  string // "HTTP/1.1"
	Header Fields // includes the Host field if it comes from ParseRequest
	// Protocol is "websocket" in an extended CONNECT (RFC 8441 section 4, RFC
	// 9220 section 3): the pseudo-header field ":protocol", by which a request
	// of HTTP/2 or HTTP/3 asks for what an Upgrade field asks for in HTTP/1.1.
	// It is "" without that field.
	Protocol string
}

// ParseRequest parses the head of a request at the start of src and returns its
// size in bytes. It returns [ErrShort] if the head is incomplete, otherwise a
// *api.HandshakeError with status 400 or, for a head over [MaxHeadBytes] or
// [MaxFields], 431.
//
// It is strict where leniency would let two parsers of the same request
// disagree (RFC 9112 sections 2.2, 3 and 5): lines end in CRLF, single spaces
// separate the parts of the request line, no field is folded, no space precedes
// a colon.
//
// Call it when [HeadEnd] has found the end, or when nothing more will arrive.
func ParseRequest(src []byte) (r *Request, n int, err error) {
	r = new(Request)
	if n, err = r.ParseMax(src, MaxHeadBytes); err != nil {
		return nil, 0, err
	}
	return r, n, nil
}

// Parse is [ParseRequest] into r, whose Header's memory it reuses. On error r
// is empty.
func (r *Request) Parse(src []byte) (n int, err error) { return r.ParseMax(src, MaxHeadBytes) }

// ParseMax is Parse with another limit for the head, in bytes.
func (r *Request) ParseMax(src []byte, most int) (n int, err error) {
	r.Reset()
	if len(src) > 0 && !tokenByte(src[0]) {
		return 0, malformed(http.StatusBadRequest,
			"the request does not begin with a method: if it is TLS, this port does not accept it")
	}
	head, err := cutHead(src, most)
	if err != nil {
		return 0, err
	}
	line, rest, err := cutLine(head)
	if err == nil {
		err = r.parseLine(line)
	}
	if err == nil {
		r.Header, err = parseFields(r.Header, rest)
	}
	if err != nil {
		r.Reset()
		return 0, err
	}
	if r.Host == "" {
		r.Host = r.Header.Get("Host")
	}
	return len(head), nil
}

// Reset empties r, and keeps the memory of its Header.
func (r *Request) Reset() {
	clear(r.Header)
	*r = Request{Header: r.Header[:0]}
}

// parseLine parses the request line (RFC 9112 section 3).
func (r *Request) parseLine(line string) error {
	method, rest, _ := strings.Cut(line, " ")
	target, proto, _ := strings.Cut(rest, " ")
	if !isToken(method) || !isRequestTarget(target) || !validProto(proto) {
		return malformed(http.StatusBadRequest,
			"the request line "+quote(line)+" is malformed (RFC 9112 section 3)")
	}
	r.Method, r.Target, r.Proto = method, target, proto
	if target[0] == '/' {
		return nil
	}
	host, ok := targetHost(target)
	if !ok {
		return badTarget(target)
	}
	r.Host = host // RFC 9112 section 3.2.2: it overrides the Host field
	return nil
}

func badTarget(target string) *api.HandshakeError {
	return malformed(http.StatusBadRequest, "the request target "+quote(target)+
		" is neither a path nor an http or https URI (RFC 6455 section 4.2.1 item 1)")
}

func isAbsolute(target string) bool {
	_, ok := targetHost(target)
	return ok
}

// targetHost returns the authority of a target in absolute form.
func targetHost(target string) (host string, ok bool) {
	scheme, rest, _ := strings.Cut(target, "://")
	if !equalFold(scheme, "http") && !equalFold(scheme, "https") {
		return "", false
	}
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	_, ok = parseAuthority(rest)
	return rest, ok
}

// validProto reports whether s is "HTTP/" digit "." digit (RFC 9112 section
// 2.3).
func validProto(s string) bool {
	return len(s) == len("HTTP/1.1") && s[:5] == "HTTP/" && isDigit(s[5]) && s[6] == '.' && isDigit(s[7])
}

// FromHTTP returns the head of a request that net/http has parsed, or the
// server of HTTP/3 in quic-go. Fields that they remove from the header, Host
// and Transfer-Encoding, are restored where [Check] looks for them.
func FromHTTP(r *http.Request) *Request {
	into := new(Request)
	into.SetHTTP(r)
	return into
}

// SetHTTP sets into to what [FromHTTP] returns. The memory of its Header is
// reused.
func (into *Request) SetHTTP(r *http.Request) {
	n := 2
	for _, values := range r.Header {
		n += len(values)
	}
	into.Reset()
	h := slices.Grow(into.Header, n)
	protocol, proto := protocolOf(r)
	for name, values := range r.Header {
		if name == pseudoProtocol && protocol != "" {
			continue
		}
		for _, v := range values {
			h = append(h, Field{name, trimSpace(v)})
		}
	}
	if len(r.TransferEncoding) > 0 {
		h = append(h, Field{"Transfer-Encoding", strings.Join(r.TransferEncoding, ", ")})
	}
	if r.ContentLength > 0 && h.Count("Content-Length") == 0 {
		h = append(h, Field{"Content-Length", strconv.FormatInt(r.ContentLength, 10)})
	}
	target := r.RequestURI
	if target == "" && r.URL != nil {
		target = r.URL.RequestURI()
	}
	*into = Request{Method: r.Method, Target: target, Host: r.Host, Proto: proto, Header: h, Protocol: protocol}
}

// pseudoProtocol is the name under which net/http keeps the pseudo-header field
// among the others. A client cannot send a field of that name.
const pseudoProtocol = ":protocol"

// protocolOf returns the pseudo-header field ":protocol" of r, "" for none, and
// the version of HTTP. net/http has the former in the header; quic-go has it in
// Proto.
func protocolOf(r *http.Request) (protocol, proto string) {
	switch r.ProtoMajor {
	case 2:
		if v := r.Header[pseudoProtocol]; len(v) > 0 {
			protocol = v[0]
		}
	case 3:
		if r.Method == http.MethodConnect && !strings.HasPrefix(r.Proto, "HTTP/") {
			return r.Proto, "HTTP/3.0"
		}
	}
	return protocol, r.Proto
}

// ConnectProtocol returns the protocol that r asks for by an extended CONNECT
// (RFC 8441 section 4, RFC 9220 section 3), over HTTP/2 or HTTP/3: "websocket"
// for a WebSocket, "" if r is no such request.
func ConnectProtocol(r *http.Request) string {
	if r.Method != http.MethodConnect {
		return ""
	}
	protocol, _ := protocolOf(r)
	return protocol
}
