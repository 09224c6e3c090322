//go:build !js

package ws

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/internal/opening"
	"github.com/twinws/ws/internal/variant"
)

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
