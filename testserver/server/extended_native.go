//go:build !js

package server

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/twinws/ws/wstest"
)

// isExtended reports whether r asks for a WebSocket by an extended CONNECT: as
// net/http's server of HTTP/2 has it (RFC 8441), or as that of HTTP/3 in
// quic-go (RFC 9220).
func isExtended(r *http.Request) bool {
	return r.Method == http.MethodConnect && (r.Header.Get(":protocol") == "websocket" || r.ProtoMajor == 3 && r.Proto == "websocket")
}

// carried is the stream of an extended CONNECT as a net.Conn: what is read is
// the body of the request, and what is written that of the response. Only Close
// may be called after the handler has returned.
type carried struct {
	*http.ResponseController
	w    http.ResponseWriter
	body io.ReadCloser
}

func (c *carried) Read(p []byte) (int, error) { return c.body.Read(p) }

func (c *carried) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if err == nil {
		err = c.Flush()
	}
	return n, err
}

func (c *carried) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// Close ends reading. The server ends the stream when the handler returns.
func (c *carried) Close() error { return c.body.Close() }

func (c *carried) LocalAddr() net.Addr  { return nil }
func (c *carried) RemoteAddr() net.Addr { return nil }

var _ net.Conn = (*carried)(nil)

// carry is hijack for an extended CONNECT. If the handler has not answered it,
// or wants to reset it, release does that by a panic which the server expects.
func (s *Server) carry(w http.ResponseWriter, r *http.Request) (p *peer, release func(), err error) {
	nc := &carried{http.NewResponseController(w), w, r.Body}
	if err := nc.SetDeadline(time.Now().Add(hold)); err != nil {
		return nil, nil, err
	}
	in := bufio.NewReader(nc)
	p = &peer{Peer: wstest.NewPeer(s.ctx, nc, in, r), nc: nc, in: in, over: s.ctx.Done(), w: w}
	stop := context.AfterFunc(s.ctx, func() { nc.Close() })
	return p, func() {
		stop()
		if !p.answered || p.resets {
			panic(http.ErrAbortHandler)
		}
	}, nil
}

// gone is closed when the client has reset the stream of an extended CONNECT;
// nil for a hijacked connection, whose request knows nothing of it.
func (p *peer) gone() <-chan struct{} {
	if p.w == nil {
		return nil
	}
	return p.Request.Context().Done()
}

// answerExtended sends the response of RFC 8441 section 5.
func (p *peer) answerExtended(status int, header http.Header) error {
	for name, values := range header {
		p.w.Header()[name] = values
	}
	p.w.WriteHeader(status)
	p.answered = true
	if err := http.NewResponseController(p.w).Flush(); err != nil {
		return err
	}
	return p.OpenBytes(nil) // the peer's own response has been sent
}

// extendedOf returns what a response of HTTP/1.1 is as one to an extended
// CONNECT: 101 becomes 200, and there are no Upgrade, Connection and
// Sec-WebSocket-Accept (RFC 8441 section 5).
func extendedOf(lines []string) (status int, header http.Header) {
	header = http.Header{}
	for i, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		switch name = http.CanonicalHeaderKey(name); {
		case i == 0:
			_, code, _ := strings.Cut(line, " ")
			code, _, _ = strings.Cut(code, " ")
			status, _ = strconv.Atoi(code)
		case name != "Upgrade" && name != "Connection" && name != "Sec-Websocket-Accept":
			header.Add(name, value)
		}
	}
	if status == http.StatusSwitchingProtocols {
		status = http.StatusOK
	}
	return status, header
}
