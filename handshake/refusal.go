package handshake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/twinws/ws/api"
)

// refuse returns an error with the fields that its status calls for.
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
		h["Sec-WebSocket-Version"] = []string{Version}
	}
	return &api.HandshakeError{Status: status, Header: h, Problem: problem}
}

// Refusal returns the status, the header and the body that answer a request
// that failed with e, for a server that writes them through net/http.
//
// The body is e.Body, else e.Problem as plain text. The connection is to be closed, so that
// nobody takes what follows for another request; "close" stands first among the
// values of Connection, where net/http looks for it. A status that refuses
// nothing (under 300, over 599, or 304) becomes 500; fields that cannot be
// written are left out.
func Refusal(e *api.HandshakeError) (status int, h http.Header, body []byte) {
	status = e.Status
	if status < 300 || status > 599 || status == http.StatusNotModified {
		status = http.StatusInternalServerError
	}
	h = http.Header{
		"Connection":             {"close"},
		"Content-Type":           {"text/plain; charset=utf-8"},
		"X-Content-Type-Options": {"nosniff"},
	}
	for _, name := range sortedNames(e.Header) {
		if !isToken(name) {
			continue
		}
		key := http.CanonicalHeaderKey(name)
		values := slices.DeleteFunc(slices.Clone(e.Header[name]), func(v string) bool { return !isFieldValue(v) })
		if key == "Connection" {
			values = append(h[key], values...)
		}
		h[key] = values
	}
	body = e.Body
	if len(body) == 0 && e.Problem != "" {
		body = []byte(e.Problem + "\n")
	}
	delete(h, "Transfer-Encoding")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return status, h, body
}

// AppendRefusal appends the whole response that answers a request that failed
// with e: what [Refusal] returns, its fields sorted by name.
func AppendRefusal(dst []byte, e *api.HandshakeError) []byte {
	status, h, body := Refusal(e)
	dst = append(dst, "HTTP/1.1 "+strconv.Itoa(status)+" "+http.StatusText(status)+"\r\n"...)
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			dst = appendField(dst, name, v)
		}
	}
	dst = append(dst, "\r\n"...)
	return append(dst, body...)
}
