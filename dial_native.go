//go:build !js

package ws

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/internal/opening"
	"github.com/twinws/ws/internal/variant"
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

// attempt is one handshake in progress.
type attempt struct {
	d    *Dialer
	u    *url.URL // of scheme http or https, without fragment
	name string   // what errors call it: no userinfo
	req  handshake.ClientRequest
	head []byte

	variant     *variant.Client // nil for RFC 6455
	compression *Compression
	answer      map[string][]string // the header of the response
	connector   opening.Connector
}

func (d *Dialer) dial(ctx context.Context, rawURL string, o DialOptions) (backend, error) {
	return d.dialAs(ctx, rawURL, o, nil)
}

// dialAs is dial in a draft; v is nil for RFC 6455.
func (d *Dialer) dialAs(ctx context.Context, rawURL string, o DialOptions, v *variant.Client) (backend, error) {
	a := &attempt{d: d, variant: v}
	if err := a.prepare(rawURL, o); err != nil {
		return nil, err
	}
	bounded, cancel := d.bound(ctx)
	defer cancel()
	if d.OpenStream != nil && v == nil {
		b, err := a.dialStream(bounded, o)
		if err == nil {
			return b, nil
		} else if !errors.Is(err, ErrUseHTTP1) {
			return nil, a.explain(ctx, bounded, err)
		}
	}
	nc, err := a.connect(bounded)
	if err != nil {
		return nil, a.explain(ctx, bounded, err)
	}
	a.connector.Enter("the server's response")
	limits := opening.Interruptible(bounded, nc)
	b := &dialed{url: a.wsURL()}
	cfg, rest, err := a.shake(nc)
	if late := limits.Undo(); err == nil {
		err = late
	}
	if err != nil {
		opening.Abort(nc)
		return nil, a.explain(ctx, bounded, err)
	}
	cfg.CutOffBreaks = a.connector.ForeignTLS() // as package tls, to be on the safe side
	if v != nil {
		d.limit(&cfg, o)
		b.header = a.answer
		old := &varied{version: v.Version}
		old.url, old.header = b.url, b.header
		cfg.Client = v.Frames == nil // a translated stream looks the same from both sides
		old.open(nc, rest, &cfg, d.Keepalive, v.Frames)
		return old, nil
	}
	return a.join(b, nc, rest, &cfg, o), nil
}

// limit fills in the limits of a connection.
func (d *Dialer) limit(cfg *engine.Config, o DialOptions) {
	cfg.ReadLimit, cfg.WriteTimeout, cfg.NoGather = o.ReadLimit, orDefault(d.WriteTimeout, defaultWriteTimeout), d.NoGather
}

// join makes b the connection over nc, whose handshake is over.
func (a *attempt) join(b *dialed, nc net.Conn, rest []byte, cfg *engine.Config, o DialOptions) *dialed {
	a.d.limit(cfg, o)
	b.header = a.answer
	cfg.OnPing, cfg.OnPong = hook(&b.conn, a.d.OnPing), hook(&b.conn, a.d.OnPong)
	initEngine(&b.Conn, nc, rest, cfg, a.d.Keepalive)
	return b
}

// prepare checks the URL and writes the request, before anything is sent.
func (a *attempt) prepare(rawURL string, o DialOptions) error {
	u, err := opening.ParseURL(rawURL)
	if err != nil {
		return err
	}
	user := u.User
	u.User = nil
	a.u, a.name = u, u.String()

	var random [16]byte
	rand.Read(random[:])
	a.compression = o.Compression
	a.req = handshake.ClientRequest{
		Target: u.RequestURI(), Host: a.d.Host, Key: handshake.NewKey(random),
		Subprotocols: o.Subprotocols, Extensions: a.compression.offer(), Header: a.d.header(u, user, o.Header),
	}
	if a.req.Host == "" {
		a.req.Host = opening.HostField(u)
	}
	a.setConnector()
	if v := a.variant; v != nil {
		if a.req.Origin = v.Origin; a.req.Origin == "" {
			a.req.Origin = u.Scheme + "://" + opening.HostField(u)
		}
		a.head, err = v.Request(nil, &a.req, u.Scheme == "https")
	} else {
		a.head, err = handshake.AppendRequest(nil, &a.req)
	}
	if e, ok := err.(*ArgumentError); ok && e.Name == "Host" && a.d.Host == "" {
		e.Name = "url"
	}
	return err
}

func (a *attempt) setConnector() {
	c, d := &a.connector, a.d
	c.URL, c.Host, c.UserAgent = a.u, a.req.Host, userAgent
	c.TLSConfig, c.NetDial, c.NetDialTLS = d.TLSConfig, d.NetDial, d.NetDialTLS
	c.Proxy, c.ProxyHeader = d.Proxy, d.ProxyHeader
}

// connect opens the stream for HTTP/1.1, and returns when ctx ends even if the
// caller's own functions do not.
func (a *attempt) connect(ctx context.Context) (net.Conn, error) {
	open := func(ctx context.Context) (net.Conn, error) { return a.connector.Connect(ctx, "http/1.1") }
	return opening.Within(ctx, open, func(nc net.Conn) { opening.Abort(nc) })
}

// userAgent is the default User-Agent of Dial (RFC 9110 section 10.1.5).
const userAgent = "Go-twinws-client/1"

// header returns the additional fields of the request: the caller's, in their
// spelling, and those that result from the URL, the jar and the library.
func (d *Dialer) header(u *url.URL, user *url.Userinfo, given map[string][]string) map[string][]string {
	h := make(map[string][]string, len(given)+3)
	spelled := map[string]string{} // by the canonical spelling: the one that is there
	for k, v := range given {
		h[k] = append([]string(nil), v...)
		spelled[http.CanonicalHeaderKey(k)] = k
	}
	if k, ok := spelled["User-Agent"]; !ok {
		h["User-Agent"] = []string{userAgent}
	} else if len(h[k]) == 1 && h[k][0] == "" {
		delete(h, k) // as in net/http: no User-Agent
	}
	if auth := opening.BasicAuth(user); auth != "" && len(h[spelled["Authorization"]]) == 0 {
		h["Authorization"] = []string{auth}
	}
	if d.Jar == nil {
		return h
	}
	jar := http.Request{Header: http.Header{}}
	for _, c := range d.Jar.Cookies(u) {
		jar.AddCookie(c)
	}
	if c := jar.Header["Cookie"]; len(c) > 0 { // one field for all of them: RFC 6265 section 5.4
		k := spelled["Cookie"]
		if k == "" {
			k = "Cookie"
		}
		h[k] = []string{strings.Join(append(h[k], c...), "; ")}
	}
	return h
}

// bound returns ctx with the handshake's time limit.
func (d *Dialer) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := d.HandshakeTimeout
	if _, ok := ctx.Deadline(); limit == 0 && !ok {
		limit = defaultHandshakeTimeout
	}
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, limit)
}

// explain adds the URL to err. If the caller's context, or the time limit, has
// ended, that becomes the cause, and what was waited for the problem.
func (a *attempt) explain(ctx, bounded context.Context, err error) error {
	e, known := err.(*HandshakeError)
	_, argument := err.(*ArgumentError)
	refused := known && e.Status != 0 // tells more
	reply, refusedBySOCKS := errors.AsType[opening.Refused](err)
	what, proxy := a.connector.Waiting()
	switch {
	case argument:
		return err
	case refusedBySOCKS: // nothing more was waited for
		e.Cause = &SOCKSError{Reply: byte(reply)}
	case opening.Ended(ctx) != nil && refused:
		e.Cause = opening.Ended(ctx) // the rest of the refusal was waited for
	case opening.Ended(ctx) != nil:
		e = &HandshakeError{Proxy: proxy, Problem: "the context ended while waiting for " + what, Cause: opening.Ended(ctx)}
	case opening.Ended(bounded) != nil && !refused:
		e = &HandshakeError{Proxy: proxy, Problem: "the handshake timed out while waiting for " + what, Cause: opening.Ended(bounded)}
	case !known:
		e = &HandshakeError{Problem: "the connection was lost before the server responded", Cause: err}
	}
	e.URL = a.wsURL()
	return e
}

// wsURL is the URL for errors: as it was dialed, without userinfo.
func (a *attempt) wsURL() string { return "ws" + a.name[len("http"):] }

// shake sends the request and reads the response. It returns the bytes that
// were read after it.
func (a *attempt) shake(nc net.Conn) (cfg engine.Config, rest []byte, err error) {
	cfg.Client = true
	if _, err := nc.Write(a.head); err != nil {
		return cfg, nil, err
	}
	res, rest, err := opening.ReadResponse(nc)
	if err != nil {
		return cfg, nil, err
	}
	a.keep(res.Header.HTTP())
	var extensions []handshake.Extension
	if a.variant != nil {
		cfg.Subprotocol, rest, err = a.shakeVariant(nc, res, rest)
	} else {
		cfg.Subprotocol, extensions, err = handshake.CheckResponse(res, &a.req)
	}
	if err == nil {
		cfg.Deflate, err = a.compression.confirm(extensions)
	}
	if e, ok := err.(*HandshakeError); ok {
		e.Status, e.Header, e.Body = res.Status, a.answer, opening.ReadBody(nc, rest, res)
		e.Problem += opening.Excerpt(e.Body)
	}
	return cfg, rest, err
}

// keep records the header of the response, and stores its cookies.
func (a *attempt) keep(header http.Header) {
	a.answer = header
	if a.d.Jar == nil {
		return
	}
	if cookies := (&http.Response{Header: header}).Cookies(); len(cookies) > 0 {
		a.d.Jar.SetCookies(a.u, cookies)
	}
}
