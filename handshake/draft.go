package handshake

// Draft is a version of the protocol: RFC 6455, or one that browsers shipped
// before it. This package checks and writes handshakes of RFC 6455, and of
// HyBi07 and HyBi10, which differ from it in two fields; the older two have
// handshakes of their own (package legacy).
type Draft int

// The drafts, and the standard.
const (
	RFC6455 Draft = iota // version 13
	Hixie75
	Hixie76 // and hybi-00, which is the same
	Hybi07  // version 7
	Hybi10  // version 8, of the drafts 08 to 12
)

// String returns the name in use: "hixie-75".
func (d Draft) String() string {
	return [...]string{"RFC 6455", "hixie-75", "hixie-76", "hybi-07", "hybi-10"}[d]
}

// Version is the value of Sec-WebSocket-Version, "" for those without.
func (d Draft) Version() string {
	return [...]string{Version, "", "", "7", "8"}[d]
}

// OriginField is the request's field with the origin of the page.
func (d Draft) OriginField() string {
	if d == Hybi07 || d == Hybi10 {
		return "Sec-WebSocket-Origin"
	}
	return "Origin"
}

// DraftOf returns the version that a request asks for. It reports false for a
// request that does not ask for an upgrade to WebSocket, or for another version.
func DraftOf(r *Request) (Draft, bool) {
	h := r.Header
	if r.Method != "GET" || !h.hasToken("Upgrade", "websocket") || !h.hasToken("Connection", "Upgrade") {
		return 0, false
	}
	if h.Count("Sec-WebSocket-Version") == 0 {
		switch keys := h.Count("Sec-WebSocket-Key1") + h.Count("Sec-WebSocket-Key2"); {
		case keys > 0:
			return Hixie76, true
		case h.Count("Sec-WebSocket-Key") == 0:
			return Hixie75, true
		}
		return 0, false
	}
	for _, d := range []Draft{RFC6455, Hybi07, Hybi10} {
		if h.Get("Sec-WebSocket-Version") == d.Version() {
			return d, true
		}
	}
	return 0, false
}
