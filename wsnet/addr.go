package wsnet

import (
	"net"
	"strings"

	"github.com/twinws/ws/api"
)

// network is the name of the network in addresses and errors.
const network = "websocket"

// Addr is the address of a side whose network address is hidden, as it is from
// pages: host and port of the URL that was dialed, such as "example.com:443",
// or "" if it is not known, as that of this side.
type Addr string

// Network returns "websocket".
func (Addr) Network() string { return network }

// String returns host and port, "unknown:0" for "".
func (a Addr) String() string {
	if a == "" {
		return "unknown:0"
	}
	return string(a)
}

// addresses returns the addresses of c.
func addresses(c api.Conn) (local, remote net.Addr) {
	if a, ok := c.(interface {
		LocalAddr() net.Addr
		RemoteAddr() net.Addr
	}); ok {
		local, remote = a.LocalAddr(), a.RemoteAddr()
	}
	if local == nil {
		local = Addr("")
	}
	if remote == nil {
		remote = Addr("")
		if u, ok := c.(interface{ URL() string }); ok {
			remote = Addr(hostPort(u.URL()))
		}
	}
	return local, remote
}

// hostPort returns host and port of a URL of scheme ws or wss without userinfo,
// "" of "".
func hostPort(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	if strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']') {
		return host
	}
	if scheme == "wss" || scheme == "https" {
		return host + ":443"
	}
	return host + ":80"
}
