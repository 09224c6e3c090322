package handshake

import (
	"cmp"
	"strings"
)

// anyPort is the port of a pattern that matches all ports.
const anyPort = -2

// pattern is an entry of Policy.OriginPatterns, parsed.
type pattern struct {
	any    bool   // "*": every origin
	null   bool   // "null": the opaque origin, and no other
	scheme string // "" for http and https
	suffix string // ".example.com" when host is "*.example.com"
	authority
}

// allows reports whether one of the patterns matches o.
func (p *Policy) allows(o origin) bool {
	for _, s := range p.OriginPatterns {
		if pat, ok := parsePattern(s); ok && pat.match(o) {
			return true
		}
	}
	return false
}

func (p pattern) match(o origin) bool {
	switch {
	case p.any:
		return true
	case p.null,
		p.scheme == "" && o.scheme != "http" && o.scheme != "https",
		p.scheme != "" && p.scheme != o.scheme,
		p.port == noPort && o.port != defaultPort(o.scheme),
		p.port >= 0 && p.port != o.port:
		return false
	}
	return p.matchHost(o.host)
}

func (p pattern) matchHost(host string) bool {
	switch {
	case p.host == "*":
		return true
	case p.suffix != "":
		return strings.HasSuffix(host, p.suffix)
	}
	return p.host == host
}

// parsePattern parses a pattern. If it fails, patternProblem says why.
func parsePattern(s string) (p pattern, ok bool) {
	if s == "*" || equalFold(s, "null") {
		return pattern{any: s == "*", null: s != "*"}, true
	}
	rest := s
	if scheme, after, found := strings.Cut(s, "://"); found {
		if !validScheme(scheme) {
			return pattern{}, false
		}
		p.scheme, rest = lowerString(scheme), after
		if after == "" && hostless(p.scheme) {
			p.port = noPort
			return p, true
		}
	}
	return p.withAddress(rest)
}

// withAddress parses host [":" port].
func (p pattern) withAddress(s string) (_ pattern, ok bool) {
	host, port := splitPort(s)
	switch {
	case port == ":":
		return pattern{}, false
	case port == ":*":
		p.port, ok = anyPort, true
	default:
		p.port, ok = parsePort(port)
	}
	if !ok {
		return pattern{}, false
	}
	return p.withHost(host)
}

func (p pattern) withHost(host string) (pattern, bool) {
	var ok bool
	if host == "*" {
		p.host = host
		return p, true
	}
	name, wild := strings.CutPrefix(host, "*.")
	if p.host, ok = parseHost(name); !ok || strings.Contains(name, "*") {
		return pattern{}, false
	}
	if wild {
		p.suffix = "." + p.host
		ok = !endsInNumber(name) && name[0] != '['
	}
	return p, ok
}

// endsInNumber reports whether s is an IPv4 address, or the end of one: these
// have no subdomains.
func endsInNumber(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	return strings.Trim(last, "0123456789") == ""
}

// patternProblem returns the problem of a pattern and what to write instead, ""
// for none.
func patternProblem(s string) string {
	if _, ok := parsePattern(s); ok {
		return ""
	}
	_, rest, found := strings.Cut(s, "://")
	if !found {
		rest = s
	}
	switch {
	case s == "":
		return "is empty: leave it out"
	case strings.Contains(rest, "@"):
		return "has a user: an origin is scheme, host and port"
	case strings.ContainsAny(rest, "/?#"):
		return "has a path or a query: an origin is scheme, host and port, without a slash at its end"
	}
	return cmp.Or(addressProblem(rest),
		`is not [scheme://]host[:port], such as "https://example.com", "*.example.com", "localhost:*" or "*"`)
}

// addressProblem returns the problem of the host and port of a pattern, "" if
// it is unknown.
func addressProblem(s string) string {
	host, _ := splitPort(s)
	switch {
	case strings.IndexFunc(s, func(c rune) bool { return c > 0x7E }) >= 0:
		return "is not ASCII: write the name as browsers send it, in punycode (xn--...)"
	case strings.Contains(strings.TrimPrefix(host, "*."), "*"):
		return `has a "*" that is neither the whole host nor its first label: write "*" or "*.example.com"`
	case strings.Count(s, ":") > 1 && !strings.Contains(s, "["):
		return "looks like IPv6: write it in brackets"
	}
	return ""
}
