//go:build !js

package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/twinws/ws/api"
)

// neverReads keeps the connection open. It cannot see that the client
// disconnects, since only a read would tell.
func neverReads(*query) script {
	return func(p *peer) error {
		t := time.NewTimer(hold)
		defer t.Stop()
		select {
		case <-t.C:
		case <-p.over:
		case <-p.gone():
		}
		return nil
	}
}

func raw(q *query) script {
	chunks := q.chunks("hex")
	finish := q.oneOf("end", "hold", "close", "eof", "reset")
	return func(p *peer) error {
		for i, c := range chunks {
			if i > 0 {
				if err := p.await(1); err != nil {
					return err
				}
			}
			if _, err := p.nc.Write(c); err != nil {
				return err
			}
		}
		switch finish {
		case "close":
			return errors.Join(p.send(opClose, closePayload(1000, "")), p.serve())
		case "eof":
			return nil
		case "reset":
			return p.Reset()
		}
		return p.serve()
	}
}

// beginnings are what /reset leaves unfinished.
var beginnings = map[string][]byte{
	"header":   {0x82, 126, 0x01},
	"payload":  {0x82, 10, 'h', 'a', 'l', 'f'},
	"fragment": {0x02, 4, 'h', 'a', 'l', 'f'},
	"close":    {0x88, 10, 0x03},
}

// hixieBeginnings are the same of the hixie drafts.
var hixieBeginnings = map[string][]byte{
	"header":   {0x80, 0x81},
	"payload":  {0x00, 'h', 'a', 'l', 'f'},
	"fragment": {0x00, 'h', 'a', 'l', 'f'},
	"close":    {0xFF},
}

func reset(q *query) script {
	mid := q.oneOf("mid", "payload", "header", "fragment", "close")
	after := q.number("after", 0, 1e6)
	return func(p *peer) error {
		if err := p.await(after); err != nil {
			return err
		}
		begin := beginnings[mid]
		if p.draft != "" {
			begin = hixieBeginnings[mid]
		}
		if _, err := p.nc.Write(begin); err != nil {
			return err
		}
		return p.Reset()
	}
}

// hang reads from the connection until the client disconnects, so that it
// detects that, or until most seconds are over, and never responds.
func (s *Server) hang(w http.ResponseWriter, r *http.Request) {
	p, release, err := s.hijack(w, r)
	if err != nil {
		return
	}
	defer release()
	q := &query{Values: r.URL.Query()}
	if most := q.number("most", 0, 60); most > 0 {
		err = p.nc.SetReadDeadline(time.Now().Add(time.Duration(most) * time.Second))
	}
	for err == nil {
		_, err = p.in.ReadByte()
	}
	if late := net.Error(nil); errors.As(err, &late) && late.Timeout() {
		s.ends.put(q.Get("id"), end{code: api.StatusNoStatusRcvd, reason: "the client has not given up"})
		return
	}
	s.ends.put(q.Get("id"), noFrame)
}

// seen reports the end of another connection.
func (s *Server) seen(q *query) script {
	of := q.Get("id")
	q.Del("id") // names the other connection, not this one
	return func(p *peer) error {
		ctx, cancel := context.WithTimeout(s.ctx, hold)
		defer cancel()
		e, err := s.ends.take(ctx, of)
		if err != nil {
			return err
		}
		return errors.Join(p.send(opText, []byte(e.String())), p.serve())
	}
}

// refuse is the plain HTTP response of a server without WebSocket.
func refuse(w http.ResponseWriter, r *http.Request) {
	q := &query{Values: r.URL.Query()}
	status, times := q.number("status", http.StatusForbidden, 599), q.number("times", 1, 1<<20)
	if q.err != nil || status < 200 {
		http.Error(w, "want a status from 200 to 599, and times up to 1048576", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Refused", "yes")
	if q.Has("location") {
		w.Header().Set("Location", q.Get("location"))
	}
	w.WriteHeader(status)
	w.Write([]byte(strings.Repeat(q.Get("body"), times)))
}
