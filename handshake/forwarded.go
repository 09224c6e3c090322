package handshake

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// maxForwardedBytes is the total length of the Forwarded fields that are read.
// An element takes about 60 bytes.
const maxForwardedBytes = 4 << 10

// trusts reports whether a is the address of a proxy whose word counts. The
// zero Addr is nobody's.
func (p *Policy) trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, prefix := range p.TrustedProxies {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// proxyProblem returns the problem of an entry of Policy.TrustedProxies, "" for
// none.
func proxyProblem(p netip.Prefix) string {
	switch {
	case !p.IsValid():
		return `is not an address and a length, such as netip.MustParsePrefix("10.0.0.0/8")`
	case p.Addr().Is4In6():
		return "is IPv4 in the form of IPv6: write it as IPv4, such as 10.0.0.0/8"
	}
	return ""
}

// own returns the origin of the pages that the server serves under the name by
// which the client called it. ok is false if the name is malformed.
func (p *Policy) own(r *Request) (o origin, ok bool, refusal *api.HandshakeError) {
	if len(p.TrustedProxies) == 0 || !p.trusts(p.Peer) {
		o, ok = ownOrigin(r.Host, p.TLS)
		return o, ok, nil
	}
	said, refusal := p.forwarded(r.Header)
	if refusal != nil {
		return origin{}, false, refusal
	}
	if said.host == "" {
		said.host = r.Host
	}
	o, ok = ownOrigin(said.host, said.scheme == "https" || said.scheme == "" && p.TLS)
	return o, ok, nil
}

// called is how a client called the first proxy, as a proxy says: "" for what
// it does not say.
type called struct{ scheme, host string }

// forwarded returns what the nearest proxies say, by either kind of field.
//
// A proxy sets one kind and may pass on the other as the client sent it. If
// both are there and differ, it is unknown which of them is the proxy's.
func (p *Policy) forwarded(h Fields) (called, *api.HandshakeError) {
	standard, refusal := p.standardForwarded(h)
	if refusal != nil {
		return called{}, refusal
	}
	var custom called
	if custom.scheme, refusal = forwardedScheme("X-Forwarded-Proto", lastElement(h, "X-Forwarded-Proto")); refusal != nil {
		return called{}, refusal
	}
	if custom.host, refusal = forwardedHost("X-Forwarded-Host", lastElement(h, "X-Forwarded-Host")); refusal != nil {
		return called{}, refusal
	}
	switch {
	case standard.scheme != "" && custom.scheme != "" && standard.scheme != custom.scheme:
		return called{}, contradiction("X-Forwarded-Proto")
	case standard.host != "" && custom.host != "" && !equalFold(standard.host, custom.host):
		return called{}, contradiction("X-Forwarded-Host")
	}
	if standard.scheme == "" {
		standard.scheme = custom.scheme
	}
	if standard.host == "" {
		standard.host = custom.host
	}
	return standard, nil
}

func contradiction(name string) *api.HandshakeError {
	return refuse(http.StatusBadRequest, "the fields Forwarded and "+name+
		" contradict each other: make the proxy set one and remove the other")
}

// lastElement returns the last element of the lists of that name: what the
// nearest proxy has added, if it adds to what it received.
func lastElement(h Fields, name string) (last string) {
	for i := range h {
		if equalFold(h[i].Name, name) {
			for e := range elements(h[i].Value) {
				last = e
			}
		}
	}
	return last
}

// forwardedScheme returns http or https, "" for "". Some proxies write ws and
// wss for a WebSocket handshake.
func forwardedScheme(field, s string) (string, *api.HandshakeError) {
	switch {
	case s == "":
		return "", nil
	case equalFold(s, "http"), equalFold(s, "ws"):
		return "http", nil
	case equalFold(s, "https"), equalFold(s, "wss"):
		return "https", nil
	}
	return "", refuse(http.StatusBadRequest, "the proxy's "+field+" says the scheme "+quote(s)+", want http or https")
}

func forwardedHost(field, s string) (string, *api.HandshakeError) {
	if _, ok := parseAuthority(s); !ok && s != "" {
		return "", refuse(http.StatusBadRequest, "the proxy's "+field+" says the host "+quote(s)+", want host[:port]")
	}
	return s, nil
}

// standardForwarded returns what the Forwarded field says (RFC 7239). Each
// proxy adds an element, with the address of its own client. Ours is the peer,
// which is trusted; the element before is trusted if that client is, and so on.
func (p *Policy) standardForwarded(h Fields) (said called, refusal *api.HandshakeError) {
	hops, problem := forwardedHops(h)
	if problem != "" {
		return called{}, refuse(http.StatusBadRequest, "the proxy's Forwarded field "+problem+" (RFC 7239 section 4)")
	}
	last := len(hops) - 1
	if last < 0 {
		return called{}, nil
	}
	for last > 0 && p.trusts(nodeAddr(hops[last].node)) {
		last--
	}
	if said.scheme, refusal = forwardedScheme("Forwarded", hops[last].proto); refusal != nil {
		return called{}, refusal
	}
	said.host, refusal = forwardedHost("Forwarded", hops[last].host)
	return said, refusal
}

// hop is an element of Forwarded. node is the parameter "for".
type hop struct{ node, proto, host string }

// forwardedHops parses all Forwarded fields. A problem is what is wrong with
// them.
func forwardedHops(h Fields) (hops []hop, problem string) {
	size := 0
	for i := range h {
		if !equalFold(h[i].Name, "Forwarded") {
			continue
		}
		if size += len(h[i].Value); size > maxForwardedBytes {
			return nil, "has over " + strconv.Itoa(maxForwardedBytes) + " bytes"
		}
		for l := (lexer{s: h[i].Value}); ; {
			if l.skipCommas(); l.done() {
				break
			}
			one, problem := parseHop(&l)
			if problem != "" {
				return nil, problem
			}
			hops = append(hops, one)
		}
	}
	return hops, ""
}

// parseHop parses [ pair ] *( ";" [ pair ] ), up to a comma or the end.
func parseHop(l *lexer) (one hop, problem string) {
	seen := ""
	for {
		if l.take(';') {
			continue
		}
		if l.done() || l.peek() == ',' {
			return one, ""
		}
		name, value, ok := parsePair(l)
		name = ";" + lowerString(name) + ";"
		switch {
		case !ok:
			return hop{}, "is malformed at byte " + strconv.Itoa(l.i)
		case strings.Contains(seen, name):
			return hop{}, "has " + quote(strings.Trim(name, ";")) + " twice in an element"
		}
		seen += name
		switch name {
		case ";for;":
			one.node = value
		case ";proto;":
			one.proto = value
		case ";host;":
			one.host = value
		}
	}
}

// parsePair parses token "=" ( token | quoted-string ), which ends before ";",
// "," or the end. Proxies leave out the quotes of an address and of a host with
// a port, which need them.
func parsePair(l *lexer) (name, value string, ok bool) {
	name, err := l.token("")
	if err != nil || !l.take('=') {
		return "", "", false
	}
	if l.take('"') {
		value, ok = quotedString(l)
	} else {
		start := l.i
		for c := l.peek(); tokenByte(c) || c == ':' || c == '[' || c == ']'; c = l.peek() {
			l.i++
		}
		value = l.s[start:l.i]
		ok = value != ""
	}
	l.skipSpace()
	return name, value, ok && (l.done() || l.peek() == ';' || l.peek() == ',')
}

// quotedString reads the rest of a quoted-string (RFC 9110 section 5.6.4).
func quotedString(l *lexer) (string, bool) {
	var b strings.Builder
	for ; !l.done(); l.i++ {
		switch c := l.peek(); {
		case c == '"':
			l.i++
			return b.String(), true
		case c == '\\' && l.i+1 < len(l.s):
			l.i++
		}
		b.WriteByte(l.peek())
	}
	return "", false
}

// nodeAddr returns the address of a node (RFC 7239 section 6), the zero Addr
// for "unknown" and for an obfuscated one.
func nodeAddr(node string) netip.Addr {
	host, _ := splitPort(node)
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	a, _ := netip.ParseAddr(host)
	return a
}
