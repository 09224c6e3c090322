//go:build !js

package server

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// hold is how long a misbehaving endpoint keeps a connection: longer than any
// wait of a client under test.
const hold = 60 * time.Second

// Options are the options of a Server. The zero value is a server without a
// page.
type Options struct {
	// Page is the folder served at "/"; "" serves none.
	Page string
}

// Server serves the endpoints listed in the package comment. It is an
// http.Handler for any HTTP/1.1 server, with or without TLS. Over HTTP/2 and
// HTTP/3 all but /echo/nhooyr and /echo/legacy work too: a reset is one of the
// stream, and /handshake turns its lines into a response to CONNECT.
type Server struct {
	mux  *http.ServeMux  // constant
	ends *ledger         // constant
	ctx  context.Context // constant; ends with Close
	stop context.CancelFunc

	mu      sync.Mutex
	closed  bool // protected by mu
	running sync.WaitGroup
}

// New returns a server, which must be closed with Close.
func New(o Options) *Server {
	s := &Server{mux: http.NewServeMux(), ends: newLedger()}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.mux.HandleFunc("/echo", s.echo)
	s.mux.HandleFunc("/echo/nhooyr", s.echoNhooyr)
	s.mux.HandleFunc("/echo/legacy", s.echoLegacy)
	for path, e := range endpoints {
		s.mux.HandleFunc(path, s.scripted(e))
	}
	s.mux.HandleFunc("/seen", s.scripted(s.seen))
	s.mux.HandleFunc("/hang", s.hang)
	s.mux.HandleFunc("/handshake", s.handshake)
	s.mux.HandleFunc("/refuse", refuse)
	if o.Page != "" {
		s.mux.Handle("/", page(o.Page))
	}
	return s
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "the server is closed", http.StatusServiceUnavailable)
		return
	}
	defer s.running.Done()
	w.Header().Set("Access-Control-Allow-Origin", "*")
	s.mux.ServeHTTP(w, r)
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}

// Close closes every connection and returns when none is left. Later requests
// are rejected with status 503.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.running.Wait()
}
