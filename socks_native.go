//go:build !js

package ws

import (
	"context"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/twinws/ws/internal/socks"
)

// SOCKSError is the Cause of a *HandshakeError when a SOCKS proxy refused. The
// other failures of such a proxy, also that it ended the connection without a
// reply as ssh -D does, have another Cause; all have the proxy's name in Proxy.
type SOCKSError struct {
	// Reply is the code with which the proxy refused to connect to the server,
	// from 1 to 255 (RFC 1928 section 6): 1 general failure, 2 not allowed by
	// ruleset, 3 network unreachable, 4 host unreachable, 5 connection refused,
	// 6 TTL expired, 7 command not supported, 8 address type not supported. 0
	// if it refused the client before that: it accepts no client without
	// credentials, or rejects those of its URL.
	Reply byte
}

// Error returns the code and its meaning.
func (e *SOCKSError) Error() string {
	if e.Reply == 0 {
		return "SOCKS authentication failed"
	}
	return "SOCKS reply " + strconv.Itoa(int(e.Reply)) + ": " + socks.Text(e.Reply)
}

// tunnelSOCKS requests a connection to the server from a SOCKS proxy. With
// several addresses it tries one after the other, each over a connection of its
// own, since the proxy closes after a failure (RFC 1928 section 6).
func (a *attempt) tunnelSOCKS(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	hosts, err := a.socksHosts(ctx, proxy)
	if err != nil {
		return nil, err
	}
	var first error
	for _, host := range hosts {
		asked := false
		nc, err := a.through(ctx, proxy, "to SOCKS", func(nc net.Conn) (err error) {
			asked, err = a.askSOCKS(nc, proxy, host)
			return err
		})
		if err == nil || !asked || ended(ctx) != nil {
			return nc, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// socksHosts returns what to name to the proxy: the server's name, or its
// addresses.
func (a *attempt) socksHosts(ctx context.Context, proxy *url.URL) (hosts []string, err error) {
	host := withoutZone(a.u.Hostname())
	if _, err := netip.ParseAddr(host); err == nil {
		return []string{host}, nil
	}
	if proxy.Scheme == "socks5h" {
		if len(host) > socks.MaxString {
			return nil, &ArgumentError{Name: "url", Problem: "has a host of " + strconv.Itoa(len(host)) +
				" bytes; SOCKS can send 255 (RFC 1928)"}
		}
		return []string{host}, nil
	}
	asked := a.talksTo
	a.talksTo = ""
	a.enter("the addresses of " + host)
	a.talksTo = asked
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, &HandshakeError{Problem: host + " cannot be resolved here: with the scheme socks5h the proxy " +
			proxy.Host + a.origin() + " resolves it", Cause: err}
	}
	for _, addr := range addrs {
		hosts = append(hosts, addr.Unmap().WithZone("").String())
	}
	return hosts, nil
}

// askSOCKS requests a tunnel to host by SOCKS 5. asked reports whether the
// proxy got as far as to be asked for it: then another address may do.
func (a *attempt) askSOCKS(nc net.Conn, proxy *url.URL, host string) (asked bool, err error) {
	name := "the proxy " + proxy.Host + a.origin()
	if err := a.greetSOCKS(nc, proxy, name); err != nil {
		return false, err
	}
	port, _ := strconv.ParseUint(portOf(a.u), 10, 16) // parseURL has checked it
	target := hostOf(host, portOf(a.u))
	reply, err := exchange(nc, socks.AppendConnect(nil, host, uint16(port)), socks.ParseReply)
	switch {
	case err == io.ErrUnexpectedEOF:
		err = a.proxyError(proxy, name+" ended the connection instead of connecting to "+target+
			": ssh -D does so when the server cannot be reached", err)
	case err != nil:
		err = a.proxyError(proxy, name+" sent no valid response to the request to connect to "+target, err)
	case reply != 0:
		err = a.proxyError(proxy, name+" refused to connect to "+target, &SOCKSError{Reply: reply})
	}
	return true, err
}

// greetSOCKS agrees with the proxy on a method of authentication, and
// authenticates (RFC 1928 section 3).
func (a *attempt) greetSOCKS(nc net.Conn, proxy *url.URL, name string) error {
	user, password := credentials(proxy)
	has := user != ""
	method, err := exchange(nc, socks.AppendGreeting(nil, has), socks.ParseMethod)
	switch {
	case err != nil:
		return a.proxyError(proxy, name+" sent no valid response to the greeting of SOCKS 5", err)
	case method == socks.MethodNone:
		return nil
	case method == socks.MethodRefused && !has:
		return a.proxyError(proxy, name+" requires credentials: "+putCredentials, &SOCKSError{})
	case method == socks.MethodRefused:
		return a.proxyError(proxy, name+" accepts clients neither without authentication nor with user name and password, "+
			"and Dial speaks nothing else: use NetDial", &SOCKSError{})
	case method != socks.MethodPassword || !has:
		return a.proxyError(proxy, name+" selected the authentication method "+strconv.Itoa(int(method))+
			", which was not offered (RFC 1928 section 3)", nil)
	}
	status, err := exchange(nc, socks.AppendPassword(nil, user, password), socks.ParseStatus)
	switch {
	case err != nil:
		return a.proxyError(proxy, name+" sent no response to user name and password", err)
	case status != 0:
		return a.proxyError(proxy, name+" rejects the credentials of its URL", &SOCKSError{})
	}
	return nil
}

// exchange sends a message, and reads the answer. Not a byte behind that is
// read, since it may be the server's.
func exchange(nc net.Conn, msg []byte, parse func([]byte) (byte, int, error)) (byte, error) {
	if _, err := nc.Write(msg); err != nil {
		return 0, err
	}
	var held []byte
	for {
		v, n, err := parse(held)
		if err != socks.ErrShort {
			return v, err
		}
		if held, err = readTo(nc, held, n); err != nil {
			return 0, err
		}
	}
}
