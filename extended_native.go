//go:build !js

package ws

import (
	"errors"
	"net"
	"net/http"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/internal/tunnel"
)

// acceptExtended accepts an extended CONNECT, and makes the stream of its
// request and response that of the connection. It returns the stream if that
// needs the handler to stay.
func (t *terms) acceptExtended(j *joined, w http.ResponseWriter, r *http.Request, a *handshake.Agreement) (*tunnel.Stream, error) {
	extensions, extra := t.settle(a, passedOn(w.Header()))
	_, header, err := a.Response(extensions, extra)
	if err != nil {
		writeRefusal(w, r, refusalOf(err))
		return nil, err
	}
	over, err := tunnel.Open(w, r, header, timeLimit(t.HandshakeTimeout))
	switch {
	case errors.Is(err, tunnel.ErrNoStream):
		e := &HandshakeError{Status: http.StatusInternalServerError, Body: []byte("the server cannot carry a WebSocket in this stream\n"),
			Problem: "the ResponseWriter cannot be flushed and given deadlines: give middleware's writers an Unwrap method", Cause: err}
		writeRefusal(w, r, e)
		return nil, e
	case err != nil:
		return nil, &HandshakeError{Problem: "the response could not be sent", Cause: err}
	}
	tookGuarded(r)
	j.initTunnel(over, t)
	stays, _ := over.(*tunnel.Stream)
	return stays, nil
}

// initTunnel joins an accepted stream of HTTP/2 or HTTP/3 to the engine of j.
func (j *joined) initTunnel(over tunnel.Conn, t *terms) {
	cfg := &t.cfg
	cfg.OnPing, cfg.OnPong = hook(&j.conn, t.OnPing), hook(&j.conn, t.OnPong)
	cfg.Idle, cfg.Timeout = t.Keepalive.resolve()
	cfg.KeepsDeadlines, cfg.CutOffBreaks = true, true
	switch over.LocalAddr().(type) {
	case *net.TCPAddr, *net.UnixAddr, *net.UDPAddr:
		cfg.Clock = &clock // over a socket: see clock
	}
	j.engine.Init(over, *cfg)
	j.open(t)
}

var _ engine.Transport = tunnel.Conn(nil)
