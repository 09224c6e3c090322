//go:build !js

package wstest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
)

// Server runs scripts. Its methods may be called from any number of goroutines
// at once.
type Server struct {
	t       T
	scripts []Script
	ctx     context.Context // ends with the server
	running sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed, and another one made, when a connection begins or ends
	seen    []*Seen
	closed  bool
}

// Seen is what a server saw of a connection.
type Seen struct {
	// Request is the client's request; nil if it was not HTTP.
	Request *http.Request
	// Code and Reason are those of the client's close frame: StatusNoStatusRcvd
	// if it was empty, StatusAbnormalClosure if there was none.
	Code   api.StatusCode
	Reason string
	// Err is what the script returned, or why it did not begin.
	Err error

	ended bool
}

// NewServer starts a server that is ended with the test. The first connection
// gets the first script, the second one the second, and so on; the last script
// is for all that follow. Without any script that is Echo.
//
// It is dialed in memory: by Dial, or with NetDial in a client's options.
// Listen is for other clients.
func NewServer(t T, scripts ...Script) *Server {
	t.Helper()
	if len(scripts) == 0 {
		scripts = []Script{Echo()}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{t: t, scripts: scripts, ctx: ctx, changed: make(chan struct{})}
	t.Cleanup(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		cancel()
		s.running.Wait()
	})
	return s
}

// Dial dials the server in memory, with the options of d; nil means the zero
// Dialer. Its Proxy, NetDial, NetDialTLS and OpenStream are not used. The
// connection is ended with the test.
func (s *Server) Dial(ctx context.Context, d *ws.Dialer) (*ws.Conn, error) {
	c, err := inMemory(d, s.NetDial).Dial(ctx, URL)
	if err == nil {
		s.t.Cleanup(func() { c.CloseNow() })
	}
	return c, err
}

// NetDial opens a stream to the server, whatever the address: a function for
// ws.Dialer.NetDial, and for other clients. URLs may have any host and path.
func (s *Server) NetDial(context.Context, string, string) (net.Conn, error) {
	near, far := newStream(0, 0)
	if !s.start(far) {
		return nil, net.ErrClosed
	}
	return near, nil
}

// Listen makes the server listen on a free port of 127.0.0.1, too, and returns
// its URL: for pages and other processes. It is not for bubbles of
// testing/synctest. A failure ends the test by Fatal.
func (s *Server) Listen() (url string) {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatalf("wstest: %v", err)
	}
	context.AfterFunc(s.ctx, func() { l.Close() })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		l.Close()
		s.t.Fatalf("wstest: Listen after the end of the test")
	}
	s.running.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			s.start(nc)
		}
	})
	return "ws://" + l.Addr().String() + "/"
}

// start serves a stream, and reports false when the server has ended.
func (s *Server) start(nc net.Conn) bool {
	v := s.enter()
	if v == nil {
		nc.Close()
		return false
	}
	go func() {
		in := bufio.NewReader(nc)
		defer s.watch(nc)()
		r, err := http.ReadRequest(in)
		if err != nil {
			v.saw.Err = err
			s.leave(v)
			return
		}
		s.serve(v, nc, in, r)
	}()
	return true
}

// ServeHTTP runs the next script with a request of net/http: for servers with
// TLS, HTTP/1.1 only, and for programs that have other handlers too. The
// connection ends with the script, or with the test.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := s.enter()
	if v == nil {
		http.Error(w, "the server has ended", http.StatusServiceUnavailable)
		return
	}
	nc, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		v.saw.Err = err
		s.leave(v)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer s.watch(nc)()
	s.serve(v, nc, rw.Reader, r)
}

// visit is a connection that is being served.
type visit struct {
	script Script
	saw    Seen
	seen   *Seen // where saw goes at the end
}

// enter begins a visit; nil when the server has ended.
func (s *Server) enter() *visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	v := &visit{script: s.scripts[min(len(s.seen), len(s.scripts)-1)], seen: new(Seen)}
	v.saw.Code = api.StatusAbnormalClosure
	s.seen = append(s.seen, v.seen)
	s.change()
	s.running.Add(1)
	return v
}

// leave ends a visit.
func (s *Server) leave(v *visit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*v.seen = v.saw
	v.seen.ended = true
	s.change()
	s.running.Done()
}

// watch closes nc with the server. The function that it returns does so at
// once.
func (s *Server) watch(nc net.Conn) (done func()) {
	stop := context.AfterFunc(s.ctx, func() { nc.Close() })
	return func() {
		stop()
		nc.Close()
	}
}

// serve runs the visit's script.
func (s *Server) serve(v *visit, nc net.Conn, in *bufio.Reader, r *http.Request) {
	defer func() { // also if the script ends the goroutine
		nc.Close()
		s.leave(v)
	}()
	v.saw.Request = r
	p := NewPeer(s.ctx, nc, in, r)
	p.OnClose = firstClose(&v.saw)
	v.saw.Err = v.script(p)
}

// change tells those who wait that something has changed. mu is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// firstClose records the first close frame.
func firstClose(saw *Seen) func(api.StatusCode, string) {
	first := true
	return func(code api.StatusCode, reason string) {
		if first {
			saw.Code, saw.Reason = code, reason
		}
		first = false
	}
}

// Seen waits for the end of a connection, and returns what the server saw of
// it; n counts from 0. The error is that of ctx.
func (s *Server) Seen(ctx context.Context, n int) (Seen, error) {
	for {
		s.mu.Lock()
		changed := s.changed
		if n < len(s.seen) && s.seen[n].ended {
			seen := *s.seen[n]
			s.mu.Unlock()
			return seen, nil
		}
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return Seen{}, ctx.Err()
		}
	}
}

// Connections returns how many connections have been opened so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}
