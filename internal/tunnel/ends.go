package tunnel

import (
	"net"
	"net/netip"
)

// ends are what a request says about its connection.
type ends struct {
	remote string   // the peer's address
	local  net.Addr // nil if it is unknown
	major  int      // of the version of HTTP
}

// HTTPVersion returns "HTTP/2.0" or "HTTP/3.0".
func (e ends) HTTPVersion() string {
	if e.major == 3 {
		return "HTTP/3.0"
	}
	return "HTTP/2.0"
}

// LocalAddr returns the server's address, nil if it is unknown.
func (e ends) LocalAddr() net.Addr { return e.local }

// RemoteAddr returns the peer's address. Middleware may have put any text into
// the request.
func (e ends) RemoteAddr() net.Addr {
	a, err := netip.ParseAddrPort(e.remote)
	switch {
	case err != nil:
		return textAddr(e.remote)
	case e.major == 3:
		return net.UDPAddrFromAddrPort(a)
	}
	return net.TCPAddrFromAddrPort(a)
}

// textAddr is an address of an unknown kind.
type textAddr string

func (a textAddr) Network() string { return "http" }
func (a textAddr) String() string  { return string(a) }
