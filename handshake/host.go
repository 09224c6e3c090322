package handshake

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/twinws/ws/api"
)

// checkHost rejects requests for host names other than the server's: a site can
// make its own name resolve to any address, and its pages are then of the same
// origin as the server there (DNS rebinding).
func (p *Policy) checkHost(r *Request) *api.HandshakeError {
	if len(p.AllowedHosts) == 0 {
		return nil
	}
	called, ok, refusal := p.own(r)
	if refusal != nil {
		return refusal
	}
	for _, s := range p.AllowedHosts {
		if pat, valid := parseHostPattern(s); ok && valid && pat.matchCall(called.authority) {
			return nil
		}
	}
	name := r.Host
	if a, _ := parseAuthority(name); ok && a.host != called.host { // a trusted proxy says another one
		name = called.host
	}
	return refuse(http.StatusForbidden, "the Host "+quote(name)+
		" is not a name of this server: if it should be, add it to AllowedHosts")
}

// parseHostPattern parses an entry of Policy.AllowedHosts. If it fails,
// hostPatternProblem says why.
func parseHostPattern(s string) (p pattern, ok bool) {
	return p.withAddress(s)
}

// matchCall reports whether the pattern matches the host and port of a request.
func (p pattern) matchCall(a authority) bool {
	return (p.port < 0 || p.port == a.port) && p.matchHost(a.host)
}

// hostPatternProblem returns the problem of an entry of Policy.AllowedHosts, ""
// for none.
func hostPatternProblem(s string) string {
	if _, ok := parseHostPattern(s); ok {
		return ""
	}
	switch {
	case s == "":
		return "is empty: leave it out"
	case strings.ContainsAny(s, "/?#@"):
		return "is more than a host: leave out the scheme, the user and the path"
	}
	return cmp.Or(addressProblem(s),
		`is not host[:port], such as "localhost", "127.0.0.1:8080", "[::1]" or "*.example.com"`)
}
