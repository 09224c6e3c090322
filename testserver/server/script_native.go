//go:build !js

package server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// script is what an endpoint does with a connection after the handshake. The
// connection is closed when it returns; its error is ignored.
type script func(p *peer) error

// endpoint parses the parameters of a script.
type endpoint func(q *query) script

// endpoints are those that need nothing but the connection.
var endpoints = map[string]endpoint{
	"/echo/bytes":   echoBytes,
	"/subprotocol":  polite, // scripted answers with choose=
	"/header":       polite, // scripted sends the field
	"/close":        closeAsAsked,
	"/count":        count,
	"/flood":        flood,
	"/ping":         ping,
	"/silent-close": silentClose,
	"/never-reads":  neverReads,
	"/raw":          raw,
	"/reset":        reset,
}

// scripted makes a handler of an endpoint: it performs the handshake, runs the
// script and records the end.
func (s *Server) scripted(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := &query{Values: r.URL.Query()}
		run := e(q)
		key, draft := r.Header.Get("Sec-WebSocket-Key"), hixieOf(r)
		switch {
		case q.err != nil:
			http.Error(w, q.err.Error(), http.StatusBadRequest)
			return
		case isExtended(r):
			key, draft = "none", ""
		case key == "" && draft == "" || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			w.Header().Set("Upgrade", "websocket")
			http.Error(w, "this is a WebSocket endpoint", http.StatusUpgradeRequired)
			return
		}
		p, release, err := s.hijack(w, r)
		if err != nil {
			return
		}
		defer release()
		if key == "" {
			p.draft = draft
		}
		id, closed := q.Get("id"), false
		p.saw = func(e end) {
			s.ends.put(id, e)
			closed = true
		}
		defer func() {
			if !closed {
				s.ends.put(id, noFrame)
			}
		}()
		if p.draft != "" {
			err = p.answerHixie(r, subprotocol(r, q.Get("choose")))
		} else {
			err = p.answer(subprotocol(r, q.Get("choose")))
		}
		if err != nil {
			return
		}
		if name := q.Get("name"); name != "" && p.send(opText, []byte(strings.Join(r.Header.Values(name), ", "))) != nil {
			return
		}
		run(p)
	}
}

// subprotocol is the subprotocol to select: choose if the client offers it, and
// on the endpoint of that name always.
func subprotocol(r *http.Request, choose string) string {
	offers := append(r.Header.Values("Sec-WebSocket-Protocol"), r.Header.Values("WebSocket-Protocol")...)
	for name := range strings.SplitSeq(strings.Join(offers, ","), ",") {
		if strings.TrimSpace(name) == choose {
			return choose
		}
	}
	if r.URL.Path == "/subprotocol" {
		return choose
	}
	return ""
}

// polite reads, and answers the close frame.
func polite(*query) script { return (*peer).serve }

func echoBytes(*query) script {
	return func(p *peer) error {
		for {
			op, payload, err := p.message()
			if err != nil {
				return err
			}
			if err := p.send(op, payload); err != nil {
				return err
			}
		}
	}
}

func closeAsAsked(q *query) script {
	send, after := q.number("send", 0, 1e6), q.number("after", 0, 1e6)
	payload := q.closing()
	return func(p *peer) error {
		for i := range send {
			if err := p.send(opText, strconv.AppendInt(nil, int64(i), 10)); err != nil {
				return err
			}
		}
		if err := p.await(after); err != nil {
			return err
		}
		return errors.Join(p.send(opClose, payload), p.serve())
	}
}

func count(*query) script {
	return func(p *peer) error {
		saw := p.saw
		if p.draft != "" { // whose close has no reason: /seen tells
			p.saw = func(end) {}
		}
		for messages, size := 0, 0; ; {
			op, fin, payload, err := p.next()
			switch {
			case p.draft != "" && (op == opClose || err != nil):
				saw(end{api.StatusNoStatusRcvd, fmt.Sprint(messages, size)})
				return p.send(opClose, nil)
			case err != nil:
				return err
			case op == opClose:
				return p.send(opClose, closePayload(1000, fmt.Sprint(messages, size)))
			case op == opPing:
				err = p.send(opPong, payload)
			case op != opPong:
				size += len(payload)
				if fin {
					messages++
				}
			}
			if err != nil {
				return err
			}
		}
	}
}

func flood(q *query) script {
	n, size := q.number("n", 1000, 1e6), q.number("size", 16, 16<<20)
	payload := q.closing()
	return func(p *peer) error {
		const batch = 64 << 10
		var out []byte
		for i := range n {
			out = append(out, p.frame(opBinary, p.floodMessage(i, size))...)
			if len(out) < batch {
				continue
			}
			if _, err := p.nc.Write(out); err != nil {
				return err
			}
			out = out[:0]
		}
		p.sentClose = true
		if _, err := p.nc.Write(append(out, p.frame(opClose, payload)...)); err != nil {
			return err
		}
		if p.draft == hixie75 {
			p.endHixie()
		}
		return p.serve()
	}
}

// floodMessage is the message of index i: four bytes of it and more, in a hixie
// draft its digits.
func (p *peer) floodMessage(i, size int) []byte {
	if p.draft != "" {
		return fmt.Appendf(nil, "%0*d", size, i)
	}
	b := make([]byte, max(size, 4))
	for j := range b {
		b[j] = byte(i)
	}
	binary.BigEndian.PutUint32(b, uint32(i))
	return b[:size]
}

func ping(q *query) script {
	n := q.number("n", 1, 1e6)
	return func(p *peer) error {
		last := ""
		for i := range n {
			last = strconv.Itoa(i)
			if err := p.send(opPing, []byte(last)); err != nil {
				return err
			}
		}
		for p.draft == "" { // else nobody answers
			op, _, payload, err := p.next()
			if err != nil {
				return err
			}
			if op == opPong && string(payload) == last {
				break
			}
		}
		return errors.Join(p.send(opText, []byte(last)), p.serve())
	}
}

func silentClose(*query) script {
	return func(p *peer) error {
		for {
			_, _, _, err := p.next()
			switch {
			case err == io.EOF && p.draft == hixie75: // which is the close that is not answered
				p.saw(noFrame)
				return neverReads(nil)(p)
			case err == io.EOF && p.w != nil: // Chromium ends its side with the close frame
				return neverReads(nil)(p)
			case err != nil:
				return err
			}
		}
	}
}
