package handshake

import (
	"cmp"
	"net/http"
	"net/netip"

	"github.com/twinws/ws/api"
)

// Policy are a server's rules for handshakes. A nil Policy is the zero one: no
// subprotocol, same origin only, not over TLS.
//
// Same origin means that scheme, host and port of the Origin field equal those
// of the request, whose host and port are in the Host field. The client
// controls that field: a page whose host name an attacker resolves to this
// server's address (DNS rebinding) is of the same origin, unless AllowedHosts
// lists the server's own names.
type Policy struct {
	// Subprotocols are those the server supports, in its order of preference.
	Subprotocols []string

	// OriginPatterns are the origins that may connect in addition to the
	// server's own, each "*", "null", or [scheme "://"] host [":" port]:
	//
	//   - Without a scheme, http and https match.
	//   - host is a name, an IP address, "*" for any host, or "*." and a name
	//     for all its subdomains of any depth, but not for the name itself.
	//   - port is a number or "*" for any. Without one, only the scheme's
	//     default port matches: 80 for http, 443 for https.
	//   - "*" alone allows every origin of any scheme and port, and "null";
	//     "null" alone allows the opaque origin of sandboxed frames and local
	//     files; "file://" that of local files in some web views. Both may be
	//     the origin of any file, also of a downloaded one.
	//     A malformed or repeated Origin field is never allowed.
	//
	// The parsed parts are compared, case-insensitively; internationalized
	// names are written in punycode.
	OriginPatterns []string

	// AllowedHosts are the host names that the server accepts: a request with
	// another Host is rejected with 403, whatever its origin.
	// Empty allows all. Each entry is host [":" port]:
	//
	//   - host is a name, an IP address (IPv6 in brackets), "*" for any host,
	//     or "*." and a name for all its subdomains, but not for the name
	//     itself.
	//   - port is a number or "*" for any. Without one, any port matches:
	//     a port does not tell who owns the name. A Host without a port means
	//     the default one, 80, or 443 over TLS.
	//
	// The parsed parts are compared, case-insensitively.
	AllowedHosts []string

	// InsecureSkipOriginCheck lets pages of any site connect, with the user's
	// cookies. Use it only if nothing depends on cookies or on the user's
	// network.
	InsecureSkipOriginCheck bool

	// TLS says that the request came over TLS, so that the scheme of the
	// server's own origin is https.
	TLS bool

	// Drafts are the drafts that the server accepts beside RFC 6455; nil means
	// none. [Check] accepts Hybi07 and Hybi10 if they are among them; the other
	// two have handshakes of their own (package legacy).
	Drafts []Draft

	// Peer is the address that the request came from, without a port. The zero
	// Addr, for an unknown one, is never trusted.
	Peer netip.Addr

	// TrustedProxies are the addresses of proxies that are believed about how
	// the client called them: if Peer is one of them, the scheme of the request
	// is what the proxy says in Forwarded (RFC 7239) or X-Forwarded-Proto, and
	// its host and port are what it says in Forwarded or X-Forwarded-Host. They
	// replace TLS and the Host field in the origin check and for AllowedHosts.
	// What the proxy does not say stays as it is. From any other address the
	// fields are ignored.
	//
	//   - Several values: of the X- fields the last one counts, which the
	//     nearest proxy has set. Of Forwarded the last element counts, or the
	//     one before if its "for" is one of TrustedProxies too, and so on.
	//   - ws and wss mean http and https. A port belongs to the host;
	//     X-Forwarded-Port is not read.
	//   - A request with malformed values, or whose Forwarded and X- fields
	//     contradict each other, is rejected with 400 where they are needed.
	//
	// A proxy must set or remove all of these fields: what it passes on as it
	// was received is believed too. A page cannot set them, other clients can.
	TrustedProxies []netip.Prefix
}

// Validate returns a *api.ArgumentError for a malformed subprotocol, pattern,
// host or prefix. [Check] never matches such a one.
func (p *Policy) Validate() error {
	if err := checkSubprotocols(p.Subprotocols); err != nil {
		return err
	}
	for _, s := range p.OriginPatterns {
		if problem := patternProblem(s); problem != "" {
			return &api.ArgumentError{Name: "OriginPatterns", Problem: quote(s) + " " + problem}
		}
	}
	for _, s := range p.AllowedHosts {
		if problem := hostPatternProblem(s); problem != "" {
			return &api.ArgumentError{Name: "AllowedHosts", Problem: quote(s) + " " + problem}
		}
	}
	for _, prefix := range p.TrustedProxies {
		if problem := proxyProblem(prefix); problem != "" {
			return &api.ArgumentError{Name: "TrustedProxies", Problem: quote(prefix.String()) + " " + problem}
		}
	}
	return nil
}

// Agreement is the result of the negotiation for an accepted request.
type Agreement struct {
	Draft       Draft       // the version of the protocol
	Key         string      // the client's Sec-WebSocket-Key
	Subprotocol string      // the server's choice, "" for none
	Offers      []Extension // the extensions that the client offers, in its order
	Extended    bool        // the request was an extended CONNECT: there is no Key
}

// Check checks a request against RFC 6455 section 4.2.1 and p. An extended
// CONNECT, over HTTP/2 or HTTP/3, is checked against RFC 8441 sections 4 and 5
// (RFC 9220 section 3): there are no Upgrade, Connection and Sec-WebSocket-Key,
// which are ignored; all else is the same.
//
// The error has a status of 400, 403, 405, 426, 431 or 501, the header of the
// response, and a Problem that names the cause and the remedy and may be shown
// to the peer: respond with [AppendRefusal]. 400 and 426 have
// Sec-WebSocket-Version (section 4.4).
func Check(r *Request, p *Policy) (*Agreement, *api.HandshakeError) {
	if p == nil {
		p = new(Policy)
	}
	d := RFC6455
	if err := cmp.Or(checkHTTP(r), p.checkUpgrade(r, &d), p.checkHost(r), p.checkOrigin(r, d)); err != nil {
		return nil, err
	}
	subprotocol, refusal := chooseSubprotocol(r.Header, p.Subprotocols)
	if refusal != nil {
		return nil, refusal
	}
	extensions, err := ParseExtensions(r.Header.Values("Sec-WebSocket-Extensions"))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, err.Error())
	}
	a := &Agreement{Draft: d, Subprotocol: subprotocol, Offers: extensions, Extended: r.Protocol != ""}
	if !a.Extended {
		a.Key = r.Header.Get("Sec-WebSocket-Key")
	}
	return a, nil
}

// CheckCommon checks of a request of draft d what all versions have in common:
// the request line, Host, the origin, p.AllowedHosts. The errors are those of
// [Check].
func (p *Policy) CheckCommon(r *Request, d Draft) *api.HandshakeError {
	return cmp.Or(checkHTTP(r), p.checkHost(r), p.checkOrigin(r, d))
}

// checkHTTP checks the HTTP request apart from the upgrade.
func checkHTTP(r *Request) *api.HandshakeError {
	fields := len(r.Header)
	if r.Host != "" && r.Header.Count("Host") == 0 {
		fields++ // net/http takes it out
	}
	if fields > MaxFields {
		return tooManyFields(fields)
	}
	if err := r.checkMethod(); err != nil {
		return err
	}
	switch {
	case r.Header.Count("Host") > 1:
		return refuse(http.StatusBadRequest, "there is more than one Host field (RFC 9112 section 3.2)")
	case !isRequestTarget(r.Target):
		return refuse(http.StatusBadRequest, "the request target "+quote(r.Target)+
			" has a fragment, a control character or a broken percent-encoding in its path (RFC 9112 section 3.2)")
	case r.Target[0] != '/' && !isAbsolute(r.Target):
		return badTarget(r.Target)
	case r.Header.body() != "" && !r.tailed():
		return refuse(http.StatusBadRequest, "the request has "+r.Header.body()+
			": a handshake has no body, frames follow it")
	}
	if _, ok := parseAuthority(r.Host); !ok {
		return refuse(http.StatusBadRequest, "the Host field "+quote(r.Host)+
			" is missing or malformed (RFC 6455 section 4.2.1 item 2)")
	}
	return nil
}

// checkMethod checks the method, which depends on the version of HTTP.
func (r *Request) checkMethod() *api.HandshakeError {
	multiplexed := len(r.Proto) < 6 || r.Proto[5] > '1' // or unknown
	switch {
	case multiplexed && r.Protocol != "":
		return r.checkExtended()
	case multiplexed:
		return refuse(http.StatusBadRequest, "the request came over "+quote(r.Proto)+", which has no Upgrade: there a WebSocket is "+
			"opened by a CONNECT with :protocol websocket (RFC 8441 section 4); or offer only http/1.1 by ALPN")
	case r.Protocol != "":
		return refuse(http.StatusBadRequest, "the request came over "+quote(r.Proto)+
			", which has no extended CONNECT (RFC 8441 section 4)")
	case r.Method != http.MethodGet:
		return refuse(http.StatusMethodNotAllowed, "the method is "+quote(r.Method)+
			": a WebSocket handshake is a GET (RFC 6455 section 4.2.1 item 1)")
	case r.Proto == "HTTP/1.0" || r.Proto[5] == '0':
		return refuse(http.StatusUpgradeRequired, "the request came over "+quote(r.Proto)+
			", the handshake needs HTTP/1.1 (RFC 6455 section 4.2.1 item 1): a proxy in front must use it too (nginx: proxy_http_version 1.1)")
	}
	return nil
}

// checkExtended checks the method and the protocol of an extended CONNECT.
func (r *Request) checkExtended() *api.HandshakeError {
	switch {
	case r.Method != http.MethodConnect:
		return refuse(http.StatusBadRequest, "the method is "+quote(r.Method)+
			": only CONNECT has a :protocol (RFC 8441 section 4)")
	case r.Protocol != "websocket":
		return refuse(http.StatusNotImplemented, "the :protocol is "+quote(r.Protocol)+
			": this address speaks websocket only (RFC 9220 section 3)")
	}
	return nil
}

// checkUpgrade checks the fields that request a WebSocket, and sets d to the
// version.
func (p *Policy) checkUpgrade(r *Request, d *Draft) *api.HandshakeError {
	if r.Protocol != "" {
		return checkVersion(r)
	}
	const proxy = ": this address speaks WebSocket only; a proxy in front must forward Upgrade and Connection"
	h := r.Header
	version := h.Get("Sec-WebSocket-Version")
	switch {
	case h.Count("Upgrade") > 1:
		return refuse(http.StatusBadRequest, "there is more than one Upgrade field")
	case !h.hasToken("Upgrade", "websocket"):
		return refuse(http.StatusUpgradeRequired, "no Upgrade field names websocket (RFC 6455 section 4.2.1 item 3)"+proxy)
	case !h.hasToken("Connection", "Upgrade"):
		return refuse(http.StatusUpgradeRequired, "no Connection field has the token Upgrade (RFC 6455 section 4.2.1 item 4)"+proxy)
	case h.Count("Sec-WebSocket-Version") > 1:
		return refuse(http.StatusBadRequest, "there is more than one Sec-WebSocket-Version field (RFC 6455 section 11.3.5)")
	case version != Version && !p.letsIn(r, d):
		return p.refuseVersion(r, version)
	case h.Count("Sec-WebSocket-Key") != 1:
		return refuse(http.StatusBadRequest, "Sec-WebSocket-Key must occur exactly once (RFC 6455 section 11.3.1)")
	case !validKey(h.Get("Sec-WebSocket-Key")):
		return refuse(http.StatusBadRequest, "Sec-WebSocket-Key is not the base64 of 16 bytes (RFC 6455 section 4.2.1 item 5)")
	}
	return nil
}

// checkVersion checks the version of an extended CONNECT: no draft has one.
func checkVersion(r *Request) *api.HandshakeError {
	switch version := r.Header.Get("Sec-WebSocket-Version"); {
	case r.Header.Count("Sec-WebSocket-Version") > 1:
		return refuse(http.StatusBadRequest, "there is more than one Sec-WebSocket-Version field (RFC 6455 section 11.3.5)")
	case version != Version:
		return refuse(http.StatusBadRequest, "the Sec-WebSocket-Version is "+quote(version)+
			", an extended CONNECT has "+Version+" (RFC 8441 section 5, RFC 6455 section 4.2.1 item 6)")
	}
	return nil
}
