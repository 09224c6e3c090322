//go:build !js

package server

import (
	"net/http"
	"strings"

	"github.com/twinws/ws/wstest"
)

// handshake responds with the requested lines, whatever they are, to test a
// client with responses that no server should send.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p, release, err := s.hijack(w, r)
	if err != nil {
		return
	}
	defer release()
	id := q.Get("id")
	p.saw = func(e end) { s.ends.put(id, e) }
	defer s.ends.put(id, noFrame) // the first one counts
	if isExtended(r) {
		if p.answerExtended(extendedOf(q["line"])) == nil {
			p.serve()
		}
		return
	}
	head := strings.Join(q["line"], "\r\n") + "\r\n\r\n"
	head = strings.ReplaceAll(head, "ACCEPT", wstest.AcceptKey(r.Header.Get("Sec-WebSocket-Key")))
	if r.Header.Get("Sec-WebSocket-Key") == "" {
		p.draft = hixieOf(r)
		proof, err := p.proof(r)
		if err != nil {
			return
		}
		head = strings.NewReplacer("ORIGIN", r.Header.Get("Origin"), "HOST", r.Host, "TARGET", r.RequestURI).Replace(head)
		switch q.Get("proof") {
		case "":
			head += proof
		case "wrong":
			head += strings.Repeat("x", len(proof))
		}
	}
	if p.OpenBytes([]byte(head)) == nil {
		p.serve()
	}
}
