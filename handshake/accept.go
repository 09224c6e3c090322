package handshake

import (
	"maps"
	"net/http"

	"github.com/twinws/ws/api"
)

// AppendResponse appends the head of the response that accepts a handshake (RFC
// 6455 section 4.2.2 item 5). extensions is the value of
// Sec-WebSocket-Extensions, "" for none; extra are additional fields, sorted by
// name, such as Set-Cookie.
//
// It returns a *api.ArgumentError, and dst unchanged, under the same rules as
// [AppendRequest], and if the request was an extended CONNECT: HTTP/2 and
// HTTP/3 write a header otherwise, see [Agreement.Response].
func AppendResponse(dst []byte, a *Agreement, extensions string, extra map[string][]string) ([]byte, error) {
	if a.Extended {
		return dst, &api.ArgumentError{Name: "Agreement", Problem: "is of an extended CONNECT: its response is not one of HTTP/1.1"}
	}
	if err := a.check(extensions); err != nil {
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

// check checks what the server has chosen.
func (a *Agreement) check(extensions string) error {
	if a.Subprotocol != "" && !isToken(a.Subprotocol) {
		return &api.ArgumentError{Name: "Subprotocol", Problem: quote(a.Subprotocol) + " is not a token"}
	}
	return checkExtensions(extensions)
}

// Response returns the status and the header of the response that accepts a
// handshake, for a server that writes them through net/http: to an extended
// CONNECT 200, without Sec-WebSocket-Accept (RFC 8441 section 5), otherwise
// 101. The arguments and the errors are those of [AppendResponse].
func (a *Agreement) Response(extensions string, extra map[string][]string) (status int, header map[string][]string, err error) {
	if err := a.check(extensions); err != nil {
		return 0, nil, err
	}
	if err := CheckHeader("Header", extra); err != nil {
		return 0, nil, err
	}
	header = make(map[string][]string, len(extra)+4)
	maps.Copy(header, extra)
	status = http.StatusOK
	if !a.Extended {
		status = http.StatusSwitchingProtocols
		header["Upgrade"], header["Connection"] = []string{"websocket"}, []string{"Upgrade"}
		header["Sec-WebSocket-Accept"] = []string{string(appendAcceptKey(nil, a.Key))}
	}
	if a.Subprotocol != "" {
		header["Sec-WebSocket-Protocol"] = []string{a.Subprotocol}
	}
	if extensions != "" {
		header["Sec-WebSocket-Extensions"] = []string{extensions}
	}
	return status, header, nil
}
