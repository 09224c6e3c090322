package opening

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/socks"
)

// ChooseProxy returns the proxy to use, nil for none.
func (c *Connector) ChooseProxy() (*url.URL, error) {
	var u *url.URL
	var err error
	if c.Proxy != nil {
		u, err = c.Proxy(&http.Request{Method: "GET", URL: c.URL, Header: http.Header{}, Host: c.Host})
	} else {
		u, c.variable, err = EnvironmentProxy(c.URL)
	}
	switch e, invalid := err.(*api.ArgumentError); {
	case invalid && c.Proxy == nil:
		return nil, c.badProxy(e.Problem)
	case err != nil:
		return nil, &api.HandshakeError{Problem: "the proxy could not be determined", Cause: err}
	case u == nil:
		return nil, nil
	}
	return c.checkProxy(u)
}

// checkProxy returns a copy of proxy whose host is ASCII.
func (c *Connector) checkProxy(proxy *url.URL) (*url.URL, error) {
	bySOCKS := isSOCKS(proxy)
	switch {
	case proxy.Scheme != "http" && proxy.Scheme != "https" && !bySOCKS:
		return nil, c.badProxy("the scheme " + strconv.Quote(proxy.Scheme) + " is not supported: use http, https, socks5, socks5h, or NetDial")
	case proxy.Hostname() == "":
		return nil, c.badProxy("the URL has no host")
	case !validPort(proxy.Port()):
		return nil, c.badProxy("the URL has the port " + proxy.Port() + ", which is over 65535")
	}
	host, err := asciiHost(proxy.Hostname())
	if err != nil {
		return nil, c.badProxy("the URL has the host " + strconv.Quote(proxy.Hostname()) + ", which is not a domain name: " + err.Error())
	}
	checked := *proxy
	checked.Host = hostOf(host, proxy.Port())
	if user, password := credentials(proxy); bySOCKS && proxy.User != nil {
		switch {
		case user == "" && password != "":
			return nil, c.badProxy("the URL has a password without a user name, and SOCKS needs both (RFC 1929)")
		case len(user) > socks.MaxString || len(password) > socks.MaxString:
			return nil, c.badProxy("the user name or the password is over 255 bytes, more than SOCKS can send (RFC 1929)")
		}
	}
	return &checked, nil
}

func isSOCKS(proxy *url.URL) bool { return proxy.Scheme == "socks5" || proxy.Scheme == "socks5h" }

func credentials(u *url.URL) (user, password string) {
	if u.User != nil {
		password, _ = u.User.Password()
		user = u.User.Username()
	}
	return user, password
}

// tunnel requests a connection to the server from a proxy.
func (c *Connector) tunnel(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	c.talksTo = proxy.Host
	defer func() { c.talksTo = "" }()
	if isSOCKS(proxy) {
		return c.tunnelSOCKS(ctx, proxy)
	}
	return c.through(ctx, proxy, "to CONNECT", func(nc net.Conn) error { return c.askProxy(nc, proxy) })
}

// through connects to a proxy, and asks for a tunnel. what is the request, for
// errors.
func (c *Connector) through(ctx context.Context, proxy *url.URL, what string, ask func(net.Conn) error) (net.Conn, error) {
	nc, err := c.netDial(ctx, c.NetDial, HostPort(proxy))
	if err == nil && proxy.Scheme == "https" {
		cfg := c.tlsConfig("http/1.1")
		cfg.ServerName = withoutZone(proxy.Hostname())
		nc, err = c.secure(ctx, nc, cfg)
	}
	if err != nil {
		return nil, c.proxyError(proxy, "the proxy "+proxy.Host+c.origin()+" cannot be used", err)
	}
	c.Enter("the response of the proxy " + proxy.Host + " " + what)
	b := Interruptible(ctx, nc)
	err = ask(nc)
	if late := b.Undo(); err == nil {
		err = late
	}
	if err != nil {
		Abort(nc)
		return nil, err
	}
	return nc, nil
}

func (c *Connector) proxyError(proxy *url.URL, problem string, cause error) *api.HandshakeError {
	return &api.HandshakeError{Proxy: proxy.Host, Problem: problem, Cause: cause}
}

// badProxy is the error of an invalid proxy URL.
func (c *Connector) badProxy(problem string) error {
	if c.Proxy == nil {
		problem += "; the proxy comes from the environment, " + c.variable +
			": change that, name the server in NO_PROXY, or set Dialer.Proxy to a function that returns nil"
	}
	return &api.ArgumentError{Name: "Proxy", Problem: problem}
}

// origin says that a proxy comes from the environment, "" if the program chose
// it.
func (c *Connector) origin() string {
	if c.Proxy != nil {
		return ""
	}
	return " (from the environment, " + c.variable + ")"
}

// askProxy requests a tunnel by CONNECT (RFC 9110 section 9.3.6).
func (c *Connector) askProxy(nc net.Conn, proxy *url.URL) error {
	target := hostOf(withoutZone(c.URL.Hostname()), portOf(c.URL))
	head, err := c.connectRequest(target, proxy)
	if err != nil {
		return err
	}
	name := "the proxy " + proxy.Host + c.origin()
	if _, err := nc.Write(head); err != nil {
		return c.proxyError(proxy, name+" did not accept CONNECT", err)
	}
	res, rest, err := ReadResponse(nc)
	switch {
	case err != nil:
		return c.proxyError(proxy, name+" sent no response to CONNECT", err)
	case res.Status/100 != 2:
		e := c.proxyError(proxy, "", nil)
		e.Status, e.Header, e.Body = res.Status, res.Header.HTTP(), ReadBody(nc, rest, res)
		e.Problem = name + " refused to connect to " + target + reasonOf(res) + c.proxyHint(res, proxy) + Excerpt(e.Body)
		return e
	case len(rest) > 0: // a WebSocket or TLS server does not send before the client does
		return c.proxyError(proxy, name+" sent data after its response to CONNECT", nil)
	}
	return nil
}

// connectRequest returns the head of the request for a tunnel to target.
func (c *Connector) connectRequest(target string, proxy *url.URL) ([]byte, error) {
	req := &http.Request{Method: "CONNECT", URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if auth := BasicAuth(proxy.User); auth != "" {
		req.Header.Set("Proxy-Authorization", auth)
	}
	req.Header.Set("User-Agent", c.UserAgent)
	for k, v := range c.ProxyHeader {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	if err := handshake.CheckHeader("ProxyHeader", c.ProxyHeader); err != nil {
		return nil, err
	}
	var head bytes.Buffer
	err := req.Write(&head)
	return head.Bytes(), err
}

const putCredentials = "put them into the proxy's URL, as user:password@"

// proxyHint returns the usual cause of a rejected CONNECT, and what to do.
func (c *Connector) proxyHint(res *handshake.Response, proxy *url.URL) string {
	switch res.Status {
	case http.StatusProxyAuthRequired:
		return ": " + c.authHint(handshake.AuthSchemes(res.Header.Values("Proxy-Authenticate")), proxy)
	case http.StatusUnauthorized: // tinyproxy's response to a wrong password
		return ": " + c.authHint(handshake.AuthSchemes(res.Header.Values("WWW-Authenticate")), proxy)
	case http.StatusForbidden:
		return ": many proxies allow CONNECT to port 443 only"
	}
	return ""
}

// authHint explains a 407, or a 401, with challenges of these schemes (RFC 9110
// section 15.5.8).
func (c *Connector) authHint(schemes []string, proxy *url.URL) string {
	wants := excerptOf(strings.Join(schemes, " or "))
	tried := BasicAuth(proxy.User) != ""
	switch {
	case c.authorizesProxy():
		s := "it rejects the Proxy-Authorization of ProxyHeader"
		if wants != "" {
			s += ", and wants " + wants
		}
		return s
	case len(schemes) > 0 && !handshake.HasToken(schemes, "Basic"):
		s := "it wants " + wants + " authentication, and of these Dial speaks none: set a Proxy-Authorization in ProxyHeader, " +
			"or use a local proxy that speaks it"
		if tried {
			s += "; the credentials of the proxy's URL were sent by Basic"
		}
		return s
	case len(schemes) > 0 && tried:
		return "it wants " + wants + " authentication, and rejects the credentials of the proxy's URL"
	case len(schemes) > 0:
		return "it requires credentials, by " + wants + " authentication: " + putCredentials
	case tried:
		return "it rejects the credentials of the proxy's URL, or does not accept Basic authentication"
	}
	return "it requires credentials: " + putCredentials
}

func (c *Connector) authorizesProxy() bool {
	for k, v := range c.ProxyHeader {
		if http.CanonicalHeaderKey(k) == "Proxy-Authorization" && len(v) > 0 {
			return true
		}
	}
	return false
}
