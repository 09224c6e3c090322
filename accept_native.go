//go:build !js

package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
)

// AcceptOptions are what a server may choose. A nil pointer and the zero value
// mean the defaults: requests of the same origin only, no subprotocol.
type AcceptOptions struct {
	// Subprotocols are the server's, in its order of preference. The first
	// that the client offers is agreed on; without one, none is.
	Subprotocols []string

	// OriginPatterns are the origins whose pages may connect besides the
	// server's own: "https://example.com", "*.example.com",
	// "http://localhost:*", "*" for all. See handshake.Policy for the grammar.
	// A request without an Origin field comes from no page and is always let
	// in.
	//
	// Behind a proxy that ends TLS, name the site: "https://example.com".
	OriginPatterns []string

	// InsecureSkipOriginCheck lets any page of any site connect, with its
	// user's cookies: cross-site WebSocket hijacking, unless nothing depends
	// on cookies or on the user's network.
	InsecureSkipOriginCheck bool

	// AllowedHosts are the names by which the server may be called, such as
	// "localhost", "127.0.0.1:8080", "*.example.com": a request with another
	// Host is refused with 403, whatever its origin. Empty allows all; an entry
	// without a port allows any. See handshake.Policy for the grammar.
	//
	// Set it where being reachable is what protects the server, such as a
	// developer's server on the own machine, or a device in the home: there a
	// page of any site can let its own name resolve to the server's address
	// (DNS rebinding), and is then of the same origin.
	AllowedHosts []string

	// Check is asked about a request that is a valid handshake, after the
	// origin. An error refuses it: a *HandshakeError with its Status, Header
	// and Body, any other with 403 Forbidden. nil means that all are let in.
	// With Upgrade it is the place to see the path, the cookies and the rest.
	Check func(r *handshake.Request) error

	// Header is added to the response; it takes an http.Header. Names keep
	// their spelling. The handshake's own fields cannot be set by it.
	Header map[string][]string

	// Compression agrees to a client's offer of permessage-deflate (RFC 7692);
	// nil means that every offer is declined.
	Compression *Compression

	// ReadLimit is the largest message to read, in bytes, as in DialOptions: 0
	// means DefaultReadLimit (1 MiB), less than 0 none.
	ReadLimit int64

	// MaxHeadBytes is the largest head of a request that Upgrade takes, in
	// bytes: 0 means 16 KiB. A larger one is answered with 431; cookies are
	// what mostly makes one. With Accept it is net/http that reads the head, 1
	// MiB of it at most unless MaxHeaderBytes of http.Server says otherwise.
	// Either takes 200 header fields at most.
	MaxHeadBytes int

	// HandshakeTimeout bounds the handshake: Upgrade's reading of the request,
	// and the writing of the response. 0 means 10 s, less than 0 none but
	// Upgrade's context. With Accept it is net/http that reads the request:
	// bound that by ReadHeaderTimeout and MaxHeaderBytes of http.Server.
	HandshakeTimeout time.Duration

	// Keepalive is how long the peer may be silent; nil means 30 s until a
	// ping is sent, and 30 s more.
	Keepalive *Keepalive

	// WriteTimeout is how long the peer may take no byte of what is sent, as in
	// Dialer: 0 means 30 s, less than 0 for ever.
	WriteTimeout time.Duration

	// OnPing and OnPong are called with the payload of each ping and pong that
	// comes, and the connection it came on, as in Dialer; nil for none.
	OnPing, OnPong func(c *Conn, payload []byte)

	// NoGather has every Write return only once the operating system, or TLS,
	// has taken its message. Otherwise replies are gathered: while another
	// message has arrived whole and waits to be read, and while another
	// goroutine is writing, Write takes its message, up to 64 KiB in all,
	// and returns. They are sent in one piece before Read waits, with the next
	// message that is not held back, with a ping or the close, and after 1 ms
	// at the latest. Messages stay in order; an error in sending them is that
	// of the next call, and of Close.
	NoGather bool
}

// Validate returns an [*ArgumentError] for the first option that cannot be
// used, nil when all can. While there is one, Accept answers every request with
// 500, and Upgrade closes every connection: call it where the server is set up.
// Handler and RequestHandler do. A nil o is valid.
func (o *AcceptOptions) Validate() error {
	err := o.resolve(new(terms), false)
	if err == nil && o != nil {
		err = handshake.CheckHeader("Header", o.Header)
	}
	return wrap("options", err)
}

// terms are what a handshake is held to, and what its connection is to know.
// They are handed on by reference: a handshake should do with a small stack.
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
	p.InsecureSkipOriginCheck, p.TLS = t.InsecureSkipOriginCheck, secure
	if err := t.Compression.check(); err != nil {
		return err
	}
	if t.MaxHeadBytes < 0 {
		return &ArgumentError{Name: "MaxHeadBytes", Problem: strconv.Itoa(t.MaxHeadBytes) + " is less than nothing: use 0 for 16 KiB"}
	}
	return p.Validate()
}

// requests are those that no Check is shown, which might keep them.
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

// agree decides about a request.
func (t *terms) agree(r *handshake.Request) (*handshake.Agreement, *HandshakeError) {
	a, refusal := handshake.Check(r, &t.policy)
	if refusal == nil && t.Check != nil {
		refusal = refusalBy("AcceptOptions.Check", t.Check(r))
	}
	return a, refusal
}

// refusalBy is the answer to a request that who refused with err, nil for none.
func refusalBy(who string, err error) *HandshakeError {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*HandshakeError](err); ok {
		return e
	}
	return &HandshakeError{Status: http.StatusForbidden, Body: []byte("refused\n"), Problem: who + " refused it", Cause: err}
}

// respond appends the response that accepts a to dst, and notes what the
// connection is to know of it. extra may be nil.
func (t *terms) respond(dst []byte, a *handshake.Agreement, extra http.Header) ([]byte, error) {
	if extra == nil && len(t.Header) > 0 {
		extra = make(http.Header, len(t.Header))
	}
	for k, v := range t.Header {
		extra[k] = append(extra[k], v...)
	}
	cfg := &t.cfg
	cfg.Subprotocol, cfg.ReadLimit, cfg.NoGather = a.Subprotocol, t.ReadLimit, t.NoGather
	cfg.WriteTimeout = orDefault(t.WriteTimeout, defaultWriteTimeout)
	var extensions string
	cfg.Deflate, extensions = t.Compression.answer(a.Offers)
	return handshake.AppendResponse(dst, a, extensions, extra)
}

// Accept answers a WebSocket handshake that net/http has received, and takes
// the connection over; w and r are not to be used afterwards, but r's fields
// may be read. It works behind middleware that wraps w, if the wrapper has an
// Unwrap method (http.ResponseController).
//
// net/http can hand over only connections that keep deadlines. Where they
// return an error, as those of an SSH listener do, the request is answered with
// 500 and Accept returns a [*HandshakeError] that says so: accept such by
// [Upgrade].
//
// A request that is no handshake, has more than 200 header fields, or comes
// from another origin, is answered (400, 403, 405, 426, 431) and returns a
// [*HandshakeError]. Fields that were set in
// w.Header() are sent with the response, but those that describe a body.
func Accept(w http.ResponseWriter, r *http.Request, opts *AcceptOptions) (*Conn, error) {
	j := new(joined)
	if err := accept(j, w, r, opts, nil); err != nil {
		return nil, wrap("accept", err)
	}
	return j.Conn(), nil
}

// IsUpgrade reports whether r asks for WebSocket, so that Accept is the one to
// answer it: a GET of HTTP/1.1 whose Connection lists upgrade and whose Upgrade
// lists websocket (RFC 6455 section 4.2.1 items 1, 3 and 4). Whether it is let
// in is for Accept to see.
func IsUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && r.ProtoMajor == 1 && r.ProtoMinor >= 1 &&
		handshake.HasToken(r.Header["Connection"], "Upgrade") && handshake.HasToken(r.Header["Upgrade"], "websocket")
}

// accept makes j the connection. last, if it is not nil, is asked at last
// whether the request is let in.
func accept(j *joined, w http.ResponseWriter, r *http.Request, opts *AcceptOptions, last func() error) error {
	t := new(terms)
	err := opts.resolve(t, r.TLS != nil)
	if err != nil {
		writeRefusal(w, r, refusalOf(err))
		return err
	}
	request := t.takeRequest()
	request.SetHTTP(r)
	agreement, refusal := t.agree(request)
	t.putRequest(request)
	if refusal == nil && last != nil {
		refusal = refusalBy("the server", last())
	}
	if refusal != nil {
		writeRefusal(w, r, refusal)
		return refusal
	}
	room := heads.Get().(*[headRoom]byte)
	defer heads.Put(room)
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
			Problem: "the ResponseWriter cannot be hijacked: serve HTTP/1.1, and give middleware's writers an Unwrap method", Cause: err}
		writeRefusal(w, r, e)
		return e
	}
	// What the client sent behind its handshake is in the server's buffer.
	buffered, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err == nil {
		nc = withDeadlines(nc)
		err = sendHead(nc, head, timeLimit(t.HandshakeTimeout))
	}
	if err != nil {
		nc.Close()
		return &HandshakeError{Problem: "the response could not be sent", Cause: err}
	}
	j.init(nc, append([]byte(nil), buffered...), t)
	return nil
}

// handOverWait is the deadline that is tried. net/http takes it back at once.
const handOverWait = time.Minute

// cannotHandOver returns the answer to a request on a connection that returned
// err for a deadline, nil where there is nothing wrong with it. net/http has a
// Read at work on it, which it ends by a deadline before it hands the
// connection over: on one that has none Hijack would wait for ever.
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

// passedOn picks what may go with a 101 from the fields that middleware set.
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

// refusalOf returns the answer to a request that failed with err. Mistakes in
// the server's own options are no matter of the peer's.
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

// sendHead writes a response's head to nc, which it leaves without deadlines.
func sendHead(nc net.Conn, head []byte, limit time.Time) error {
	b := bounded(context.Background(), nc, limit)
	_, err := nc.Write(head)
	if late := b.undo(); late != nil {
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
