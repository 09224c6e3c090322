package handshake

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// refuse returns an error with the fields that its status requires.
func refuse(status int, problem string) *api.HandshakeError {
	h := make(http.Header)
	switch status {
	case http.StatusMethodNotAllowed: // RFC 9110 section 15.5.6
		h.Set("Allow", http.MethodGet)
	case http.StatusUpgradeRequired: // RFC 9110 sections 15.5.22 and 7.8
		h.Set("Upgrade", "websocket")
		h.Set("Connection", "Upgrade")
		fallthrough
	case http.StatusBadRequest:
		h.Set("Sec-WebSocket-Version", Version)
	}
	return &api.HandshakeError{Status: status, Header: h, Problem: problem}
}

// Refusal returns the status, the header and the body of the response to a
// request that failed with e, for a server that writes them through net/http.
//
// The body is e.Body, otherwise e.Problem as plain text. The connection must be
// closed, so that the bytes that follow are not taken for another request;
// "close" is the first value of Connection, where net/http looks for it. A
// status that does not reject the request (under 300, over 599, or 304) becomes
// 500; invalid fields are left out. Names are spelled as they are sent: assign
// them to an http.Header directly.
func Refusal(e *api.HandshakeError) (status int, header map[string][]string, body []byte) {
	status = e.Status
	if status < 300 || status > 599 || status == http.StatusNotModified {
		status = http.StatusInternalServerError
	}
	body = e.Body
	if len(body) == 0 && e.Problem != "" {
		body = []byte(e.Problem + "\n")
	}
	header = map[string][]string{
		"Connection":             {"close"},
		"Content-Type":           {"text/plain; charset=utf-8"},
		"X-Content-Type-Options": {"nosniff"},
	}
	for _, name := range sortedNames(e.Header) {
		if !isToken(name) {
			continue
		}
		values := slices.DeleteFunc(slices.Clone(e.Header[name]), func(v string) bool { return !isFieldValue(v) })
		key := spelling(name)
		if key == "Connection" {
			values = append(header[key], values...)
		}
		header[key] = values
	}
	delete(header, "Transfer-Encoding")
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	return status, header, body
}

// spelling returns name as RFC 6455 spells it if it is one of the handshake's,
// else as net/http does. Both mean the same, but some scripts compare
// case-sensitively.
func spelling(name string) string {
	name = http.CanonicalHeaderKey(name)
	if rest, ok := strings.CutPrefix(name, "Sec-Websocket-"); ok {
		return "Sec-WebSocket-" + rest
	}
	return name
}

// AppendRefusal appends the whole response to a request that failed with e: the
// results of [Refusal], with the fields sorted by name.
func AppendRefusal(dst []byte, e *api.HandshakeError) []byte {
	status, header, body := Refusal(e)
	dst = append(dst, "HTTP/1.1 "+strconv.Itoa(status)+" "+http.StatusText(status)+"\r\n"...)
	for _, name := range sortedNames(header) {
		for _, v := range header[name] {
			dst = appendField(dst, name, v)
		}
	}
	dst = append(dst, "\r\n"...)
	return append(dst, body...)
}
