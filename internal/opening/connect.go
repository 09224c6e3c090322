package opening

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twinws/ws/api"
)

// Connector connects to the server of one Dial. Its exported fields are those
// of ws.Dialer, and constant. Its methods are for one goroutine at a time,
// except Waiting.
type Connector struct {
	URL       *url.URL // of the server: scheme http or https, see ParseURL
	Host      string   // of the request that Proxy is called with
	UserAgent string   // in a CONNECT

	TLSConfig   *tls.Config
	NetDial     func(ctx context.Context, network, addr string) (net.Conn, error)
	NetDialTLS  func(ctx context.Context, network, addr string) (net.Conn, error)
	Proxy       func(*http.Request) (*url.URL, error)
	ProxyHeader map[string][]string

	foreignTLS bool         // NetDialTLS was used
	variable   string       // the environment's that named the proxy, or ""
	talksTo    string       // the proxy that is being asked, or ""
	phase      atomic.Value // of phase
}

// phase is what is waited for, and from which proxy, "" for none.
type phase struct{ what, proxy string }

// Enter records what is waited for, for the error of a Dial that times out.
func (c *Connector) Enter(what string) { c.phase.Store(phase{what, c.talksTo}) }

// Waiting returns what is waited for, and from which proxy, "" for none.
func (c *Connector) Waiting() (what, proxy string) {
	p, _ := c.phase.Load().(phase)
	return p.what, p.proxy
}

// ForeignTLS reports whether NetDialTLS opened the connection.
func (c *Connector) ForeignTLS() bool { return c.foreignTLS }

// Connect opens the stream to the server: through a proxy if there is one, and
// with TLS for https, which negotiates one of the protocols.
func (c *Connector) Connect(ctx context.Context, protocols ...string) (net.Conn, error) {
	c.Enter("the choice of a proxy")
	proxy, err := c.ChooseProxy()
	if err != nil {
		return nil, err
	}
	secured := c.URL.Scheme == "https"
	if proxy == nil && secured && c.NetDialTLS != nil {
		c.foreignTLS = true
		return c.netDial(ctx, c.NetDialTLS, HostPort(c.URL))
	}
	var nc net.Conn
	if proxy == nil {
		nc, err = c.netDial(ctx, c.NetDial, HostPort(c.URL))
	} else {
		nc, err = c.tunnel(ctx, proxy)
	}
	if err != nil || !secured {
		return nc, err
	}
	return c.secure(ctx, nc, c.ServerTLS(protocols...))
}

// ServerTLS returns a copy of TLSConfig for the server and some protocols.
func (c *Connector) ServerTLS(protocols ...string) *tls.Config {
	cfg := c.tlsConfig(protocols...)
	if cfg.ServerName == "" {
		cfg.ServerName = withoutZone(c.URL.Hostname())
	}
	return cfg
}

// netDial dials addr with dial; nil means a net.Dialer.
func (c *Connector) netDial(ctx context.Context, dial func(ctx context.Context, network, addr string) (net.Conn, error), addr string) (net.Conn, error) {
	c.Enter("a connection to " + addr)
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, &api.HandshakeError{Problem: addr + " cannot be reached", Cause: err}
	}
	return WithDeadlines(nc), nil
}

// tlsConfig returns a copy of TLSConfig for some protocols.
func (c *Connector) tlsConfig(protocols ...string) *tls.Config {
	cfg := &tls.Config{}
	if c.TLSConfig != nil {
		cfg = c.TLSConfig.Clone()
	}
	cfg.NextProtos = protocols
	return cfg
}

// secure performs a TLS handshake on nc. crypto/tls ensures that the peer
// selects none but the protocols of cfg. On error nc is closed.
func (c *Connector) secure(ctx context.Context, nc net.Conn, cfg *tls.Config) (net.Conn, error) {
	c.Enter("the TLS handshake with " + cfg.ServerName)
	t := tls.Client(nc, cfg)
	b := Interruptible(ctx, nc) // package tls only closes nc, which may not end its calls
	err := t.HandshakeContext(ctx)
	if late := b.Undo(); err == nil {
		err = late
	}
	if err != nil {
		Abort(t)
		problem := "TLS failed"
		if strings.Contains(err.Error(), "no application protocol") { // the alert has no exported type
			problem += ": " + cfg.ServerName + " does not offer " + strings.Join(cfg.NextProtos, " or ") + " by ALPN, and WebSocket needs it"
		}
		return nil, &api.HandshakeError{Problem: problem, Cause: err}
	}
	return t, nil
}

// Ended is ctx.Err(), but also reports a deadline that the network has noticed
// already and ctx has not yet.
func Ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		return context.DeadlineExceeded
	}
	return nil
}
