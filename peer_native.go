//go:build !js

package ws

import (
	"net"
	"net/http"
	"net/netip"
)

// local is the address of a peer that is on this machine and has no address.
var local = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// cameBy notes the address that r came from, if proxies are trusted.
func (t *terms) cameBy(r *http.Request) {
	if len(t.TrustedProxies) == 0 {
		return
	}
	addr, ok := parsePeer(r.RemoteAddr)
	if !ok {
		_, ok = r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
		addr = local
	}
	if ok {
		t.policy.Peer = addr
	}
}

// cameOver notes the address of nc's peer, if proxies are trusted.
func (t *terms) cameOver(nc net.Conn) {
	if len(t.TrustedProxies) == 0 {
		return
	}
	switch a := nc.RemoteAddr().(type) {
	case nil:
	case *net.TCPAddr:
		t.policy.Peer = a.AddrPort().Addr()
	case *net.UnixAddr:
		t.policy.Peer = local
	default:
		t.policy.Peer, _ = parsePeer(a.String())
	}
}

// parsePeer parses an address with a port, or without: middleware may replace
// an http.Request's.
func parsePeer(s string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr(), true
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil
}
