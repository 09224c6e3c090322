package h3

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// alpn is the name of HTTP/3 in ALPN (RFC 9114 section 3.1).
const alpn = http3.NextProtoH3

// headStart is how long an address is tried before the next one is tried too
// (RFC 8305 section 5).
const headStart = 250 * time.Millisecond

// dialUDP opens a QUIC connection to one of the addresses of addr.
func dialUDP(ctx context.Context, addr string, tlsConf *tls.Config, conf *quic.Config) (*quic.Conn, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for i := range ips {
		ips[i] = ips[i].Unmap()
	}
	slices.SortStableFunc(ips, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return race(ctx, ips, func(ctx context.Context, ip netip.Addr) (*quic.Conn, error) {
		return quic.DialAddr(ctx, net.JoinHostPort(ip.String(), strconv.Itoa(port)), tlsConf, conf)
	})
}

// dialed is the result of one dial.
type dialed struct {
	q   *quic.Conn
	err error
}

// race dials the addresses, each when the one before it has failed, or has had
// its head start. It returns the first connection, or the first error.
func race(ctx context.Context, ips []netip.Addr, dial func(context.Context, netip.Addr) (*quic.Conn, error)) (*quic.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan dialed, len(ips))
	next := time.NewTimer(0)
	defer next.Stop()
	var failed error
	for begun, ended := 0, 0; ended < len(ips); {
		select {
		case <-next.C:
			if begun == len(ips) {
				continue
			}
			ip := ips[begun]
			begun++
			go func() {
				q, err := dial(ctx, ip)
				results <- dialed{q, err}
			}()
			next.Reset(headStart)
		case r := <-results:
			ended++
			if r.err == nil {
				go discard(results, begun-ended)
				return r.q, nil
			}
			if failed == nil {
				failed = r.err
			}
			next.Reset(0)
		}
	}
	return nil, failed
}

// discard closes the connections that came second.
func discard(results <-chan dialed, n int) {
	for range n {
		if r := <-results; r.err == nil {
			r.q.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
		}
	}
}
