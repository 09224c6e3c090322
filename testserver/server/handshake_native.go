//go:build !js

package server

import (
	"io"
	"net/http"
	"strings"
)

// handshake answers a request with the lines it asks for, whatever they are: a
// client is to be tried with answers that no server should give.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p, release, err := s.hijack(w)
	if err != nil {
		return
	}
	defer release()
	id := q.Get("id")
	p.saw = func(e end) { s.ends.put(id, e) }
	head := strings.Join(q["line"], "\r\n") + "\r\n\r\n"
	head = strings.ReplaceAll(head, "ACCEPT", acceptOf(r.Header.Get("Sec-WebSocket-Key")))
	if _, err := io.WriteString(p.nc, head); err == nil {
		p.serve()
	}
	s.ends.put(id, noFrame) // the first one counts
}
