package tunnel

import (
	"net"
	"net/netip"
)

// peerAddr returns the address that an http.Request has as text; middleware may
// have put anything there.
func peerAddr(s string, major int) net.Addr {
	a, err := netip.ParseAddrPort(s)
	switch {
	case err != nil:
		return textAddr(s)
	case major == 3:
		return net.UDPAddrFromAddrPort(a)
	}
	return net.TCPAddrFromAddrPort(a)
}

// textAddr is an address of an unknown kind.
type textAddr string

func (a textAddr) Network() string { return "http" }
func (a textAddr) String() string  { return string(a) }
