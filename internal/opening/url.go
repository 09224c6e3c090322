package opening

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
	"golang.org/x/net/idna"
)

// defaultPorts are those of servers, which are left out of the Host field (RFC
// 6455 section 4.1), and of proxies.
var defaultPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// ParseURL parses an absolute URL. The result has the scheme http or https, an
// ASCII host, no fragment, and path and query as a browser would request them.
func ParseURL(raw string) (*url.URL, error) {
	bad := func(problem string) error { return &api.ArgumentError{Name: "url", Problem: problem} }
	u, err := url.Parse(raw)
	if err != nil {
		return nil, bad(parseProblem(raw, err))
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	case "":
		return nil, bad("has no scheme: begin it with ws:// or wss://")
	default:
		return nil, bad("has the scheme " + u.Scheme + ": use ws or wss")
	}
	switch {
	case u.Hostname() == "":
		return nil, bad("has no host")
	case strings.Contains(raw, "#"): // even an empty one, which url.Parse does not report
		return nil, bad("has a fragment (RFC 6455 section 3): leave out # and what follows, or write it as %23")
	case !validPort(u.Port()):
		return nil, bad("has the port " + u.Port() + ", which is over 65535")
	}
	ascii, err := asciiHost(u.Hostname())
	if err != nil {
		return nil, bad("has the host " + strconv.Quote(u.Hostname()) + ", which is not a domain name: " + err.Error())
	}
	u.Host = hostOf(ascii, u.Port())
	u.RawPath = resolvePath(rawPath(raw))
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return nil, bad("has the path " + strconv.Quote(u.RawPath) + ", which cannot be decoded")
	}
	u.RawQuery = escape(u.RawQuery, `"'<>`)
	return u, nil
}

// domains maps internationalized names to ASCII as the URL standard's "domain
// to ASCII" does (UTS 46, non-transitional), so that both homes dial the same
// name.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
	idna.StrictDomainName(false), idna.CheckHyphens(false), idna.VerifyDNSLength(false))

// asciiHost returns the host to resolve and to send in the Host field.
func asciiHost(host string) (string, error) {
	for i := range len(host) {
		if host[i] >= 0x80 {
			return domains.ToASCII(host)
		}
	}
	if strings.Contains(host, ":") {
		return host, nil // an IPv6 address, whose zone has a case
	}
	return strings.ToLower(host), nil
}

// hostOf joins a host and a port as in a URL; "" is no port.
func hostOf(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return host
}

// rawPath returns the path of an absolute URL as it is written.
func rawPath(raw string) string {
	_, rest, _ := strings.Cut(raw, "//")
	start := strings.IndexAny(rest, "/?")
	if start < 0 || rest[start] == '?' {
		return ""
	}
	path, _, _ := strings.Cut(rest[start:], "?")
	return path
}

// resolvePath returns path without dot segments, and percent-encoded as the URL
// standard requires in a path (sections 4.4, path state, and 1.3; RFC 3986
// section 5.2.4). It also encodes |, which Go's servers reject. A backslash
// counts as a slash there.
func resolvePath(path string) string {
	segments := strings.Split(strings.ReplaceAll(path, `\`, "/"), "/")[1:]
	var kept []string
	for i, s := range segments {
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case "..":
			kept = kept[:max(len(kept)-1, 0)]
		case ".":
		default:
			kept = append(kept, escape(s, "\"#<>?^`{}|"))
			continue
		}
		if i == len(segments)-1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

// parseProblem returns the error text for raw without revealing a password:
// everything before an @ may be one that was not percent-encoded.
func parseProblem(raw string, err error) string {
	if strings.Contains(raw, "@") {
		return "cannot be parsed: percent-encode all characters of the user name and the password except letters and digits"
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return "cannot be parsed: " + err.Error()
}

func validPort(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil
}

// escape percent-encodes what the URL standard always encodes, and the bytes of
// more.
func escape(s, more string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(more, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// HostField returns the value of the Host field for u: without a default port,
// and without an IPv6 zone, which has meaning only on this machine (RFC 6874
// section 1).
func HostField(u *url.URL) string {
	port := u.Port()
	if port == defaultPorts[u.Scheme] {
		port = ""
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = withoutZone(host)
	}
	return hostOf(host, port)
}

func withoutZone(ip string) string {
	ip, _, _ = strings.Cut(ip, "%")
	return ip
}

// HostPort returns u's address with a port.
func HostPort(u *url.URL) string { return net.JoinHostPort(u.Hostname(), portOf(u)) }

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPorts[u.Scheme]
}

// BasicAuth returns the credentials of user (RFC 7617), "" when there are none.
func BasicAuth(user *url.Userinfo) string {
	if user == nil || user.String() == "" {
		return ""
	}
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}
