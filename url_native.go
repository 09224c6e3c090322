//go:build !js

package ws

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// defaultPorts are left out of the Host field (RFC 6455 section 4.1).
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// parseURL takes absolute URLs. The result has the scheme http or https, a
// host, no fragment, and a query that may stand in a request line.
func parseURL(raw string) (*url.URL, error) {
	bad := func(problem string) error { return &ArgumentError{Name: "url", Problem: problem} }
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
	u.RawQuery = escapeQuery(u.RawQuery)
	return u, nil
}

// parseProblem says what is wrong with raw, and shows nothing of a password:
// what comes before an @ may be one that was not percent-encoded.
func parseProblem(raw string, err error) string {
	if strings.Contains(raw, "@") {
		return "cannot be parsed: percent-encode what the user name and the password hold besides letters and digits"
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

// escapeQuery percent-encodes what the WHATWG URL standard does in a query, so
// that both homes ask for the same.
func escapeQuery(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7F || strings.IndexByte(`"'<>`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hostField returns what the Host field says of u: no default port, and no IPv6
// zone, which means something to this machine alone (RFC 6874 section 1).
func hostField(u *url.URL) string {
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + withoutZone(host) + "]"
	}
	if port := u.Port(); port != "" && port != defaultPorts[u.Scheme] {
		host += ":" + port
	}
	return host
}

func withoutZone(ip string) string {
	ip, _, _ = strings.Cut(ip, "%")
	return ip
}

// hostPort returns u's address with a port.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// basicAuth returns the credentials of user (RFC 7617), "" when there are none.
func basicAuth(user *url.Userinfo) string {
	if user == nil || user.String() == "" {
		return ""
	}
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}
