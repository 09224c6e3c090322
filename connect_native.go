//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
)

// connect opens the stream to the server for HTTP/1.1.
func (a *attempt) connect(ctx context.Context) (net.Conn, error) {
	return a.connectFor(ctx, "http/1.1")
}

// connectFor opens the stream to the server: through a proxy if there is one,
// and with TLS for https, which negotiates one of the protocols.
func (a *attempt) connectFor(ctx context.Context, protocols ...string) (net.Conn, error) {
	a.enter("the choice of a proxy")
	proxy, err := a.proxy()
	if err != nil {
		return nil, err
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
	return a.secure(ctx, nc, a.tlsConfig(protocols...))
}

// tlsConfig is the server's.
func (a *attempt) tlsConfig(protocols ...string) *tls.Config {
	cfg := a.d.tlsConfig(protocols...)
	if cfg.ServerName == "" {
		cfg.ServerName = withoutZone(a.u.Hostname())
	}
	return cfg
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

// tlsConfig returns a copy of the caller's Config for some protocols.
func (d *Dialer) tlsConfig(protocols ...string) *tls.Config {
	cfg := &tls.Config{}
	if d.TLSConfig != nil {
		cfg = d.TLSConfig.Clone()
	}
	cfg.NextProtos = protocols
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
			problem += ": " + cfg.ServerName + " does not offer " + strings.Join(cfg.NextProtos, " or ") + " by ALPN, and WebSocket needs it"
		}
		return nil, &HandshakeError{Problem: problem, Cause: err}
	}
	return t, nil
}
