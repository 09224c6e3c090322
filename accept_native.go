//go:build !js

package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/internal/opening"
	"github.com/twinws/ws/internal/tunnel"
)

// AcceptOptions are the options of a server. A nil pointer and the zero value
// mean the defaults: requests of the same origin only, no subprotocol.
type AcceptOptions struct {
	// Subprotocols are those the server supports, in its order of preference.
	// The first one that the client offers is selected; if there is none, no
	// subprotocol is.
	Subprotocols []string

	// OriginPatterns are the origins whose pages may connect, in addition to
	// the server's own: "https://example.com", "*.example.com",
	// "http://localhost:*", "*" for all. See handshake.Policy for the grammar.
	// A request without an Origin field does not come from a page and is always
	// accepted.
	//
	// Behind a proxy that terminates TLS, name the site, "https://example.com",
	// or the proxy, in TrustedProxies.
	OriginPatterns []string

	// InsecureSkipOriginCheck lets pages of any site connect, with their user's
	// cookies. That allows cross-site WebSocket hijacking, unless nothing
	// depends on cookies or on the user's network.
	InsecureSkipOriginCheck bool

	// AllowedHosts are the host names that the server accepts, such as
	// "localhost", "127.0.0.1:8080", "*.example.com": a request with another
	// Host is rejected with 403, whatever its origin. Empty allows all; an
	// entry without a port allows any port. See handshake.Policy for the
	// grammar.
	//
	// Set it where the server is protected only by not being reachable from
	// outside, such as a development server, or a device in a home network: a
	// page of any site can make its own name resolve to the server's address
	// (DNS rebinding), and is then of the same origin.
	AllowedHosts []string

	// TrustedProxies are the addresses of proxies in front of the server that
	// are believed about how the client called them. A request from one of them
	// is of the scheme and of the host and port that it says in the fields
	// X-Forwarded-Proto and X-Forwarded-Host, or Forwarded (RFC 7239); what it
	// does not say is as in the request. That decides which pages are of the
	// same origin, and what AllowedHosts allows. From any other address, and by
	// default, these fields are ignored.
	//
	//	TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	//
	// List addresses from which only proxies connect, and make these proxies
	// set or remove all three fields: a page cannot set them, but other clients
	// can. With Accept the address is RemoteAddr of the http.Request, with
	// Upgrade that of the net.Conn. A connection through a Unix socket counts
	// as one from 127.0.0.1. See handshake.Policy for several proxies in a row.
	TrustedProxies []netip.Prefix

	// Check is called for a request that is a valid handshake, after the origin
	// check. An error rejects the request: a *HandshakeError with its Status,
	// Header and Body, any other with 403 Forbidden. nil means that all are
	// accepted. With Upgrade it is the place to inspect the path, the cookies
	// and so on.
	Check func(r *handshake.Request) error

	// Group gets the connections, so that they can be ended together; nil for
	// none.
	Group *Group

	// Header is added to the response; it takes an http.Header. Names keep
	// their spelling. The fields of the handshake itself cannot be set.
	Header map[string][]string

	// Compression accepts a client's offer of permessage-deflate (RFC 7692);
	// nil means that every offer is declined.
	Compression *Compression

	// ReadLimit is the largest message to receive, in bytes, as in DialOptions:
	// 0 means DefaultReadLimit (1 MiB), a negative number no limit.
	ReadLimit int64

	// MaxHeadBytes is the largest request head that Upgrade accepts, in bytes:
	// 0 means 16 KiB. A larger one is rejected with 431; the usual cause is
	// cookies. With Accept, net/http reads the head, of at most 1 MiB unless
	// MaxHeaderBytes of http.Server says otherwise. Both accept at most 200
	// header fields.
	MaxHeadBytes int

	// HandshakeTimeout bounds the handshake: reading the request, with Upgrade,
	// and writing the response. 0 means 10 s, a negative value no limit but
	// Upgrade's context. With Accept, net/http reads the request: bound that by
	// ReadHeaderTimeout and MaxHeaderBytes of http.Server.
	HandshakeTimeout time.Duration

	// Keepalive is how long the peer may be silent; nil means 30 s until a
	// ping is sent, and 30 s more.
	Keepalive *Keepalive

	// WriteTimeout is how long the peer may accept no byte of what is sent, as
	// in Dialer: 0 means 30 s, a negative value no limit. Over HTTP/2 it is how
	// long the peer may take to accept 16 KiB, since net/http does not tell how
	// much of a write was accepted.
	WriteTimeout time.Duration

	// OnPing and OnPong are called with the payload of each ping and pong
	// received, and the connection, as in Dialer; nil for none.
	OnPing, OnPong func(c *Conn, payload []byte)

	// NoGather makes every Write return only after the operating system, or
	// TLS, has accepted its message. Otherwise messages are coalesced: while
	// another whole message has been received and waits to be read, and while
	// another goroutine is writing, Write buffers its message, up to 64 KiB in
	// all, and returns. Buffered messages are sent in one piece: before Read
	// waits, with the next message that is not buffered, with a ping or a close
	// frame, and after at most 1 ms. Messages stay in order; an error in
	// sending them is returned by the next call, and by Close.
	NoGather bool
}

// Validate returns an [*ArgumentError] for the first invalid option, nil if all
// are valid. With invalid options Accept responds to every request with 500,
// and Upgrade closes every connection: call Validate at start-up. Handler and
// RequestHandler call it. A nil o is valid.
func (o *AcceptOptions) Validate() error {
	err := o.resolve(new(terms), false)
	if err == nil && o != nil {
		err = handshake.CheckHeader("Header", o.Header)
	}
	return wrap("options", err)
}

// terms are the checked options of a handshake, and the configuration of its
// connection. They are passed by reference, to keep the stack of a handshake
// small.
type terms struct {
	AcceptOptions // checked, with their defaults filled in
	policy        handshake.Policy
	cfg           engine.Config // set by respond
}

// resolve makes t the terms of o.
func (o *AcceptOptions) resolve(t *terms, secure bool) error {
	if o != nil {
		t.AcceptOptions = *o
	}
	t.ReadLimit = readLimit(t.ReadLimit)
	if t.HandshakeTimeout == 0 {
		t.HandshakeTimeout = defaultHandshakeTimeout
	}
	if t.MaxHeadBytes == 0 {
		t.MaxHeadBytes = handshake.MaxHeadBytes
	}
	p := &t.policy
	p.Subprotocols, p.OriginPatterns, p.AllowedHosts = t.Subprotocols, t.OriginPatterns, t.AllowedHosts
	p.InsecureSkipOriginCheck, p.TLS, p.TrustedProxies = t.InsecureSkipOriginCheck, secure, t.TrustedProxies
	if err := t.Compression.check(); err != nil {
		return err
	}
	if t.MaxHeadBytes < 0 {
		return &ArgumentError{Name: "MaxHeadBytes", Problem: strconv.Itoa(t.MaxHeadBytes) + " is negative: use 0 for 16 KiB"}
	}
	return p.Validate()
}

// requests are for handshakes without a Check, which might retain its argument.
var requests = sync.Pool{New: func() any { return new(handshake.Request) }}

func (t *terms) takeRequest() *handshake.Request {
	if t.Check != nil {
		return new(handshake.Request)
	}
	return requests.Get().(*handshake.Request)
}

func (t *terms) putRequest(r *handshake.Request) {
	if t.Check == nil && cap(r.Header) <= 2*handshake.MaxFields {
		r.Reset()
		requests.Put(r)
	}
}

// agree decides whether a request is accepted.
func (t *terms) agree(r *handshake.Request) (*handshake.Agreement, *HandshakeError) {
	a, refusal := handshake.Check(r, &t.policy)
	if refusal == nil {
		refusal = t.Group.refusal()
	}
	if refusal == nil && t.Check != nil {
		refusal = refusalBy("AcceptOptions.Check", t.Check(r))
	}
	return a, refusal
}

// refusalBy is the response to a request that who rejected with err, nil if err
// is nil.
func refusalBy(who string, err error) *HandshakeError {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*HandshakeError](err); ok {
		return e
	}
	return &HandshakeError{Status: http.StatusForbidden, Body: []byte("refused\n"), Problem: who + " rejected the request", Cause: err}
}

// respond appends the response that accepts a to dst, and completes the
// configuration of the connection. extra may be nil.
func (t *terms) respond(dst []byte, a *handshake.Agreement, extra http.Header) ([]byte, error) {
	extensions, extra := t.settle(a, extra)
	return handshake.AppendResponse(dst, a, extensions, extra)
}

// settle completes the configuration of the connection. It returns the
// extensions of the response, and its additional fields: those in extra, which
// may be nil, and those of the options.
func (t *terms) settle(a *handshake.Agreement, extra http.Header) (extensions string, all http.Header) {
	if extra == nil && len(t.Header) > 0 {
		extra = make(http.Header, len(t.Header))
	}
	for k, v := range t.Header {
		extra[k] = append(extra[k], v...)
	}
	cfg := &t.cfg
	cfg.Subprotocol, cfg.ReadLimit, cfg.NoGather = a.Subprotocol, t.ReadLimit, t.NoGather
	cfg.WriteTimeout = orDefault(t.WriteTimeout, defaultWriteTimeout)
	cfg.Deflate, extensions = t.Compression.answer(a.Offers)
	return extensions, extra
}

// Accept responds to a WebSocket handshake that net/http has received, and
// takes over the connection. w and r must not be used afterwards, except that
// r's fields may be read. It works behind middleware that wraps w, if the
// wrapper has an Unwrap method (http.ResponseController); the middleware then
// sees nothing of what is sent, and one that compresses does not break it.
//
// Over HTTP/1.1 the request is an upgrade, and Accept takes over the
// connection. Over HTTP/2 it is an extended CONNECT (RFC 8441), which net/http
// accepts if the program imports github.com/twinws/ws/xconnect: the WebSocket
// is one stream among others of its connection. Over HTTP/3 (RFC 9220) the
// server is quic-go's http3.Server. [Conn.HTTPVersion] tells which it was. What
// differs over HTTP/2:
//
//   - The handler must not return before the connection has ended: that ends
//     the stream, and what is then sent is lost. [Handler] sees to that.
//   - r.Context() ends with the stream.
//   - CloseNow, a Write that is cut off by its context, and a peer that accepts
//     nothing within WriteTimeout reset the stream, and leave the others of the
//     connection alone.
//   - ReadTimeout and WriteTimeout of http.Server do not end the connection.
//     Other limits are for all streams together: see [ConfigureHTTP2].
//   - http.Server.Shutdown waits until the connection has ended, and Close ends
//     it. Both know nothing of a connection over HTTP/1.1.
//   - A handler registered for "GET /chat" gets no CONNECT: see [GuardConnect].
//
// Over HTTP/1.1 net/http can hand over only connections that support deadlines.
// If their
// SetDeadline methods return an error, as those of an SSH listener do, the
// response is 500 and Accept returns a [*HandshakeError] that says so: accept
// such connections with [Upgrade].
//
// A request that is not a handshake, has more than 200 header fields, or comes
// from another origin, gets an error response (400, 403, 405, 426, 431, 501),
// and Accept returns a [*HandshakeError]. One of a draft before RFC 6455 gets
// 426, and the error names the draft: package legacy accepts it. Fields set in
// w.Header() are sent with the response, except those that describe a body.
func Accept(w http.ResponseWriter, r *http.Request, opts *AcceptOptions) (*Conn, error) {
	j := new(joined)
	if _, err := accept(j, w, r, opts, nil); err != nil {
		return nil, wrap("accept", err)
	}
	return j.Conn(), nil
}

// IsUpgrade reports whether r requests a WebSocket, so that Accept should
// respond to it: a GET of HTTP/1.1 whose Connection field lists upgrade and
// whose Upgrade field lists websocket (RFC 6455 section 4.2.1 items 1, 3 and
// 4), or over HTTP/2 or HTTP/3 an extended CONNECT whose :protocol is websocket
// (RFC 8441 section 4, RFC 9220 section 3). Accept decides whether it is
// accepted.
func IsUpgrade(r *http.Request) bool {
	if r.ProtoMajor > 1 {
		return handshake.ConnectProtocol(r) == "websocket"
	}
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && r.ProtoMinor >= 1 &&
		handshake.HasToken(r.Header["Connection"], "Upgrade") && handshake.HasToken(r.Header["Upgrade"], "websocket")
}

// accept makes j the connection. If last is not nil, it is called last, and its
// error rejects the request. The stream is the one that needs the handler to
// stay, nil if none does.
func accept(j *joined, w http.ResponseWriter, r *http.Request, opts *AcceptOptions, last func() error) (*tunnel.Stream, error) {
	t := new(terms)
	err := opts.resolve(t, r.TLS != nil)
	if err != nil {
		writeRefusal(w, r, refusalOf(err))
		return nil, err
	}
	t.cameBy(r)
	request := t.takeRequest()
	request.SetHTTP(r)
	agreement, refusal := t.agree(request)
	t.putRequest(request)
	if refusal == nil && last != nil {
		refusal = refusalBy("the server", last())
	}
	if refusal != nil {
		writeRefusal(w, r, refusal)
		return nil, refusal
	}
	if agreement.Extended {
		return t.acceptExtended(j, w, r, agreement)
	}
	return nil, t.takeOver(j, w, r, agreement)
}

// takeOver accepts a request of HTTP/1.1, and takes its connection over.
func (t *terms) takeOver(j *joined, w http.ResponseWriter, r *http.Request, agreement *handshake.Agreement) error {
	room := opening.Heads.Get().(*[opening.HeadRoom]byte)
	defer opening.Heads.Put(room)
	head, err := t.respond(room[:0], agreement, passedOn(w.Header()))
	if err != nil {
		writeRefusal(w, r, refusalOf(err))
		return err
	}
	control := http.NewResponseController(w)
	if err := cannotHandOver(control.SetReadDeadline(time.Now().Add(handOverWait))); err != nil {
		writeRefusal(w, r, err)
		return err
	}
	nc, rw, err := control.Hijack()
	if err != nil {
		e := &HandshakeError{Status: http.StatusInternalServerError, Body: []byte("the server cannot take over connections\n"),
			Problem: "the ResponseWriter cannot be hijacked: give middleware's writers an Unwrap method", Cause: err}
		writeRefusal(w, r, e)
		return e
	}
	// What the client sent after its handshake is in the buffer of net/http.
	buffered, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err == nil {
		nc = opening.WithDeadlines(nc)
		err = sendHead(nc, head, timeLimit(t.HandshakeTimeout))
	}
	if err != nil {
		nc.Close()
		return &HandshakeError{Problem: "the response could not be sent", Cause: err}
	}
	j.init(nc, append([]byte(nil), buffered...), t)
	return nil
}

// handOverWait is the deadline that is tried. net/http resets it at once.
const handOverWait = time.Minute

// cannotHandOver returns the response to a request on a connection that
// returned err for a deadline, nil if the connection can be hijacked. A Read of
// net/http is blocked on the connection, and net/http ends it by a deadline
// before it hands the connection over: without deadlines Hijack would block
// forever.
func cannotHandOver(err error) *HandshakeError {
	switch {
	case err == nil, errors.Is(err, http.ErrNotSupported): // the writer does not let us ask
		return nil
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return nil
	}
	return &HandshakeError{Status: http.StatusInternalServerError, Body: []byte("the server cannot take over connections\n"),
		Problem: "net/http cannot hand over a connection without deadlines: accept it by Upgrade", Cause: err}
}

// passedOn returns the fields set by middleware that may be sent with a 101.
func passedOn(h http.Header) http.Header {
	if len(h) == 0 {
		return nil
	}
	extra := http.Header{}
	for k, v := range h {
		switch c := http.CanonicalHeaderKey(k); {
		case c == "Connection", c == "Upgrade", c == "Host", c == "Transfer-Encoding", c == "Trailer",
			strings.HasPrefix(c, "Content-"), strings.HasPrefix(c, "Sec-Websocket-"):
		default:
			extra[k] = v[:len(v):len(v)] // in its spelling
		}
	}
	return extra
}

// refusalOf returns the response to a request that failed with err. The peer is
// not told about mistakes in the server's own options.
func refusalOf(err error) *HandshakeError {
	if e, ok := errors.AsType[*HandshakeError](err); ok {
		return e
	}
	return &HandshakeError{Status: http.StatusInternalServerError, Body: []byte("internal server error\n")}
}

func writeRefusal(w http.ResponseWriter, r *http.Request, e *HandshakeError) {
	status, header, body := handshake.Refusal(e)
	if r.ProtoMajor > 1 { // RFC 9113 section 8.2.2: no fields of the connection, and other streams go on
		delete(header, "Connection")
		delete(header, "Upgrade")
	}
	for k, v := range header {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	w.Write(body)
}

// sendHead writes the head of a response to nc, and leaves nc without
// deadlines.
func sendHead(nc net.Conn, head []byte, limit time.Time) error {
	b := opening.Bounded(context.Background(), nc, limit)
	_, err := nc.Write(head)
	if late := b.Undo(); late != nil {
		err = late
	}
	return err
}

func timeLimit(d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return time.Now().Add(d)
}
