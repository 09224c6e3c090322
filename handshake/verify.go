package handshake

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/twinws/ws/api"
)

// CheckResponse checks the server's response to req against RFC 6455 section
// 4.1, items 1 to 6 of its last list. It returns the negotiated subprotocol, ""
// for none, and the negotiated extensions.
//
// The error is a *api.HandshakeError with the response's status and header,
// whose Problem names the first violation.
func CheckResponse(r *Response, req *ClientRequest) (subprotocol string, extensions []Extension, err error) {
	return r.negotiated(req, r.problem(req.Key))
}

// negotiated returns what was negotiated, or an error if there is a problem.
func (r *Response) negotiated(req *ClientRequest, problem string) (subprotocol string, extensions []Extension, err error) {
	if problem == "" {
		subprotocol, problem = r.subprotocol(req.Subprotocols)
	}
	if problem == "" {
		extensions, problem = r.extensions(req.Extensions)
	}
	if problem != "" {
		return "", nil, &api.HandshakeError{Status: r.Status, Header: r.Header.HTTP(), Problem: problem}
	}
	return subprotocol, extensions, nil
}

// problem returns the first problem of a response apart from what was
// negotiated, "" for none.
//
// A 101 ends at its empty line, whatever Content-Length and Transfer-Encoding
// say (RFC 9112 section 6.3 item 1): frames follow. The version in its status
// line does not matter either, which some gateways write as HTTP/1.0:
// Sec-WebSocket-Accept alone proves that the server has switched protocols.
func (r *Response) problem(key string) string {
	h := r.Header
	accept := h.Get("Sec-WebSocket-Accept")
	switch {
	case r.Status != http.StatusSwitchingProtocols:
		return r.refusal()
	case h.Count("Upgrade") == 0:
		return "the response has no Upgrade field (item 2)"
	case h.Count("Upgrade") > 1 || !equalFold(h.Get("Upgrade"), "websocket"):
		return "the server switched to " + quote(h.Get("Upgrade")) + ", not to websocket alone (item 2)"
	case !h.hasToken("Connection", "Upgrade"):
		return "the response has no Connection field with the token Upgrade (item 3)"
	case h.Count("Sec-WebSocket-Accept") == 0:
		return "the response has no Sec-WebSocket-Accept field: the server did not read the key (item 4)"
	case h.Count("Sec-WebSocket-Accept") > 1:
		return "the response has Sec-WebSocket-Accept more than once (item 4)"
	case accept != AcceptKey(key):
		return "Sec-WebSocket-Accept " + quote(accept) + " does not match the key that was sent: it belongs to another connection, perhaps from a cache (item 4)"
	}
	return ""
}

// refusal explains a status other than 101 (item 1).
func (r *Response) refusal() string {
	got := r.instead("101 Switching Protocols")
	switch {
	case r.Status == http.StatusUpgradeRequired && r.Header.Count("Sec-WebSocket-Version") > 0:
		return got + ": it speaks version " + quote(r.Header.Get("Sec-WebSocket-Version")) + " of the protocol"
	case r.Status/100 == 2 || r.Status == http.StatusNotFound:
		return got + ": nothing at this address speaks WebSocket, check the path, and that proxies forward Upgrade"
	}
	return got + r.hint()
}

// instead says which status the server answered.
func (r *Response) instead(of string) string {
	got := "the server answered " + strconv.Itoa(r.Status)
	if text := http.StatusText(r.Status); text != "" {
		got += " " + text
	}
	return got + " instead of " + of
}

// hint explains a status that refuses a handshake of any HTTP version.
func (r *Response) hint() string {
	switch {
	case r.Status == http.StatusUnauthorized:
		return ": it requires credentials, in the Authorization header or a cookie"
	case r.Status == http.StatusForbidden:
		return ": it does not allow this client, or this Origin"
	case r.Status/100 == 3 && r.Header.Count("Location") > 0:
		return ": redirects are not followed, dial " + quote(r.Header.Get("Location")) + " if you trust it"
	}
	return ""
}

// subprotocol returns the server's choice (item 6). A server that selects none
// of those offered may omit the field (section 4.2.2 item 5.5).
func (r *Response) subprotocol(offered []string) (name, problem string) {
	const field = "Sec-WebSocket-Protocol"
	name = r.Header.Get(field)
	switch n := r.Header.Count(field); {
	case n == 0:
		return "", ""
	case n > 1:
		return "", "the server chose a subprotocol more than once (item 6)"
	case !slices.Contains(offered, name):
		return "", "the server chose the subprotocol " + quote(name) + ", which was not offered (item 6)"
	}
	return name, ""
}

// extensions returns the extensions that the server accepted (item 5). Each
// must match an offer, and each offer may be accepted once.
func (r *Response) extensions(offered string) (all []Extension, problem string) {
	all, err := ParseExtensions(r.Header.Values("Sec-WebSocket-Extensions"))
	if err != nil {
		return nil, err.Error()
	}
	offers, _ := ParseExtensions([]string{offered}) // AppendRequest has checked it
	for i, e := range all {
		named := func(o Extension) bool { return o.Name == e.Name }
		switch {
		case !slices.ContainsFunc(offers, named):
			return nil, "the server agreed to the extension " + quote(e.Name) + ", which was not offered (item 5)"
		case slices.ContainsFunc(all[:i], named):
			return nil, "the server agreed to the extension " + quote(e.Name) + " more than once (item 5)"
		}
	}
	return all, ""
}
