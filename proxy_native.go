//go:build !js

package ws

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/socks"
)

// proxy returns the proxy to use, nil for none.
func (a *attempt) proxy() (*url.URL, error) {
	var u *url.URL
	var err error
	if a.d.Proxy != nil {
		u, err = a.d.Proxy(&http.Request{Method: "GET", URL: a.u, Header: http.Header{}, Host: a.req.Host})
	} else {
		u, a.variable, err = environmentProxy(a.u)
	}
	switch e, invalid := err.(*ArgumentError); {
	case invalid && a.d.Proxy == nil:
		return nil, a.badProxy(e.Problem)
	case err != nil:
		return nil, &HandshakeError{Problem: "the proxy could not be determined", Cause: err}
	case u == nil:
		return nil, nil
	}
	return a.checkProxy(u)
}

// checkProxy returns a copy of proxy whose host is ASCII.
func (a *attempt) checkProxy(proxy *url.URL) (*url.URL, error) {
	bySOCKS := isSOCKS(proxy)
	switch {
	case proxy.Scheme != "http" && proxy.Scheme != "https" && !bySOCKS:
		return nil, a.badProxy("the scheme " + strconv.Quote(proxy.Scheme) + " is not supported: use http, https, socks5, socks5h, or NetDial")
	case proxy.Hostname() == "":
		return nil, a.badProxy("the URL has no host")
	case !validPort(proxy.Port()):
		return nil, a.badProxy("the URL has the port " + proxy.Port() + ", which is over 65535")
	}
	host, err := asciiHost(proxy.Hostname())
	if err != nil {
		return nil, a.badProxy("the URL has the host " + strconv.Quote(proxy.Hostname()) + ", which is not a domain name: " + err.Error())
	}
	checked := *proxy
	checked.Host = hostOf(host, proxy.Port())
	if user, password := credentials(proxy); bySOCKS && proxy.User != nil {
		switch {
		case user == "" && password != "":
			return nil, a.badProxy("the URL has a password without a user name, and SOCKS needs both (RFC 1929)")
		case len(user) > socks.MaxString || len(password) > socks.MaxString:
			return nil, a.badProxy("the user name or the password is over 255 bytes, more than SOCKS can send (RFC 1929)")
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
func (a *attempt) tunnel(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	a.talksTo = proxy.Host
	defer func() { a.talksTo = "" }()
	if isSOCKS(proxy) {
		return a.tunnelSOCKS(ctx, proxy)
	}
	return a.through(ctx, proxy, "to CONNECT", func(nc net.Conn) error { return a.askProxy(nc, proxy) })
}

// through connects to a proxy, and asks for a tunnel. what is the request, for
// errors.
func (a *attempt) through(ctx context.Context, proxy *url.URL, what string, ask func(net.Conn) error) (net.Conn, error) {
	nc, err := a.netDial(ctx, a.d.NetDial, hostPort(proxy))
	if err == nil && proxy.Scheme == "https" {
		cfg := a.d.tlsConfig("http/1.1")
		cfg.ServerName = withoutZone(proxy.Hostname())
		nc, err = a.secure(ctx, nc, cfg)
	}
	if err != nil {
		return nil, a.proxyError(proxy, "the proxy "+proxy.Host+a.origin()+" cannot be used", err)
	}
	a.enter("the response of the proxy " + proxy.Host + " " + what)
	b := interruptible(ctx, nc)
	err = ask(nc)
	if late := b.undo(); err == nil {
		err = late
	}
	if err != nil {
		abort(nc)
		return nil, err
	}
	return nc, nil
}

func (a *attempt) proxyError(proxy *url.URL, problem string, cause error) *HandshakeError {
	return &HandshakeError{Proxy: proxy.Host, Problem: problem, Cause: cause}
}

// badProxy is the error of an invalid proxy URL.
func (a *attempt) badProxy(problem string) error {
	if a.d.Proxy == nil {
		problem += "; the proxy comes from the environment, " + a.variable +
			": change that, name the server in NO_PROXY, or set Dialer.Proxy to a function that returns nil"
	}
	return &ArgumentError{Name: "Proxy", Problem: problem}
}

// origin says that a proxy comes from the environment, "" if the program chose
// it.
func (a *attempt) origin() string {
	if a.d.Proxy != nil {
		return ""
	}
	return " (from the environment, " + a.variable + ")"
}

// askProxy requests a tunnel by CONNECT (RFC 9110 section 9.3.6).
func (a *attempt) askProxy(nc net.Conn, proxy *url.URL) error {
	target := hostOf(withoutZone(a.u.Hostname()), portOf(a.u))
	head, err := a.d.connectRequest(target, proxy)
	if err != nil {
		return err
	}
	name := "the proxy " + proxy.Host + a.origin()
	if _, err := nc.Write(head); err != nil {
		return a.proxyError(proxy, name+" did not accept CONNECT", err)
	}
	res, rest, err := readResponse(nc)
	switch {
	case err != nil:
		return a.proxyError(proxy, name+" sent no response to CONNECT", err)
	case res.Status/100 != 2:
		e := a.proxyError(proxy, "", nil)
		e.Status, e.Header, e.Body = res.Status, res.Header.HTTP(), readBody(nc, rest, res)
		e.Problem = name + " refused to connect to " + target + reasonOf(res) + a.d.proxyHint(res, proxy) + excerpt(e.Body)
		return e
	case len(rest) > 0: // a WebSocket or TLS server does not send before the client does
		return a.proxyError(proxy, name+" sent data after its response to CONNECT", nil)
	}
	return nil
}

// connectRequest returns the head of the request for a tunnel to target.
func (d *Dialer) connectRequest(target string, proxy *url.URL) ([]byte, error) {
	req := &http.Request{Method: "CONNECT", URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	if auth := basicAuth(proxy.User); auth != "" {
		req.Header.Set("Proxy-Authorization", auth)
	}
	req.Header.Set("User-Agent", userAgent)
	for k, v := range d.ProxyHeader {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	if err := handshake.CheckHeader("ProxyHeader", d.ProxyHeader); err != nil {
		return nil, err
	}
	var head bytes.Buffer
	err := req.Write(&head)
	return head.Bytes(), err
}

const putCredentials = "put them into the proxy's URL, as user:password@"

// proxyHint returns the usual cause of a rejected CONNECT, and what to do.
func (d *Dialer) proxyHint(res *handshake.Response, proxy *url.URL) string {
	switch res.Status {
	case http.StatusProxyAuthRequired:
		return ": " + d.authHint(handshake.AuthSchemes(res.Header.Values("Proxy-Authenticate")), proxy)
	case http.StatusUnauthorized: // tinyproxy's response to a wrong password
		return ": " + d.authHint(handshake.AuthSchemes(res.Header.Values("WWW-Authenticate")), proxy)
	case http.StatusForbidden:
		return ": many proxies allow CONNECT to port 443 only"
	}
	return ""
}

// authHint explains a 407, or a 401, with challenges of these schemes (RFC 9110
// section 15.5.8).
func (d *Dialer) authHint(schemes []string, proxy *url.URL) string {
	wants := excerptOf(strings.Join(schemes, " or "))
	tried := basicAuth(proxy.User) != ""
	switch {
	case d.authorizesProxy():
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

func (d *Dialer) authorizesProxy() bool {
	for k, v := range d.ProxyHeader {
		if http.CanonicalHeaderKey(k) == "Proxy-Authorization" && len(v) > 0 {
			return true
		}
	}
	return false
}
