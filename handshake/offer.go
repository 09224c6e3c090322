package handshake

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// ClientRequest is what a client asks for.
type ClientRequest struct {
	Target       string              // path and query: "/chat?room=1"
	Host         string              // host, and port unless it is the scheme's default
	Key          string              // from NewKey
	Subprotocols []string            // in order of preference; nil offers none
	Extensions   string              // the value of Sec-WebSocket-Extensions; "" offers none
	Header       map[string][]string // further fields; an http.Header will do
}

// AppendRequest appends the head of r's request to dst (RFC 6455 section 4.1).
// The handshake's own fields come first, those of r.Header after them, sorted
// by name, in the spelling that they have there.
//
// It returns a *api.ArgumentError, and dst as it was, for anything that would
// not arrive as one field or one request line (CR, LF and NUL above all), and
// for fields in r.Header that the handshake writes by itself: Host, Upgrade,
// Connection, Sec-WebSocket-*, Content-Length and Transfer-Encoding.
func AppendRequest(dst []byte, r *ClientRequest) ([]byte, error) {
	if err := r.check(); err != nil {
		return dst, err
	}
	b := append(dst, "GET "+r.Target+" HTTP/1.1\r\n"...)
	b = appendField(b, "Host", r.Host)
	b = appendField(b, "Upgrade", "websocket")
	b = appendField(b, "Connection", "Upgrade")
	b = appendField(b, "Sec-WebSocket-Key", r.Key)
	b = appendField(b, "Sec-WebSocket-Version", Version)
	if len(r.Subprotocols) > 0 {
		b = appendField(b, "Sec-WebSocket-Protocol", strings.Join(r.Subprotocols, ", "))
	}
	if r.Extensions != "" {
		b = appendField(b, "Sec-WebSocket-Extensions", r.Extensions)
	}
	b, err := appendHeader(b, r.Header)
	if err != nil {
		return dst, err
	}
	return append(b, "\r\n"...), nil
}

func (r *ClientRequest) check() error {
	if !strings.HasPrefix(r.Target, "/") || !isTarget(r.Target) {
		return &api.ArgumentError{Name: "Target", Problem: quote(r.Target) +
			" must begin with / and hold visible ASCII only, without #: percent-encode the rest"}
	}
	if _, ok := parseAuthority(r.Host); !ok {
		return &api.ArgumentError{Name: "Host", Problem: quote(r.Host) +
			" is not host or host:port: write names as ASCII (punycode), IPv6 in brackets, and no user"}
	}
	if !validKey(r.Key) {
		return &api.ArgumentError{Name: "Key", Problem: "is not the base64 of 16 bytes: use NewKey"}
	}
	if err := checkSubprotocols(r.Subprotocols); err != nil {
		return err
	}
	return checkExtensions(r.Extensions)
}

// checkExtensions holds a value of Sec-WebSocket-Extensions to its grammar.
func checkExtensions(value string) error {
	if value == "" {
		return nil
	}
	if _, err := ParseExtensions([]string{value}); err != nil {
		return &api.ArgumentError{Name: "Extensions", Problem: err.Error()}
	}
	return nil
}

// owned reports whether the handshake writes the field called name by itself.
func owned(name string) bool {
	const prefix = "sec-websocket-"
	name = lowerString(name)
	switch name {
	case "host", "upgrade", "connection", "content-length", "transfer-encoding":
		return true
	}
	return strings.HasPrefix(name, prefix)
}

// appendHeader appends h's fields, sorted by name, and refuses those that may
// not be there.
func appendHeader(dst []byte, h map[string][]string) ([]byte, error) {
	if len(h) == 0 {
		return dst, nil
	}
	if err := CheckHeader("Header", h); err != nil {
		return dst, err
	}
	for _, name := range sortedNames(h) {
		for _, v := range h[name] {
			dst = appendField(dst, name, v)
		}
	}
	return dst, nil
}

// CheckHeader returns a *api.ArgumentError for the first field of h, in the
// order of their names, that [AppendRequest] and [AppendResponse] refuse: one
// whose name is no token, or which the handshake writes by itself, in whatever
// spelling, and one with a value that would not arrive as one line. option is
// what the error calls h, such as "Header".
func CheckHeader(option string, h map[string][]string) error {
	for _, name := range sortedNames(h) {
		at := option + "[" + quote(name) + "]"
		switch {
		case !isToken(name):
			return &api.ArgumentError{Name: at, Problem: "the name is not a token (RFC 9110 section 5.6.2)"}
		case owned(name):
			return &api.ArgumentError{Name: at, Problem: "the handshake writes this field by itself: leave it out"}
		}
		for i, v := range h[name] {
			if !isFieldValue(v) {
				return &api.ArgumentError{Name: at, Problem: "value " + strconv.Itoa(i) + " has a control character, such as CR, LF or NUL"}
			}
		}
	}
	return nil
}

func sortedNames(h map[string][]string) []string {
	return slices.Sorted(maps.Keys(h))
}

func appendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, trimSpace(value)...)
	return append(dst, "\r\n"...)
}
