//go:build !js

package ws

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
)

// maxInterim bounds the interim responses before a server's answer.
const maxInterim = 8

// Dialer dials with what needs native types. Its zero value is ready and does
// what Dial does; it may be used from many goroutines, and is not changed.
//
// In a browser: absent. Dial and DialOptions are there in both homes.
type Dialer struct {
	DialOptions

	// Host is sent as the Host field instead of the URL's host and port. The
	// certificate is checked against the URL's host all the same.
	Host string

	// TLSConfig is for wss; nil means the zero Config. A ServerName that is
	// empty becomes the URL's host, and the application protocol is always
	// http/1.1.
	TLSConfig *tls.Config

	// NetDial opens the connection to the server or the proxy; nil means a
	// net.Dialer. network is "tcp", addr has a port.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)

	// Proxy returns the proxy for a request, whose URL has the scheme http or
	// https; nil, or a nil result, means none. Proxies over http and https are
	// asked by CONNECT; for others use NetDial. When Proxy is nil,
	// http.ProxyFromEnvironment is asked; set it to a function that returns nil
	// for no proxy at all.
	Proxy func(*http.Request) (*url.URL, error)

	// Jar gives and takes cookies; nil means none.
	Jar http.CookieJar

	// HandshakeTimeout bounds the whole of Dial, from the name's look-up to
	// the server's answer: 0 means 10 s unless the context has a deadline, less than 0 no
	// bound but the context.
	HandshakeTimeout time.Duration

	// Keepalive is how long the peer may be silent; nil means 30 s until a
	// ping is sent, and 30 s more.
	Keepalive *Keepalive
}

// Dial is the function Dial with d's settings.
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
	return &Conn{b: b}, nil
}

// attempt is one handshake under way.
type attempt struct {
	d    *Dialer
	u    *url.URL // of scheme http or https, without fragment
	name string   // what errors call it: no userinfo
	req  handshake.ClientRequest
	head []byte
}

func (d *Dialer) dial(ctx context.Context, rawURL string, o DialOptions) (backend, error) {
	a := &attempt{d: d}
	if err := a.prepare(rawURL, o); err != nil {
		return nil, err
	}
	bounded, cancel := d.bound(ctx)
	defer cancel()
	nc, err := a.connect(bounded)
	if err != nil {
		return nil, a.explain(ctx, bounded, err)
	}
	undo := interruptible(bounded, nc)
	subprotocol, rest, err := a.shake(nc)
	undo()
	if err != nil {
		nc.Close()
		return nil, a.explain(ctx, bounded, err)
	}
	return newEngine(nc, rest, engine.Config{Client: true, Subprotocol: subprotocol, ReadLimit: o.ReadLimit}, d.Keepalive), nil
}

// prepare checks the URL and writes the request, before anything is sent.
func (a *attempt) prepare(rawURL string, o DialOptions) error {
	u, err := parseURL(rawURL)
	if err != nil {
		return err
	}
	user := u.User
	u.User = nil
	a.u, a.name = u, u.String()

	header := make(http.Header, len(o.Header)+2)
	for k, v := range o.Header {
		header[k] = v
	}
	if user != nil && header.Get("Authorization") == "" {
		header.Set("Authorization", basicAuth(user))
	}
	if a.d.Jar != nil {
		var cookies http.Request
		cookies.Header = http.Header{"Cookie": header["Cookie"]}
		for _, c := range a.d.Jar.Cookies(u) {
			cookies.AddCookie(c)
		}
		if c := cookies.Header["Cookie"]; len(c) > 0 {
			header["Cookie"] = c
		}
	}
	var random [16]byte
	rand.Read(random[:])
	a.req = handshake.ClientRequest{
		Target: u.RequestURI(), Host: u.Host, Key: handshake.NewKey(random),
		Subprotocols: o.Subprotocols, Header: header,
	}
	if a.d.Host != "" {
		a.req.Host = a.d.Host
	}
	a.head, err = handshake.AppendRequest(nil, &a.req)
	return err
}

// parseURL takes what the WHATWG standard takes, but relative URLs. The result
// has the scheme http or https.
func parseURL(raw string) (*url.URL, error) {
	bad := func(problem string) error { return &ArgumentError{Name: "url", Problem: problem} }
	u, err := url.Parse(raw)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err // the URL may hold a password
		}
		return nil, bad("cannot be parsed: " + err.Error())
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	case "":
		return nil, bad("has no scheme: begin it with ws:// or wss://")
	default:
		return nil, bad("has the scheme " + u.Scheme + ": use ws or wss")
	}
	switch {
	case u.Hostname() == "":
		return nil, bad("has no host")
	case u.Fragment != "" || u.RawFragment != "":
		return nil, bad("has a fragment (RFC 6455 section 3): leave out # and what follows, or write it as %23")
	}
	return u, nil
}

func basicAuth(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
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

// explain gives err the URL, and the caller's context the word when it ended.
func (a *attempt) explain(ctx, bounded context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, ok := errors.AsType[*ArgumentError](err); ok {
		return err
	}
	if bounded.Err() != nil {
		return &HandshakeError{URL: a.wsURL(), Problem: "it took longer than the handshake time limit", Cause: bounded.Err()}
	}
	if e, ok := errors.AsType[*HandshakeError](err); ok {
		e.URL = a.wsURL()
		return e
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &HandshakeError{URL: a.wsURL(), Cause: err}
}

// wsURL is the URL for errors: as it was dialed, without userinfo.
func (a *attempt) wsURL() string { return "ws" + a.name[len("http"):] }

// shake sends the request and reads the answer. It returns what was read
// beyond it.
func (a *attempt) shake(nc net.Conn) (subprotocol string, rest []byte, err error) {
	if _, err := nc.Write(a.head); err != nil {
		return "", nil, err
	}
	res, rest, err := readResponse(nc, nil)
	for i := 0; err == nil && res.Interim(); i++ {
		if i == maxInterim {
			return "", nil, &HandshakeError{Problem: "the server sent more than 8 interim responses"}
		}
		res, rest, err = readResponse(nc, rest)
	}
	if err != nil {
		return "", nil, err
	}
	if a.d.Jar != nil {
		if cookies := (&http.Response{Header: res.Header.HTTP()}).Cookies(); len(cookies) > 0 {
			a.d.Jar.SetCookies(a.u, cookies)
		}
	}
	subprotocol, _, err = handshake.CheckResponse(res, &a.req)
	if e, ok := errors.AsType[*HandshakeError](err); ok {
		e.Body = readBody(nc, rest, res)
	}
	return subprotocol, rest, err
}
