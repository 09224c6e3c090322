//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/internal/opening"
)

// ErrUseHTTP1 makes Dial use HTTP/1.1 when Dialer.OpenStream returns it, or an
// error that matches it by errors.Is. The transports of packages h2 and h3 do
// that, if they are asked to, for servers that lack WebSocket in their version
// of HTTP.
//
// In a browser: absent; the browser chooses.
var ErrUseHTTP1 = errors.New("the server does not announce WebSocket in this version of HTTP: HTTP/1.1 is to be used")

// StreamRequest is what a Dialer asks of its OpenStream: to send an extended
// CONNECT (RFC 8441 section 4, RFC 9220 section 3), and to return its stream.
//
// OpenStream returns the stream and the response if its status is 2xx. The
// stream needs what Upgrade requires of a net.Conn; if it has a method
// HTTPVersion() string, Conn.HTTPVersion returns what that returns. For any
// other status OpenStream returns nil and the response with its Body: Dial
// reads at most 1,024 bytes of it, within 1 s, closes it, and returns a
// *HandshakeError. Interim responses are OpenStream's to skip. An error is
// returned by Dial, as the Cause of a *HandshakeError unless it is one. The
// context bounds OpenStream, not the stream.
//
// In a browser: absent.
type StreamRequest struct {
	// Request is the request: Method is CONNECT, URL has the scheme http or
	// https, path and query, Host is the :authority, and Header contains
	// ":protocol" as the server of net/http has it, with canonical names. There
	// is no Body.
	Request *http.Request
	// Dialer is the one that dials. Connections that Connect opened for one
	// Dialer must not be used for another, whose credentials, certificates and
	// proxy may differ.
	Dialer *Dialer
	// TLSConfig is a copy of the Dialer's, with ServerName filled in and
	// without NextProtos, for transports that do not use Connect, as with QUIC.
	TLSConfig *tls.Config
	// Proxy returns the proxy that Connect goes through, nil for none: the
	// choice of the Dialer's Proxy, or of the environment. A transport that
	// does not use Connect must not go around it.
	Proxy func() (*url.URL, error)
	// Connect opens a connection to the URL's host by the Dialer's Proxy,
	// NetDial, NetDialTLS and TLSConfig. For https it is over TLS, a *tls.Conn
	// unless NetDialTLS opened it, and one of the protocols has been negotiated
	// by ALPN, or none. It must not be called by two goroutines at a time.
	Connect func(ctx context.Context, protocols ...string) (net.Conn, error)
}

// opened is what OpenStream returns.
type opened struct {
	nc  net.Conn
	res *http.Response
}

func (o opened) drop() {
	if o.nc != nil {
		opening.Abort(o.nc)
	}
	if o.res != nil && o.res.Body != nil {
		o.res.Body.Close()
	}
}

// dialStream is the handshake over OpenStream.
func (a *attempt) dialStream(ctx context.Context, o DialOptions) (*dialed, error) {
	r, err := a.streamRequest(ctx)
	if err != nil {
		return nil, err
	}
	a.connector.Enter("the stream of the Dialer's OpenStream")
	got, err := opening.Within(ctx, func(ctx context.Context) (got opened, err error) {
		got.nc, got.res, err = a.d.OpenStream(ctx, r)
		return got, err
	}, opened.drop)
	if err != nil {
		got.drop()
		return nil, openFailed(err)
	}
	cfg := engine.Config{Client: true}
	if err := a.checkStream(ctx, got, &cfg); err != nil {
		got.drop()
		return nil, err
	}
	b := &dialed{url: a.wsURL()}
	return a.join(b, opening.WithDeadlines(got.nc), nil, &cfg, o), nil
}

// openFailed makes err one that Dial returns.
func openFailed(err error) error {
	_, refused := errors.AsType[*HandshakeError](err)
	_, argument := errors.AsType[*ArgumentError](err)
	if refused || argument || errors.Is(err, ErrUseHTTP1) {
		return err
	}
	return &HandshakeError{Problem: "no stream could be opened", Cause: err}
}

func (a *attempt) streamRequest(ctx context.Context) (*StreamRequest, error) {
	header, err := handshake.ConnectHeader(&a.req)
	if err != nil {
		return nil, err
	}
	r := &http.Request{Method: http.MethodConnect, URL: a.u, Host: a.req.Host, Header: header}
	connect := func(ctx context.Context, protocols ...string) (net.Conn, error) {
		nc, err := a.connector.Connect(ctx, protocols...)
		if err == nil {
			a.connector.Enter("the stream of the Dialer's OpenStream")
		}
		return nc, err
	}
	return &StreamRequest{
		Request: r.WithContext(ctx), Dialer: a.d,
		TLSConfig: a.connector.ServerTLS(), Proxy: a.connector.ChooseProxy, Connect: connect,
	}, nil
}

// checkStream checks what OpenStream returned, and fills in what was
// negotiated.
func (a *attempt) checkStream(ctx context.Context, got opened, cfg *engine.Config) error {
	if got.res == nil {
		return &HandshakeError{Problem: "the Dialer's OpenStream returned neither a response nor an error"}
	}
	a.keep(got.res.Header)
	subprotocol, extensions, err := handshake.CheckConnectResponse(got.res, &a.req)
	if err == nil && got.nc == nil {
		err = &HandshakeError{Problem: "the Dialer's OpenStream returned no stream with its response"}
	}
	if err == nil {
		cfg.Subprotocol = subprotocol
		cfg.Deflate, err = a.compression.confirm(extensions)
	}
	if e, ok := err.(*HandshakeError); ok {
		e.Status, e.Header = got.res.StatusCode, a.answer
		if got.nc == nil && got.res.Body != nil {
			e.Body = opening.ReadStreamBody(ctx, got.res.Body)
		}
		e.Problem += opening.Excerpt(e.Body)
	}
	return err
}
