//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Dialer dials with options that need native types. Its zero value is ready to
// use and does what Dial does. It may be used by many goroutines, and is not
// modified.
//
// In a browser: absent. Dial and DialOptions are available natively and in a
// browser, whose own settings hold for proxies, certificates and cookies.
type Dialer struct {
	DialOptions

	// Host is sent as the Host field instead of the URL's host and port. The
	// certificate is verified against the URL's host all the same.
	Host string

	// TLSConfig is for wss, and for https proxies; nil means the zero Config.
	// An empty ServerName becomes the URL's host; a proxy's is always the
	// proxy's host. The application protocol (ALPN) is always http/1.1, or what
	// OpenStream asks for. The Config is not modified.
	TLSConfig *tls.Config

	// NetDial opens the connection to the server or the proxy; nil means a
	// net.Dialer. network is "tcp", addr has a port. If NetDial ignores the end
	// of its context, Dial returns all the same, and the connection is closed
	// when NetDial returns it. A connection without deadlines, such as that of
	// an SSH tunnel, and one that ignores them can be used: see Upgrade.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)

	// NetDialTLS opens the connection to a wss server instead of NetDial, TLS
	// included, so that another TLS stack can be used; TLSConfig is then
	// ignored. It must verify the server's name, and negotiate http/1.1 or no
	// application protocol (ALPN). nil means NetDial and package crypto/tls,
	// which are always used for servers behind a Proxy, as with
	// http.Transport.DialTLSContext.
	NetDialTLS func(ctx context.Context, network, addr string) (net.Conn, error)

	// Proxy returns the URL of the proxy for a request, whose own URL has the
	// scheme http for ws and https for wss; nil, or a nil result, means none.
	// The proxy's URL has one of the schemes
	//   - http and https, which are sent a CONNECT for ws and wss alike (RFC
	//     9110 section 9.3.6),
	//   - socks5: the server's name is resolved here, by net.DefaultResolver,
	//     and its addresses are tried in turn (RFC 1928),
	//   - socks5h: the proxy resolves the name,
	//
	// and the port 80, 443 or 1080 if it has none. Its user name and password
	// are sent as Basic authentication (RFC 7617), or as RFC 1929 says, with at
	// most 255 bytes each. For other proxies and schemes use NetDial.
	//
	// A nil Proxy means the environment, which is read at each Dial:
	// HTTPS_PROXY for wss, HTTP_PROXY for ws, and ALL_PROXY where that variable
	// is empty. It is not used for localhost, loopback addresses and what
	// NO_PROXY lists; see golang.org/x/net/http/httpproxy for its form. Names
	// in lower case count as well; those in upper case come first. Where
	// REQUEST_METHOD is set, as in a CGI program, HTTP_PROXY may come from the
	// client and is ignored, but not http_proxy. A value without a scheme means
	// http. Unlike this, http.ProxyFromEnvironment reads the environment once,
	// and not ALL_PROXY. For no proxy set Proxy to a function that returns nil.
	//
	// A proxy that refuses or fails is the Proxy of the *HandshakeError. Its
	// Status is that of an http or https proxy; its Cause is a *SOCKSError if a
	// SOCKS proxy refused.
	Proxy func(*http.Request) (*url.URL, error)

	// ProxyHeader is sent with CONNECT to a proxy, not by SOCKS; it takes an
	// http.Header. A Proxy-Authorization in it replaces that of the proxy's
	// URL. Names are canonicalized.
	ProxyHeader map[string][]string

	// OpenStream opens the stream of a WebSocket in another version of HTTP
	// than 1.1: the method OpenStream of h2.Transport or h3.Transport. nil
	// means HTTP/1.1. See StreamRequest.
	OpenStream func(ctx context.Context, r *StreamRequest) (net.Conn, *http.Response, error)

	// Jar supplies and stores cookies; nil means none.
	Jar http.CookieJar

	// HandshakeTimeout bounds all of Dial, from the choice of a proxy to the
	// server's response: 0 means 10 s unless the context has a deadline, a
	// negative value that only the context is a bound. When it expires, Dial
	// returns a *HandshakeError that matches context.DeadlineExceeded and says
	// what Dial was waiting for.
	HandshakeTimeout time.Duration

	// Keepalive is how long the peer may be silent; nil means 30 s until a ping
	// is sent, and 30 s more.
	Keepalive *Keepalive

	// WriteTimeout is how long the peer may accept no byte of what is sent, be
	// it a message, a pong or a close frame, before the connection ends with a
	// *CloseError whose Cause is ErrWriteTimeout: 0 means 30 s, a negative
	// value no limit. A peer that accepts some bytes, however slowly, does not
	// time out: on Linux, over TCP and TLS, the kernel knows what the peer's
	// system has acknowledged; elsewhere it counts that the kernel accepts
	// more, over TLS 16 KiB. The timeout is detected after at most twice the
	// time.
	WriteTimeout time.Duration

	// OnPing and OnPong are called with the payload of each ping and pong
	// received, at most 125 bytes, valid only during the call, and the
	// connection; nil for none. Pings are answered automatically. The caller is
	// whoever reads: Read, a Reader's stream, Ping, CloseRead, Close; while
	// none of them runs, neither function is called. They block that reading,
	// and must not wait for it: they must not call Read, Ping, PingPayload or
	// Close; they may call Write, Pong and CloseNow.
	OnPing, OnPong func(c *Conn, payload []byte)

	// NoGather makes every Write return only after the operating system, or
	// TLS, has accepted its message. Otherwise messages may be coalesced for at
	// most 1 ms and 64 KiB, as AcceptOptions says.
	NoGather bool
}

// Dial is the function Dial with the settings of d.
func (d *Dialer) Dial(ctx context.Context, url string) (*Conn, error) {
	const op = "dial"
	if err := checkContext(ctx); err != nil {
		return nil, wrap(op, err)
	}
	o, err := d.DialOptions.resolve()
	if err != nil {
		return nil, wrap(op, err)
	}
	b, err := d.dial(ctx, url, o)
	if err != nil {
		return nil, wrap(op, err)
	}
	return own(b), nil
}
