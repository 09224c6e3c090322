package handshake

import "github.com/twinws/ws/api"

// AppendResponse appends the head of the response that accepts a handshake (RFC
// 6455 section 4.2.2 item 5). extensions is the value of
// Sec-WebSocket-Extensions, "" for none; extra are additional fields, sorted by
// name, such as Set-Cookie.
//
// It returns a *api.ArgumentError, and dst unchanged, under the same rules as
// [AppendRequest].
func AppendResponse(dst []byte, a *Agreement, extensions string, extra map[string][]string) ([]byte, error) {
	if a.Subprotocol != "" && !isToken(a.Subprotocol) {
		return dst, &api.ArgumentError{Name: "Subprotocol", Problem: quote(a.Subprotocol) + " is not a token"}
	}
	if err := checkExtensions(extensions); err != nil {
		return dst, err
	}
	b := append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	b = append(b, "Sec-WebSocket-Accept: "...)
	b = append(appendAcceptKey(b, a.Key), "\r\n"...)
	if a.Subprotocol != "" {
		b = appendField(b, "Sec-WebSocket-Protocol", a.Subprotocol)
	}
	if extensions != "" {
		b = appendField(b, "Sec-WebSocket-Extensions", extensions)
	}
	b, err := appendHeader(b, extra)
	if err != nil {
		return dst, err
	}
	return append(b, "\r\n"...), nil
}
