package handshake

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/twinws/ws/api"
)

// Draft is a version of the protocol: RFC 6455, or one that browsers shipped
// before it. This package checks and writes handshakes of RFC 6455, and of
// Hybi07 and Hybi10, which differ from it in two fields; the older two have
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

// String returns the name in use: "hixie-75"; "Draft(9)" for none of them.
func (d Draft) String() string {
	if d < RFC6455 || d > Hybi10 {
		return "Draft(" + strconv.Itoa(int(d)) + ")"
	}
	return [...]string{"RFC 6455", "hixie-75", "hixie-76", "hybi-07", "hybi-10"}[d]
}

// Version is the value of Sec-WebSocket-Version, "" for those without.
func (d Draft) Version() string {
	switch d {
	case RFC6455:
		return Version
	case Hybi07:
		return "7"
	case Hybi10:
		return "8"
	}
	return ""
}

// OriginField is the request's field with the origin of the page.
func (d Draft) OriginField() string {
	if d == Hybi07 || d == Hybi10 {
		return "Sec-WebSocket-Origin"
	}
	return "Origin"
}

// DraftOf returns the version that a request asks for. It reports false for a
// request that does not ask for an upgrade to WebSocket, or for another
// version. An extended CONNECT asks for RFC 6455: no draft has one.
func DraftOf(r *Request) (Draft, bool) {
	if r.Protocol != "" {
		return RFC6455, true
	}
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

// tailBytes is how many bytes are behind the head of a request of hixie-76.
const tailBytes = "8"

// tailed reports whether the body that the request announces is what hixie-76
// sends behind the head: some clients announce it.
func (r *Request) tailed() bool {
	d, _ := DraftOf(r)
	h := r.Header
	return d == Hixie76 && h.Count("Transfer-Encoding") == 0 && h.Count("Content-Length") == 1 && h.Get("Content-Length") == tailBytes
}

// letsIn reports whether a request that is not of RFC 6455 is of a draft that
// [Check] accepts, and sets d to that.
func (p *Policy) letsIn(r *Request, d *Draft) bool {
	draft, ok := DraftOf(r)
	if !ok || draft.Version() == "" || !slices.Contains(p.Drafts, draft) {
		return false
	}
	*d = draft
	return true
}

// refuseVersion is the answer to a request of another version. It names a draft
// that browsers spoke, so that whoever reads a log knows what is out there.
func (p *Policy) refuseVersion(r *Request, version string) *api.HandshakeError {
	problem := "Sec-WebSocket-Version is " + quote(version)
	remedy := "only version 13 is supported (RFC 6455 section 4.4)"
	if d, ok := DraftOf(r); ok {
		problem = "the request is of the draft " + d.String() + ", which browsers spoke before RFC 6455"
		remedy += "; package github.com/twinws/ws/legacy accepts it"
		if p.Drafts != nil {
			remedy = "this server does not let it in (AcceptOptions.Drafts)"
		}
	}
	return p.refuseOld(problem + ": " + remedy)
}

// refuseOld is refuse with status 426 and the versions that are accepted.
func (p *Policy) refuseOld(problem string) *api.HandshakeError {
	e := refuse(http.StatusUpgradeRequired, problem)
	versions := Version
	for _, d := range p.Drafts {
		if v := d.Version(); v != "" && d != RFC6455 {
			versions += ", " + v
		}
	}
	e.Header["Sec-Websocket-Version"] = []string{versions}
	return e
}
