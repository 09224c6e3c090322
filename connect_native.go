//go:build !js

package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
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
	return a.d.secure(ctx, nc, a.u.Hostname())
}

func (a *attempt) proxy() (*url.URL, error) {
	choose := a.d.Proxy
	if choose == nil {
		choose = http.ProxyFromEnvironment
	}
	return choose(&http.Request{Method: "GET", URL: a.u, Header: http.Header{}, Host: a.req.Host})
}

func (d *Dialer) netDial(ctx context.Context, addr string) (net.Conn, error) {
	if d.NetDial != nil {
		return d.NetDial(ctx, "tcp", addr)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

// secure puts TLS on nc and insists on HTTP/1.1 above it: the handshake of RFC
// 6455 exists in no other protocol. On error nc is closed.
func (d *Dialer) secure(ctx context.Context, nc net.Conn, host string) (net.Conn, error) {
	cfg := &tls.Config{}
	if d.TLSConfig != nil {
		cfg = d.TLSConfig.Clone()
	}
	cfg.NextProtos = []string{"http/1.1"}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	t := tls.Client(nc, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, &HandshakeError{Problem: "TLS failed", Cause: err}
	}
	if p := t.ConnectionState().NegotiatedProtocol; p != "" && p != "http/1.1" {
		t.Close()
		return nil, &HandshakeError{Problem: "the server chose the application protocol " + p + " where only http/1.1 was offered"}
	}
	return t, nil
}

// tunnel asks a proxy for a connection to the server (RFC 9110 section 9.3.6).
func (a *attempt) tunnel(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	if proxy.Scheme != "http" && proxy.Scheme != "https" {
		return nil, &ArgumentError{Name: "Proxy", Problem: "the scheme " + proxy.Scheme + " is not spoken here: use http or https, or NetDial"}
	}
	nc, err := a.d.netDial(ctx, hostPort(proxy))
	if err == nil && proxy.Scheme == "https" {
		nc, err = a.d.secure(ctx, nc, proxy.Hostname())
	}
	if err != nil {
		return nil, &HandshakeError{Problem: "the proxy " + proxy.Host + " cannot be reached", Cause: err}
	}
	undo := interruptible(ctx, nc)
	rest, err := a.askProxy(nc, proxy)
	undo()
	if err != nil {
		nc.Close()
		return nil, err
	}
	if len(rest) > 0 {
		return &heldConn{Conn: nc, held: bytes.NewReader(rest)}, nil
	}
	return nc, nil
}

func (a *attempt) askProxy(nc net.Conn, proxy *url.URL) (rest []byte, err error) {
	req := &http.Request{Method: "CONNECT", URL: &url.URL{Opaque: hostPort(a.u)}, Host: hostPort(a.u), Header: http.Header{}}
	if proxy.User != nil {
		req.Header.Set("Proxy-Authorization", basicAuth(proxy.User))
	}
	w := bufio.NewWriter(nc)
	if err := req.Write(w); err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	res, rest, err := readResponse(nc, nil)
	if err != nil {
		return nil, &HandshakeError{Problem: "the proxy " + proxy.Host + " gave no answer to CONNECT", Cause: err}
	}
	if res.Status/100 != 2 {
		return nil, &HandshakeError{Status: res.Status, Header: res.Header.HTTP(), Body: readBody(nc, rest, res),
			Problem: "the proxy " + proxy.Host + " refused to connect"}
	}
	return rest, nil
}

// heldConn is a connection some of whose bytes were read already.
type heldConn struct {
	net.Conn
	held *bytes.Reader
}

func (c *heldConn) Read(p []byte) (int, error) {
	if c.held.Len() > 0 {
		return c.held.Read(p)
	}
	return c.Conn.Read(p)
}

// hostPort returns u's address with a port.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
