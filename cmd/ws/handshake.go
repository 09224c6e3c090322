package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/opening"
)

// openStream is the type of Dialer.OpenStream.
type openStream = func(context.Context, *ws.StreamRequest) (net.Conn, *http.Response, error)

// shown is a handshake whose request and response are kept, to show them, to
// record them, and to judge them. Its method open is the OpenStream of a Dialer
// for HTTP/1.1, through that for another version.
type shown struct {
	now func() time.Time // constant

	mu sync.Mutex // held by open, which may outlast a Dial that times out
	// The rest is protected by mu.

	nc       net.Conn
	tls      *tls.ConnectionState // nil without TLS
	sent     []string             // the lines of the request; nil if it was not sent
	request  handshake.ClientRequest
	response *handshake.Response // nil if there was none
	asked    time.Time           // when the request was sent
	answered time.Time
}

// open connects and performs the handshake. A response that a client must not
// accept is returned in s.response too.
func (s *shown) open(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nc, err := r.Connect(ctx, "http/1.1")
	if err != nil {
		return nil, nil, err
	}
	s.nc = nc
	if t, ok := nc.(*tls.Conn); ok {
		state := t.ConnectionState()
		s.tls = &state
	}
	bound := opening.Interruptible(ctx, nc)
	rest, err := s.shake(nc, r)
	if late := bound.Undo(); err == nil {
		err = late
	}
	if err != nil {
		opening.Abort(nc)
		return nil, nil, err
	}
	// As an extended CONNECT would be answered, which is what a Dialer with an
	// OpenStream expects.
	res := &http.Response{StatusCode: http.StatusOK, Proto: s.response.Proto, Header: s.response.Header.HTTP()}
	if len(rest) > 0 {
		nc = &prefixed{nc, rest}
	}
	return nc, res, nil
}

// shake sends the request and checks the response. It returns what was read
// behind it.
func (s *shown) shake(nc net.Conn, r *ws.StreamRequest) (rest []byte, err error) {
	s.request = requestOf(r)
	head, err := handshake.AppendRequest(nil, &s.request)
	if err != nil {
		return nil, err
	}
	s.asked = s.now()
	s.sent = strings.Split(strings.TrimRight(string(head), "\r\n"), "\r\n")
	// A server that closes at once may have said why: that counts, and not that
	// the request could not be written.
	_, unsent := nc.Write(head)
	s.response, rest, err = opening.ReadResponse(nc)
	s.answered = s.now()
	if unsent != nil && err == io.ErrUnexpectedEOF {
		err = unsent
	}
	if err != nil {
		return nil, lostEarly(err)
	}
	_, _, err = handshake.CheckResponse(s.response, &s.request)
	if e, ok := err.(*ws.HandshakeError); ok {
		e.Body = opening.ReadBody(nc, rest, s.response)
		e.Problem += opening.Excerpt(e.Body)
	}
	return rest, err
}

// lostEarly makes an error of the network one that says what was going on.
func lostEarly(err error) error {
	if _, ok := errors.AsType[*ws.HandshakeError](err); ok {
		return err
	}
	return &ws.HandshakeError{Problem: "the connection was lost before the server responded", Cause: err}
}

// through is open by another OpenStream, that of another version of HTTP.
func (s *shown) through(inner openStream) openStream {
	return func(ctx context.Context, r *ws.StreamRequest) (net.Conn, *http.Response, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = s.now()
		nc, res, err := inner(ctx, r)
		s.answered = s.now()
		q := r.Request
		s.sent = []string{
			":method: " + q.Method, ":protocol: " + q.Header.Get(":protocol"), ":scheme: " + q.URL.Scheme, ":authority: " + q.Host, ":path: " + q.URL.RequestURI(),
		}
		for _, f := range fieldsOf(q.Header) {
			s.sent = append(s.sent, strings.ToLower(f.Name)+": "+f.Value)
		}
		s.nc = nc
		if res != nil {
			s.response = &handshake.Response{Proto: res.Proto, Status: res.StatusCode, Header: fieldsOf(res.Header)}
		}
		return nc, res, err
	}
}

// fieldsOf are the fields of a header in the order of their names, without
// those that begin with a colon.
func fieldsOf(h http.Header) handshake.Fields {
	var all handshake.Fields
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			if name[0] != ':' {
				all = append(all, handshake.Field{Name: name, Value: v})
			}
		}
	}
	return all
}

// dial dials with a handshake that is kept in s, which is complete when dial
// returns.
func (s *shown) dial(ctx context.Context, d *ws.Dialer, url string) (*ws.Conn, error) {
	if d.OpenStream == nil {
		d.OpenStream = s.open
	} else {
		d.OpenStream = s.through(d.OpenStream)
	}
	c, err := d.Dial(ctx, url)
	s.mu.Lock() // open has returned, or returns since its context has ended
	defer s.mu.Unlock()
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok && s.nc != nil && s.response == nil && e.Timeout() {
		e.Problem = "the handshake timed out while waiting for the server's response"
	}
	return c, err
}

// requestOf is the request of HTTP/1.1 for r.
func requestOf(r *ws.StreamRequest) handshake.ClientRequest {
	h := r.Request.Header.Clone()
	req := handshake.ClientRequest{
		Target: r.Request.URL.RequestURI(), Host: r.Request.Host,
		Subprotocols: r.Dialer.Subprotocols, Extensions: h.Get("Sec-WebSocket-Extensions"),
	}
	for _, name := range []string{":protocol", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions"} {
		delete(h, name)
	}
	req.Header = h
	var random [16]byte
	rand.Read(random[:])
	req.Key = handshake.NewKey(random)
	return req
}

// responseLines are the lines of the response, nil without one.
func (s *shown) responseLines() []string {
	if s.response == nil {
		return nil
	}
	lines := []string{strings.TrimSpace(fmt.Sprint(s.response.Proto, " ", s.response.Status, " ", s.response.Reason))}
	for _, f := range s.response.Header {
		lines = append(lines, f.Name+": "+f.Value)
	}
	return lines
}

// prefixed is a connection of which a part has been read already.
type prefixed struct {
	net.Conn
	rest []byte // of the one who reads
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return p.Conn.Read(b)
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
