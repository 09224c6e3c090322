package handshake

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// origin is a web origin (RFC 6454 section 4): scheme and host in lower case;
// the port is set unless the scheme has no default one.
type origin struct {
	scheme string
	authority
}

// parseOrigin parses the serialization of an origin (RFC 6454 section 6.2):
// scheme "://" host [ ":" port ], and nothing else. A user, a path, even a
// single slash are not part of it. Some web views send "file://", without a
// host, where the standards require "null"; their other schemes may lack a host
// too.
func parseOrigin(s string) (o origin, ok bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !validScheme(scheme) {
		return origin{}, false
	}
	o.scheme = lowerString(scheme)
	if rest == "" && hostless(o.scheme) {
		o.port = noPort
		return o, true
	}
	if o.authority, ok = parseAuthority(rest); !ok {
		return origin{}, false
	}
	if o.port == noPort {
		o.port = defaultPort(o.scheme)
	}
	return o, true
}

// hostless reports whether an origin of this scheme, in lower case, may have no
// host.
func hostless(scheme string) bool {
	switch scheme {
	case "http", "https", "ws", "wss":
		return false
	}
	return true
}

// validScheme checks s against RFC 3986 section 3.1.
func validScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := lower(s[i])
		if ('a' > c || c > 'z') && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

// String returns the serialization, without a default port.
func (o origin) String() string {
	s := o.scheme + "://" + o.host
	if o.port != defaultPort(o.scheme) {
		s += ":" + strconv.Itoa(o.port)
	}
	return s
}

// ownOrigin returns the origin of the pages that the server itself would serve
// under the host name of the request.
func ownOrigin(host string, tls bool) (o origin, ok bool) {
	o.scheme = "http"
	if tls {
		o.scheme = "https"
	}
	if o.authority, ok = parseAuthority(host); o.port == noPort {
		o.port = defaultPort(o.scheme)
	}
	return o, ok
}

// checkOrigin rejects pages of other sites, which could otherwise connect with
// the user's cookies (RFC 6455 section 10.2). A request without an Origin field
// does not come from a browser and is accepted: such a client could send any
// origin. A draft's field of another name is checked as well as Origin: a proxy
// may tell the page's origin by that.
func (p *Policy) checkOrigin(r *Request, d Draft) *api.HandshakeError {
	if p.InsecureSkipOriginCheck {
		return nil
	}
	if name := d.OriginField(); name != "Origin" {
		if err := p.checkOriginField(r, name); err != nil {
			return err
		}
	}
	return p.checkOriginField(r, "Origin")
}

// checkOriginField checks the origin in the field with that name.
func (p *Policy) checkOriginField(r *Request, name string) *api.HandshakeError {
	n := r.Header.Count(name)
	if n == 0 {
		return nil
	}
	if n > 1 {
		return refuse(http.StatusForbidden, "there is more than one "+name+" field (RFC 6454 section 7.3)")
	}
	value := r.Header.Get(name)
	if value == "null" {
		return p.checkNull()
	}
	o, ok := parseOrigin(value)
	if !ok {
		return refuse(http.StatusForbidden, "the Origin "+quote(value)+" is not scheme://host[:port] (RFC 6454 section 6.2)")
	}
	own, ok, refusal := p.own(r)
	switch {
	case ok && o == own || p.allows(o):
		return nil
	case refusal != nil:
		return refusal
	}
	return refuse(http.StatusForbidden, originProblem(o, own))
}

func (p *Policy) checkNull() *api.HandshakeError {
	for _, s := range p.OriginPatterns {
		if pat, _ := parsePattern(s); pat.any || pat.null {
			return nil
		}
	}
	return refuse(http.StatusForbidden, `the Origin "null" is that of a local file, a sandboxed frame or a redirect, `+
		`and could be anybody's: serve the page by http or https, or allow it with the OriginPatterns entry "null"`)
}

// originProblem says why o may not connect, and what to do if it should.
func originProblem(o, own origin) string {
	s := "a page of " + quote(o.String()) + " may not connect to the server of " + quote(own.String()) + ": "
	entry := "the OriginPatterns entry " + quote(o.String())
	if o.scheme == "https" && own.scheme == "http" && o.host == own.host {
		return s + "if a proxy in front of the server terminates TLS, allow it with " + entry +
			", or make the proxy send X-Forwarded-Proto and list its address in TrustedProxies"
	}
	return s + "if it should, allow it with " + entry +
		"; if a proxy in front of the server changes the Host field, make the proxy keep it"
}
