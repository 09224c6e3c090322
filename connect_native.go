//go:build !js

package ws

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// connect opens the stream to the server: through a proxy if there is one,
// under TLS for wss.
func (a *attempt) connect(ctx context.Context) (net.Conn, error) {
	proxy, err := a.proxy()
	if err != nil {
		return nil, &HandshakeError{Problem: "no proxy could be chosen", Cause: err}
	}
	var nc net.Conn
	if proxy == nil {
		nc, err = a.d.netDial(ctx, hostPort(a.u))
	} else {
		nc, err = a.tunnel(ctx, proxy)
	}
	if err != nil || a.u.Scheme == "http" {
		return nc, err
	}
	cfg := a.d.tlsConfig()
	if cfg.ServerName == "" {
		cfg.ServerName = withoutZone(a.u.Hostname())
	}
	return secure(ctx, nc, cfg)
}

func (a *attempt) proxy() (*url.URL, error) {
	choose := a.d.Proxy
	if choose == nil {
		choose = http.ProxyFromEnvironment
	}
	return choose(&http.Request{Method: "GET", URL: a.u, Header: http.Header{}, Host: a.req.Host})
}

func (d *Dialer) netDial(ctx context.Context, addr string) (net.Conn, error) {
	dial := d.NetDial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, &HandshakeError{Problem: addr + " cannot be reached", Cause: err}
	}
	return withDeadlines(nc), nil
}

// tlsConfig returns a copy of the caller's, for HTTP/1.1 alone: the handshake of
// RFC 6455 exists in no other protocol.
func (d *Dialer) tlsConfig() *tls.Config {
	cfg := &tls.Config{}
	if d.TLSConfig != nil {
		cfg = d.TLSConfig.Clone()
	}
	cfg.NextProtos = []string{"http/1.1"}
	return cfg
}

// secure puts TLS on nc. That the peer chose no protocol but cfg's is seen to
// by crypto/tls. On error nc is closed.
func secure(ctx context.Context, nc net.Conn, cfg *tls.Config) (net.Conn, error) {
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

// tunnel asks a proxy for a connection to the server (RFC 9110 section 9.3.6).
func (a *attempt) tunnel(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	switch {
	case proxy.Scheme != "http" && proxy.Scheme != "https":
		return nil, &ArgumentError{Name: "Proxy", Problem: "the scheme " + proxy.Scheme + " is not spoken here: use http or https, or NetDial"}
	case proxy.Hostname() == "":
		return nil, &ArgumentError{Name: "Proxy", Problem: "the URL has no host"}
	}
	nc, err := a.d.netDial(ctx, hostPort(proxy))
	if err == nil && proxy.Scheme == "https" {
		cfg := a.d.tlsConfig()
		cfg.ServerName = withoutZone(proxy.Hostname())
		nc, err = secure(ctx, nc, cfg)
	}
	if err != nil {
		return nil, &HandshakeError{Problem: "the proxy " + proxy.Host + " cannot be used", Cause: err}
	}
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

func (a *attempt) askProxy(nc net.Conn, proxy *url.URL) error {
	req := &http.Request{Method: "CONNECT", URL: &url.URL{Opaque: hostPort(a.u)}, Host: hostPort(a.u), Header: http.Header{}}
	if auth := basicAuth(proxy.User); auth != "" {
		req.Header.Set("Proxy-Authorization", auth)
	}
	var head bytes.Buffer
	if err := req.Write(&head); err != nil {
		return err
	}
	if _, err := nc.Write(head.Bytes()); err != nil {
		return err
	}
	res, rest, err := readResponse(nc)
	switch {
	case err != nil:
		return &HandshakeError{Problem: "the proxy " + proxy.Host + " gave no answer to CONNECT", Cause: err}
	case res.Status/100 != 2:
		return &HandshakeError{Status: res.Status, Header: res.Header.HTTP(), Body: readBody(nc, rest, res),
			Problem: "the proxy " + proxy.Host + " refused to connect"}
	case len(rest) > 0: // nobody at the tunnel's other end speaks before it is asked
		return &HandshakeError{Problem: "the proxy " + proxy.Host + " sent something behind its answer to CONNECT"}
	}
	return nil
}
