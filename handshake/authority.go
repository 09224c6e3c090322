package handshake

import (
	"net/netip"
	"strconv"
	"strings"
)

// noPort is the port of an authority without one, or of a scheme without a
// default port.
const noPort = -1

// authority is a host and a port, in canonical form: host in lower case, IPv6
// in brackets and shortened.
type authority struct {
	host string
	port int
}

// parseAuthority parses "host", "host:port", "[IPv6]" or "[IPv6]:port" (RFC
// 3986 section 3.2, without userinfo).
func parseAuthority(s string) (a authority, ok bool) {
	host, port := splitPort(s)
	if a.port, ok = parsePort(port); !ok {
		return authority{}, false
	}
	a.host, ok = parseHost(host)
	return a, ok
}

// splitPort cuts s before the colon of its port, and keeps the colon: "" is no
// port, ":" an empty one.
func splitPort(s string) (host, port string) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || i < strings.LastIndexByte(s, ']') {
		return s, ""
	}
	return s[:i], s[i:]
}

// parsePort parses ":8080". A colon alone means the default port, as does no
// colon (RFC 3986 section 3.2.3).
func parsePort(s string) (port int, ok bool) {
	if s == "" || s == ":" {
		return noPort, true
	}
	n, err := strconv.ParseUint(s[1:], 10, 16)
	return int(n), err == nil
}

func parseHost(s string) (host string, ok bool) {
	if strings.HasPrefix(s, "[") {
		return parseIPv6(s)
	}
	if s == "" || s[0] == '.' || strings.Contains(s, "..") {
		return "", false
	}
	for i := 0; i < len(s); i++ {
		if !hostByte(s[i]) {
			return "", false
		}
	}
	return lowerString(s), true
}

func parseIPv6(s string) (host string, ok bool) {
	inner, closed := strings.CutSuffix(s[1:], "]")
	ip, err := netip.ParseAddr(inner)
	if !closed || err != nil || !ip.Is6() || ip.Zone() != "" {
		return "", false
	}
	return "[" + ip.String() + "]", true
}

// hostByte reports whether c is allowed in a registered name (RFC 3986 section
// 3.2.2). Percent-encoding is not: no browser sends it there.
func hostByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', isDigit(c):
		return true
	}
	return c != 0 && strings.IndexByte("-._~!$&'()*+,;=", c) >= 0
}

// defaultPort returns the default port of a scheme.
func defaultPort(scheme string) int {
	switch scheme {
	case "http":
		return 80
	case "https":
		return 443
	}
	return noPort
}
