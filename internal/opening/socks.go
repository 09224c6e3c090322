package opening

import (
	"context"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/socks"
)

// Refused is the Cause of a HandshakeError when a SOCKS proxy refused: the code
// of its reply (RFC 1928 section 6), 0 if it refused before it was asked to
// connect. ws.SOCKSError is the same for users.
type Refused byte

// Error returns the code and its meaning.
func (r Refused) Error() string {
	if r == 0 {
		return "SOCKS authentication failed"
	}
	return "SOCKS reply " + strconv.Itoa(int(r)) + ": " + socks.Text(byte(r))
}

// tunnelSOCKS requests a connection to the server from a SOCKS proxy. With
// several addresses it tries one after the other, each over a connection of its
// own, since the proxy closes after a failure (RFC 1928 section 6).
func (c *Connector) tunnelSOCKS(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	hosts, err := c.socksHosts(ctx, proxy)
	if err != nil {
		return nil, err
	}
	var first error
	for _, host := range hosts {
		asked := false
		nc, err := c.through(ctx, proxy, "to SOCKS", func(nc net.Conn) (err error) {
			asked, err = c.askSOCKS(nc, proxy, host)
			return err
		})
		if err == nil || !asked || Ended(ctx) != nil {
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
func (c *Connector) socksHosts(ctx context.Context, proxy *url.URL) (hosts []string, err error) {
	host := withoutZone(c.URL.Hostname())
	if _, err := netip.ParseAddr(host); err == nil {
		return []string{host}, nil
	}
	if proxy.Scheme == "socks5h" {
		if len(host) > socks.MaxString {
			return nil, &api.ArgumentError{Name: "url", Problem: "has a host of " + strconv.Itoa(len(host)) +
				" bytes; SOCKS can send 255 (RFC 1928)"}
		}
		return []string{host}, nil
	}
	asked := c.talksTo
	c.talksTo = ""
	c.Enter("the addresses of " + host)
	c.talksTo = asked
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, &api.HandshakeError{Problem: host + " cannot be resolved here: with the scheme socks5h the proxy " +
			proxy.Host + c.origin() + " resolves it", Cause: err}
	}
	for _, addr := range addrs {
		hosts = append(hosts, addr.Unmap().WithZone("").String())
	}
	return hosts, nil
}

// askSOCKS requests a tunnel to host by SOCKS 5. asked reports whether the
// proxy got as far as to be asked for it: then another address may do.
func (c *Connector) askSOCKS(nc net.Conn, proxy *url.URL, host string) (asked bool, err error) {
	name := "the proxy " + proxy.Host + c.origin()
	if err := c.greetSOCKS(nc, proxy, name); err != nil {
		return false, err
	}
	port, _ := strconv.ParseUint(portOf(c.URL), 10, 16) // ParseURL has checked it
	target := hostOf(host, portOf(c.URL))
	reply, err := exchange(nc, socks.AppendConnect(nil, host, uint16(port)), socks.ParseReply)
	switch {
	case err == io.ErrUnexpectedEOF:
		err = c.proxyError(proxy, name+" ended the connection instead of connecting to "+target+
			": ssh -D does so when the server cannot be reached", err)
	case err != nil:
		err = c.proxyError(proxy, name+" sent no valid response to the request to connect to "+target, err)
	case reply != 0:
		err = c.proxyError(proxy, name+" refused to connect to "+target, Refused(reply))
	}
	return true, err
}

// greetSOCKS agrees with the proxy on a method of authentication, and
// authenticates (RFC 1928 section 3).
func (c *Connector) greetSOCKS(nc net.Conn, proxy *url.URL, name string) error {
	user, password := credentials(proxy)
	has := user != ""
	method, err := exchange(nc, socks.AppendGreeting(nil, has), socks.ParseMethod)
	switch {
	case err != nil:
		return c.proxyError(proxy, name+" sent no valid response to the greeting of SOCKS 5", err)
	case method == socks.MethodNone:
		return nil
	case method == socks.MethodRefused && !has:
		return c.proxyError(proxy, name+" requires credentials: "+putCredentials, Refused(0))
	case method == socks.MethodRefused:
		return c.proxyError(proxy, name+" accepts clients neither without authentication nor with user name and password, "+
			"and Dial speaks nothing else: use NetDial", Refused(0))
	case method != socks.MethodPassword || !has:
		return c.proxyError(proxy, name+" selected the authentication method "+strconv.Itoa(int(method))+
			", which was not offered (RFC 1928 section 3)", nil)
	}
	status, err := exchange(nc, socks.AppendPassword(nil, user, password), socks.ParseStatus)
	switch {
	case err != nil:
		return c.proxyError(proxy, name+" sent no response to user name and password", err)
	case status != 0:
		return c.proxyError(proxy, name+" rejects the credentials of its URL", Refused(0))
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
