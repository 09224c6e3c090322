//go:build !js

package ws

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/twinws/ws/handshake"
)

// connect opens the stream to the server: through a proxy if there is one, and
// with TLS for wss.
func (a *attempt) connect(ctx context.Context) (net.Conn, error) {
	a.enter("the choice of a proxy")
	proxy, err := a.proxy()
	if err != nil {
		return nil, &HandshakeError{Problem: "the proxy could not be determined", Cause: err}
	}
	secured := a.u.Scheme == "https"
	if proxy == nil && secured && a.d.NetDialTLS != nil {
		a.foreignTLS = true
		return a.netDial(ctx, a.d.NetDialTLS, hostPort(a.u))
	}
	var nc net.Conn
	if proxy == nil {
		nc, err = a.netDial(ctx, a.d.NetDial, hostPort(a.u))
	} else {
		nc, err = a.tunnel(ctx, proxy)
	}
	if err != nil || !secured {
		return nc, err
	}
	cfg := a.d.tlsConfig()
	if cfg.ServerName == "" {
		cfg.ServerName = withoutZone(a.u.Hostname())
	}
	return a.secure(ctx, nc, cfg)
}

// proxy returns the proxy to use, nil for none.
func (a *attempt) proxy() (*url.URL, error) {
	choose := a.d.Proxy
	if choose == nil {
		choose = http.ProxyFromEnvironment
	}
	return choose(&http.Request{Method: "GET", URL: a.u, Header: http.Header{}, Host: a.req.Host})
}

// netDial dials addr with dial; nil means a net.Dialer.
func (a *attempt) netDial(ctx context.Context, dial func(ctx context.Context, network, addr string) (net.Conn, error), addr string) (net.Conn, error) {
	a.enter("a connection to " + addr)
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, &HandshakeError{Problem: addr + " cannot be reached", Cause: err}
	}
	return withDeadlines(nc), nil
}

// tlsConfig returns a copy of the caller's Config, restricted to HTTP/1.1: the
// handshake of RFC 6455 exists in no other protocol.
func (d *Dialer) tlsConfig() *tls.Config {
	cfg := &tls.Config{}
	if d.TLSConfig != nil {
		cfg = d.TLSConfig.Clone()
	}
	cfg.NextProtos = []string{"http/1.1"}
	return cfg
}

// secure performs a TLS handshake on nc. crypto/tls ensures that the peer
// selects none but the protocols of cfg. On error nc is closed.
func (a *attempt) secure(ctx context.Context, nc net.Conn, cfg *tls.Config) (net.Conn, error) {
	a.enter("the TLS handshake with " + cfg.ServerName)
	t := tls.Client(nc, cfg)
	b := interruptible(ctx, nc) // package tls only closes nc, which may not end its calls
	err := t.HandshakeContext(ctx)
	if late := b.undo(); err == nil {
		err = late
	}
	if err != nil {
		abort(t)
		problem := "TLS failed"
		if strings.Contains(err.Error(), "no application protocol") { // the alert has no exported type
			problem += ": " + cfg.ServerName + " does not offer http/1.1 by ALPN, and WebSocket needs it"
		}
		return nil, &HandshakeError{Problem: problem, Cause: err}
	}
	return t, nil
}

// tunnel requests a connection to the server from a proxy (RFC 9110 section
// 9.3.6).
func (a *attempt) tunnel(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	switch {
	case proxy.Scheme != "http" && proxy.Scheme != "https":
		return nil, a.badProxy("the scheme " + strconv.Quote(proxy.Scheme) + " is not supported: use http or https, or NetDial")
	case proxy.Hostname() == "":
		return nil, a.badProxy("the URL has no host")
	}
	nc, err := a.netDial(ctx, a.d.NetDial, hostPort(proxy))
	if err == nil && proxy.Scheme == "https" {
		cfg := a.d.tlsConfig()
		cfg.ServerName = withoutZone(proxy.Hostname())
		nc, err = a.secure(ctx, nc, cfg)
	}
	if err != nil {
		return nil, &HandshakeError{Problem: "the proxy " + proxy.Host + a.origin() + " cannot be used", Cause: err}
	}
	a.enter("the response of the proxy " + proxy.Host + " to CONNECT")
	b := interruptible(ctx, nc)
	err = a.askProxy(nc, proxy)
	if late := b.undo(); err == nil {
		err = late
	}
	if err != nil {
		abort(nc)
		return nil, err
	}
	return nc, nil
}

// badProxy is the error of an invalid proxy URL.
func (a *attempt) badProxy(problem string) error {
	if a.d.Proxy == nil {
		problem += "; the proxy comes from the environment, " + a.variable() +
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
	return " (from the environment, " + a.variable() + ")"
}

// variable is the environment variable with the proxy for this URL.
func (a *attempt) variable() string { return strings.ToUpper(a.u.Scheme) + "_PROXY" }

func (a *attempt) askProxy(nc net.Conn, proxy *url.URL) error {
	target := hostOf(withoutZone(a.u.Hostname()), portOf(a.u))
	head, err := a.d.connectRequest(target, proxy)
	if err != nil {
		return err
	}
	if _, err := nc.Write(head); err != nil {
		return err
	}
	res, rest, err := readResponse(nc)
	name := "the proxy " + proxy.Host + a.origin()
	switch {
	case err != nil:
		return &HandshakeError{Problem: name + " sent no response to CONNECT", Cause: err}
	case res.Status/100 != 2:
		e := &HandshakeError{Proxy: proxy.Host, Status: res.Status, Header: res.Header.HTTP(), Body: readBody(nc, rest, res)}
		e.Problem = name + " refused to connect to " + target + reasonOf(res) + proxyHint(res.Status, proxy) + excerpt(e.Body)
		return e
	case len(rest) > 0: // a WebSocket or TLS server does not send before the client does
		return &HandshakeError{Problem: name + " sent data after its response to CONNECT"}
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

// proxyHint returns the usual cause of a rejected CONNECT.
func proxyHint(status int, proxy *url.URL) string {
	switch {
	case status == http.StatusProxyAuthRequired && proxy.User == nil:
		return ": it requires credentials: put them into the proxy's URL, as user:password@"
	case status == http.StatusProxyAuthRequired:
		return ": it rejects the credentials of the proxy's URL, or does not accept Basic authentication"
	case status == http.StatusForbidden:
		return ": many proxies allow CONNECT to port 443 only"
	}
	return ""
}
