//go:build !js

package server

import (
	"net/http"

	"nhooyr.io/websocket"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/legacy"
)

// echo sends back every message, with this module's Accept.
func (s *Server) echo(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, err := ws.Accept(w, r, &ws.AcceptOptions{
		InsecureSkipOriginCheck: true,
		ReadLimit:               maxPayload,
		Compression:             &ws.Compression{},
		Subprotocols:            q["choose"],
	})
	if err == nil {
		s.serveEcho(c, q.Get("id"))
	}
}

// echoLegacy sends back every message, in every version of the protocol.
func (s *Server) echoLegacy(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, err := legacy.Accept(w, r, &legacy.AcceptOptions{AcceptOptions: ws.AcceptOptions{
		InsecureSkipOriginCheck: true,
		ReadLimit:               maxPayload,
		Subprotocols:            q["choose"],
	}})
	if err == nil {
		s.serveEcho(c, q.Get("id"))
	}
}

func (s *Server) serveEcho(c api.Conn, id string) {
	defer c.CloseNow()
	var p []byte
	for {
		typ, b, err := c.ReadAppend(s.ctx, p[:0])
		if err != nil {
			s.ends.put(id, endOf(err))
			return
		}
		// A Write fails because the connection has ended, which the next
		// ReadAppend tells better.
		c.Write(s.ctx, typ, b)
		p = b
	}
}

// echoNhooyr sends back every message, with the independent peer.
func (s *Server) echoNhooyr(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: q["choose"]})
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(maxPayload)
	for {
		typ, b, err := c.Read(s.ctx)
		if err != nil {
			s.ends.put(q.Get("id"), endOf(err))
			return
		}
		c.Write(s.ctx, typ, b)
	}
}
