//go:build !js

// Command auth is a server that authenticates its clients. A page cannot set
// header fields of a WebSocket handshake; this shows three ways without.
package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/twinws/ws"
)

// server identifies its users by a secret each, the value of a cookie or a
// token.
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

// byCookie: the browser sends the site's cookies automatically. It does so for
// pages of other sites as well, so security depends on Accept's origin check,
// which accepts only pages of this server unless OriginPatterns says otherwise.
func (s *server) byCookie(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("session")
	if err != nil || s.users[cookie.Value] == "" {
		http.Error(w, "log in first", http.StatusUnauthorized)
		return
	}
	s.serve(w, r, s.users[cookie.Value], nil)
}

// newTicket: the page first requests a ticket by an ordinary request, which can
// have any header field, and then dials with the ticket in the URL.
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
		http.Error(w, "the ticket is invalid or has expired", http.StatusUnauthorized)
		return
	}
	s.serve(w, r, user, nil)
}

// bySubprotocol: the page offers "chat" and, as if it were a subprotocol,
// "bearer." with a token. The server selects the first and never echoes the
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

// serve sends the user's name, and closes.
func (s *server) serve(w http.ResponseWriter, r *http.Request, user string, subprotocols []string) {
	c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: subprotocols})
	if err != nil {
		log.Print(err) // Accept has sent a response
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
