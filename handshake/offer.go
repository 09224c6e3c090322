package handshake

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// ClientRequest is a client's handshake request.
type ClientRequest struct {
	Target       string              // path and query: "/chat?room=1"
	Host         string              // host, and port unless it is the scheme's default
	Key          string              // from NewKey
	Subprotocols []string            // in order of preference; nil offers none
	Extensions   string              // the value of Sec-WebSocket-Extensions; "" offers none
	Header       map[string][]string // additional fields; an http.Header can be used
	Draft        Draft               // RFC6455, Hybi07 or Hybi10
	Origin       string              // of the page, in the draft's field; "" sends none
}

// AppendRequest appends the head of r's request to dst (RFC 6455 section 4.1).
// The fields of the handshake come first, those of r.Header after them, sorted
// by name, with their spelling kept.
//
// It returns a *api.ArgumentError, and dst unchanged, for anything that would
// not arrive as one field or one request line (in particular CR, LF and NUL),
// and for fields in r.Header that belong to the handshake: Host, Upgrade,
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
	b = appendField(b, "Sec-WebSocket-Version", r.Draft.Version())
	if r.Origin != "" {
		b = appendField(b, r.Draft.OriginField(), r.Origin)
	}
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
			" must begin with / and contain visible ASCII only, without #: percent-encode the rest"}
	}
	if _, ok := parseAuthority(r.Host); !ok {
		return &api.ArgumentError{Name: "Host", Problem: quote(r.Host) +
			" is not host or host:port: write names as ASCII (punycode), IPv6 in brackets, and no user"}
	}
	if !isFieldValue(r.Origin) {
		return &api.ArgumentError{Name: "Origin", Problem: quote(r.Origin) + " has a control character, such as CR, LF or NUL"}
	}
	if r.Draft.Version() == "" {
		return &api.ArgumentError{Name: "Draft", Problem: r.Draft.String() + " has a request of its own: use package legacy"}
	}
	if !validKey(r.Key) {
		return &api.ArgumentError{Name: "Key", Problem: "is not the base64 of 16 bytes: use NewKey"}
	}
	if err := checkSubprotocols(r.Subprotocols); err != nil {
		return err
	}
	return checkExtensions(r.Extensions)
}

// checkExtensions checks the grammar of a value of Sec-WebSocket-Extensions.
func checkExtensions(value string) error {
	if value == "" {
		return nil
	}
	if _, err := ParseExtensions([]string{value}); err != nil {
		return &api.ArgumentError{Name: "Extensions", Problem: err.Error()}
	}
	return nil
}

// owned reports whether the field belongs to the handshake.
func owned(name string) bool {
	const prefix = "sec-websocket-"
	name = lowerString(name)
	switch name {
	case "host", "upgrade", "connection", "content-length", "transfer-encoding":
		return true
	}
	return strings.HasPrefix(name, prefix)
}

// appendHeader appends the fields of h, sorted by name, and rejects those that
// are not allowed.
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
// order of names, that [AppendRequest] and [AppendResponse] reject: one whose
// name is not a token, or which belongs to the handshake, in any spelling, and
// one with a value that would not arrive as one line. option is the name of h
// in the error, such as "Header".
func CheckHeader(option string, h map[string][]string) error {
	for _, name := range sortedNames(h) {
		at := option + "[" + quote(name) + "]"
		switch {
		case !isToken(name):
			return &api.ArgumentError{Name: at, Problem: "the name is not a token (RFC 9110 section 5.6.2)"}
		case owned(name):
			return &api.ArgumentError{Name: at, Problem: "this field belongs to the handshake: leave it out"}
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
