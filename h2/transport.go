package h2

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/twinws/ws"
	"golang.org/x/net/http2"
)

// Transport opens the streams of WebSockets over HTTP/2, and keeps the TCP
// connections that they share. Its zero value is ready to use. Its fields must
// not be changed after the first call of OpenStream; its methods may be called
// concurrently.
//
// Connections are shared among the Dials of one Dialer, a *ws.Dialer that is
// used again, to one scheme, host and port. A connection has two goroutines,
// and buffers of at most 200 KB; a WebSocket has no goroutine.
type Transport struct {
	// Fallback makes Dial use HTTP/1.1 for a server without WebSocket over
	// HTTP/2: one that does not choose h2 by ALPN, whose SETTINGS do not
	// contain SETTINGS_ENABLE_CONNECT_PROTOCOL=1, or that resets a stream with
	// HTTP_1_1_REQUIRED; and for ws URLs without PriorKnowledge. This is
	// remembered for 10 minutes, and 1,000 servers at most. Without Fallback
	// Dial returns a *ws.HandshakeError.
	Fallback bool

	// PriorKnowledge makes ws URLs be dialed with HTTP/2 over plain TCP (RFC
	// 9113 section 3.3). wss URLs are not affected: TLS negotiates h2.
	PriorKnowledge bool

	// MaxConnections is how many connections may be open to one server: 0 means
	// any number. A further one is opened when all have as many streams as
	// their server allows (SETTINGS_MAX_CONCURRENT_STREAMS), one at a time; at
	// the maximum Dial waits for a stream to end.
	MaxConnections int

	// StreamWindow is how many bytes a server may send on a stream before they
	// are read: 0 means 1 MiB; from 16,384 to 2^31-1. As many bytes may wait in
	// memory for each stream that the program does not read. Its quotient by
	// the round-trip time bounds the speed of a stream.
	StreamWindow int

	// ConnWindow is how many bytes a server may send on all streams of a
	// connection before they have arrived here: 0 means 16 MiB; from 65,535 to
	// 2^31-1. It does not bound memory: what arrives no longer counts, so that
	// a stream that is not read never stalls the others.
	ConnWindow int

	// MaxHeaderBytes is the largest header of a response, as HTTP/2 counts it:
	// 32 bytes more for each field. 0 means 64 KiB; from 4,096 to 16 MiB.
	MaxHeaderBytes int

	// IdleTimeout is how long a connection without streams stays open: 0 means
	// 90 s, a negative value no limit.
	IdleTimeout time.Duration

	// PingAfter is how long nothing may come from a server with open streams
	// until it is sent a PING: 0 means 30 s, a negative value never. If then
	// nothing comes for PingTimeout, 0 meaning 15 s, the connection has ended.
	// The Dialer's Keepalive judges each WebSocket besides.
	PingAfter, PingTimeout time.Duration

	mu     sync.Mutex
	closed bool           // protected by mu
	pools  map[key]*pool  // protected by mu
	live   map[*conn]bool // protected by mu: all that have not ended
}

// settings are a Transport's fields with their defaults filled in.
type settings struct {
	streamWindow, connWindow     int64
	headerBytes                  int
	idle, pingAfter, pingTimeout time.Duration
}

// resolve fills in the defaults.
func (t *Transport) resolve() (s settings, err error) {
	pick := func(name string, value, normal, least, most int) int64 {
		if value == 0 {
			value = normal
		}
		if value < least || value > most {
			err = &ws.ArgumentError{Name: name, Problem: fmt.Sprintf("%d is not from %d to %d", value, least, most)}
		}
		return int64(value)
	}
	s.streamWindow = pick("StreamWindow", t.StreamWindow, 1<<20, 16_384, maxWindow)
	s.connWindow = pick("ConnWindow", t.ConnWindow, 16<<20, initialWindow, maxWindow)
	s.headerBytes = int(pick("MaxHeaderBytes", t.MaxHeaderBytes, 64<<10, 4096, 16<<20))
	orDefault := func(d, normal time.Duration) time.Duration {
		if d == 0 {
			return normal
		}
		return d
	}
	s.idle = orDefault(t.IdleTimeout, 90*time.Second)
	s.pingAfter = orDefault(t.PingAfter, 30*time.Second)
	if s.pingTimeout = orDefault(t.PingTimeout, 15*time.Second); s.pingTimeout < 0 {
		err = &ws.ArgumentError{Name: "PingTimeout", Problem: "it is negative"}
	}
	return s, err
}

// maxAttempts bounds how often a request is sent that the server has not
// processed.
const maxAttempts = 4

// OpenStream is for the field of the same name of a ws.Dialer. It sends an
// extended CONNECT (RFC 8441) on a connection of the Dialer's, which it opens
// if there is none, once the server's SETTINGS have come.
//
// A request that the server has certainly not processed, because of a GOAWAY
// frame or a REFUSED_STREAM, is sent again, on another connection if need be,
// up to 4 times altogether; so is one, once, on a connection that had been used
// before and ends without a response, as that of a server that restarts.
//
// The stream is a net.Conn. Deadlines lose nothing: after one has passed and
// was taken back, Read and Write go on. An end of the peer's is io.EOF, a reset
// a *StreamError, the end of the connection a *ConnError, or a *GoAwayError.
// Its Close sends END_STREAM; its method Abort resets it with CANCEL.
func (t *Transport) OpenStream(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
	renewed := false
	for attempt := 1; ; attempt++ {
		c, used, err := t.acquire(ctx, r)
		if err != nil {
			return nil, nil, err
		}
		s, res, err := c.roundTrip(ctx, r.Request)
		if err == nil {
			if res.StatusCode/100 != 2 {
				return nil, res, nil
			}
			return s, res, nil
		}
		if attempt < maxAttempts && ctx.Err() == nil {
			if unprocessed(err) {
				continue
			}
			if e, ok := errors.AsType[*ConnError](err); ok && e.lost && used && !renewed {
				renewed = true
				continue
			}
		}
		return nil, nil, t.failed(ctx, err)
	}
}

// roundTrip opens a stream, of which a place is reserved, and waits for the
// response.
func (c *conn) roundTrip(ctx context.Context, r *http.Request) (*stream, *http.Response, error) {
	s, o, err := c.open(r)
	if err == errUnusable {
		c.t.remove(c)
	}
	if err != nil {
		return nil, nil, err
	}
	res, err := s.await(ctx, o)
	return s, res, err
}

// unprocessed reports whether the server has certainly not processed the
// request (RFC 9113 section 8.7).
func unprocessed(err error) bool {
	if err == errUnusable {
		return true
	}
	if _, ok := err.(*GoAwayError); ok {
		return true
	}
	e, ok := err.(*StreamError)
	return ok && e.Remote && e.Code == http2.ErrCodeRefusedStream
}

// failed is the error of OpenStream for a request that was not answered.
func (t *Transport) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch e := err.(type) {
	case *ws.HandshakeError, *ws.ArgumentError:
		return err
	case *StreamError:
		if e.Remote && e.Code == http2.ErrCodeHTTP11Required {
			return t.lacking("the server demands HTTP/1.1 for this request", err)
		}
		if e.Remote && e.Code == http2.ErrCodeRefusedStream {
			return &ws.HandshakeError{Problem: fmt.Sprintf("the server refused the stream %d times: try later", maxAttempts), Cause: err}
		}
	}
	return &ws.HandshakeError{Problem: "the server did not answer the request", Cause: err}
}

// lacking is the error for a server without WebSocket over HTTP/2. ErrUseHTTP1
// takes the place of cause if HTTP/1.1 is to be used.
func (t *Transport) lacking(problem string, cause error) error {
	if t.Fallback {
		return &ws.HandshakeError{Problem: problem, Cause: ws.ErrUseHTTP1}
	}
	return &ws.HandshakeError{Problem: problem + ": set Fallback to use HTTP/1.1 then", Cause: cause}
}

// tlsConn is a connection over TLS, such as a *tls.Conn.
type tlsConn interface {
	ConnectionState() tls.ConnectionState
}

// connect opens a connection, and waits until it can be used; one stream is
// reserved on it.
func (t *Transport) connect(ctx context.Context, p *pool, r *ws.StreamRequest) (*conn, error) {
	cfg, err := t.resolve()
	if err != nil {
		return nil, err
	}
	nc, err := t.network(ctx, r)
	if err != nil {
		return nil, err
	}
	c := newConn(t, p, nc, cfg)
	t.mu.Lock()
	closed := t.closed
	if t.live == nil {
		t.live = map[*conn]bool{}
	}
	t.live[c] = true
	t.mu.Unlock()
	go c.flush()
	go c.read()
	if closed {
		c.fail(errClosed())
	}
	select {
	case <-c.settled:
	case <-c.dead:
	case <-ctx.Done():
		c.fail(&ConnError{Problem: "the context ended before the server's SETTINGS came", Cause: ctx.Err(), lost: true})
		return nil, ctx.Err()
	}
	if err := c.usable(); err != nil {
		c.fail(&ConnError{Problem: "it is not needed"})
		return nil, err
	}
	if err := t.adopt(c); err != nil {
		return nil, err
	}
	return c, nil
}

// network opens what HTTP/2 runs on.
func (t *Transport) network(ctx context.Context, r *ws.StreamRequest) (net.Conn, error) {
	if r.Request.URL.Scheme != "https" {
		if !t.PriorKnowledge {
			return nil, t.lacking("nothing negotiates HTTP/2 for a ws URL: use wss, or set PriorKnowledge if the server is known to speak it", nil)
		}
		return r.Connect(ctx)
	}
	nc, err := r.Connect(ctx, http2.NextProtoTLS, "http/1.1")
	if err != nil {
		return nil, err
	}
	s, ok := nc.(tlsConn)
	switch {
	case !ok:
		err = &ws.HandshakeError{Problem: fmt.Sprintf(
			"NetDialTLS returned a %T without a method ConnectionState, which tells whether h2 was negotiated: add it", nc)}
	case s.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS:
		err = t.lacking("the server does not choose h2 by ALPN", nil)
	}
	if err != nil {
		abort(nc)
		return nil, err
	}
	return nc, nil
}

// usable returns why no WebSocket can be opened on a new connection, or nil.
func (c *conn) usable() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil && errors.Is(c.err, errHTTP1):
		return c.t.lacking("the server does not speak HTTP/2", c.err)
	case c.err != nil:
		return &ws.HandshakeError{Problem: "the HTTP/2 connection ended before it could be used", Cause: c.err}
	case !c.peer.connect:
		return c.t.lacking("the server's SETTINGS do not contain SETTINGS_ENABLE_CONNECT_PROTOCOL=1 (RFC 8441 section 3): "+
			"configure it for WebSocket over HTTP/2 (in Go import github.com/twinws/ws/xconnect)", nil)
	}
	return nil
}

// CloseIdleConnections closes the connections without streams.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	var conns []*conn
	for c := range t.live {
		conns = append(conns, c)
	}
	t.mu.Unlock()
	for _, c := range conns {
		select {
		case <-c.settled:
			if t.retire(c) {
				c.fail(&ConnError{Problem: "it had no stream when CloseIdleConnections was called"})
			}
		default: // it is being opened
		}
	}
}

// Close closes all connections, with the streams that are open, and makes later
// calls of OpenStream return an error that matches net.ErrClosed. It returns
// nil.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.closed = true
	var conns []*conn
	for c := range t.live {
		conns = append(conns, c)
	}
	for _, p := range t.pools {
		for _, w := range p.waiting {
			w.turn <- turn{err: errClosed()}
		}
		p.waiting = nil
	}
	t.mu.Unlock()
	for _, c := range conns {
		c.fail(errClosed())
	}
	return nil
}
