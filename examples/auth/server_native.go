//go:build !js

// Command auth is a server that knows who connects. A page cannot set header
// fields of a WebSocket handshake; there are three ways without, shown here.
package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/twinws/ws"
)

// server knows its users by a secret each, the value of a cookie or a token.
type server struct {
	users   map[string]string // constant: secret to name
	tickets tickets
}

func (s *server) handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /cookie", s.byCookie)
	m.HandleFunc("POST /ticket", s.newTicket)
	m.HandleFunc("GET /ticket", s.byTicket)
	m.HandleFunc("GET /subprotocol", s.bySubprotocol)
	return m
}

// byCookie: the browser sends the site's cookies along by itself. It does so
// for pages of other sites as well, so all depends on Accept's check of the
// origin, which lets in pages of this server alone unless OriginPatterns says
// more.
func (s *server) byCookie(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("session")
	if err != nil || s.users[cookie.Value] == "" {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	s.serve(w, r, s.users[cookie.Value], nil)
}

// newTicket: the page first asks for a ticket by an ordinary request, which can
// have any header field, and then dials with it in the URL.
func (s *server) newTicket(w http.ResponseWriter, r *http.Request) {
	secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || s.users[secret] == "" {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, s.tickets.issue(s.users[secret]))
}

func (s *server) byTicket(w http.ResponseWriter, r *http.Request) {
	user, ok := s.tickets.redeem(r.URL.Query().Get("ticket"))
	if !ok {
		http.Error(w, "the ticket is not valid, or not any more", http.StatusUnauthorized)
		return
	}
	s.serve(w, r, user, nil)
}

// bySubprotocol: the page offers "chat" and, as if it were a subprotocol,
// "bearer." with a token. The server agrees to the first and never repeats the
// second.
func (s *server) bySubprotocol(w http.ResponseWriter, r *http.Request) {
	for offer := range strings.SplitSeq(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
		secret, ok := strings.CutPrefix(strings.TrimSpace(offer), "bearer.")
		if ok && s.users[secret] != "" {
			s.serve(w, r, s.users[secret], []string{"chat"})
			return
		}
	}
	http.Error(w, "offer a subprotocol bearer.TOKEN", http.StatusUnauthorized)
}

// serve tells the user's name, and ends.
func (s *server) serve(w http.ResponseWriter, r *http.Request, user string, subprotocols []string) {
	c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: subprotocols})
	if err != nil {
		log.Print(err) // the client has been answered
		return
	}
	defer c.CloseNow()
	if err := c.Write(context.Background(), ws.MessageText, []byte("hello, "+user)); err != nil {
		log.Print(err)
		return
	}
	c.Close(ws.StatusNormalClosure, "")
}

func main() {
	s := &server{users: map[string]string{"sesame": "alice"}}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", s.handler()))
}
