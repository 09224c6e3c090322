//go:build !js

package interop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nhooyr.io/websocket"

	"github.com/twinws/ws"
)

var nhooyrPeer = peer{name: "nhooyr", missing: func() string { return "" }, start: startNhooyr, fixedWindow: true}

// startNhooyr does in this process what the scripts of the others do.
func startNhooyr(ctx context.Context, t *testing.T, specs []spec) session {
	ctx, cancel := context.WithCancel(ctx)
	reports := make(chan report, len(specs))
	s := session{reports: func() report {
		select {
		case r := <-reports:
			return r
		case <-ctx.Done():
			return report{Error: "there is no report: " + ctx.Err().Error()}
		}
	}}
	if specs[0].URL != "" {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, s := range specs {
				reports <- dialNhooyr(ctx, s)
			}
		}()
		s.end = func() { cancel(); <-done }
		return s
	}
	var servers []*httptest.Server
	for _, spec := range specs {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reports <- acceptNhooyr(ctx, w, r, spec)
		}))
		servers = append(servers, h)
		s.urls = append(s.urls, "ws"+strings.TrimPrefix(h.URL, "http"))
	}
	s.end = func() {
		cancel()
		for _, h := range servers {
			h.Close()
		}
	}
	return s
}

// mode is what this peer knows of compression.
func (p params) mode() websocket.CompressionMode {
	switch {
	case p == nil:
		return websocket.CompressionDisabled
	case p["server_no_context_takeover"] == true:
		return websocket.CompressionNoContextTakeover
	}
	return websocket.CompressionContextTakeover
}

func dialNhooyr(ctx context.Context, s spec) (r report) {
	c, resp, err := websocket.Dial(ctx, s.URL, &websocket.DialOptions{CompressionMode: s.Deflate.mode()})
	if err != nil {
		return report{Error: err.Error()}
	}
	defer c.CloseNow()
	r.Extensions = resp.Header.Get("Sec-WebSocket-Extensions")
	r.verify(ctx, c, s)
	return r
}

func acceptNhooyr(ctx context.Context, w http.ResponseWriter, req *http.Request, s spec) (r report) {
	c, err := websocket.Accept(w, req, &websocket.AcceptOptions{CompressionMode: s.Deflate.mode()})
	if err != nil {
		return report{Error: err.Error()}
	}
	defer c.CloseNow()
	r.Extensions = w.Header().Get("Sec-WebSocket-Extensions")
	c.SetReadLimit(-1)
	g := newGenerator(s.Seed)
	for range s.Messages {
		typ, p, err := c.Read(ctx)
		if err == nil {
			err = r.send(ctx, c, g, message{ws.MessageType(typ), p})
		}
		if err != nil {
			r.Error = err.Error()
			return r
		}
		r.Messages++
	}
	r.finish(ctx, c, s)
	return r
}

// verify sends, compares what comes back, and closes.
func (r *report) verify(ctx context.Context, c *websocket.Conn, s spec) {
	c.SetReadLimit(-1)
	sent := make(chan message, s.InFlight)
	failed := make(chan error, 1)
	go func() {
		g := newGenerator(s.Seed)
		for range s.Messages {
			m := g.message()
			sent <- m
			if err := r.send(ctx, c, g, m); err != nil {
				c.CloseNow()
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	for range s.Messages {
		typ, p, err := c.Read(ctx)
		if err != nil {
			r.Error = fmt.Sprintf("reading message %d: %v", r.Messages, err)
			break
		}
		if got, want := (message{ws.MessageType(typ), p}), <-sent; !got.equal(want) {
			r.Error = fmt.Sprintf("message %d is not what was sent: %s", r.Messages, got.difference(want))
			break
		}
		r.Messages++
	}
	if r.Error != "" {
		c.CloseNow()
		for len(sent) > 0 {
			<-sent
		}
	}
	if err := <-failed; err != nil {
		r.Error += fmt.Sprintf("; sending: %v", err)
	}
	if r.Error == "" {
		r.finish(ctx, c, s)
	}
}

func (r *report) send(ctx context.Context, c *websocket.Conn, g generator, m message) error {
	pieces := g.pieces(m.data)
	r.Pieces += len(pieces)
	typ := websocket.MessageType(m.typ)
	if len(pieces) == 1 {
		return c.Write(ctx, typ, m.data)
	}
	w, err := c.Writer(ctx, typ)
	if err != nil {
		return err
	}
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return w.Close()
}

// finish closes, or waits for our close.
func (r *report) finish(ctx context.Context, c *websocket.Conn, s spec) {
	if s.PeerCloses {
		if err := c.Close(websocket.StatusCode(s.Code), s.Reason); err != nil {
			r.Error = err.Error()
		}
		r.Code, r.Reason = s.Code, s.Reason // it returns an error unless the answer is the same
		return
	}
	_, _, err := c.Read(ctx)
	e, ok := errors.AsType[websocket.CloseError](err)
	if !ok {
		r.Error = fmt.Sprintf("waiting for the close: %v", err)
	}
	r.Code, r.Reason = ws.StatusCode(e.Code), e.Reason
}
