//go:build !js

package wsnet

import (
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/twinws/ws"
)

// DefaultBacklog is how many connections wait for Accept by default.
const DefaultBacklog = 128

// ListenerOptions are the options of a Listener. A nil pointer and the zero
// value mean the defaults.
//
// In a browser: absent.
type ListenerOptions struct {
	// AcceptOptions are those of the handshake. [HalfClose] is added to its
	// Subprotocols.
	ws.AcceptOptions

	// Type is the type of messages; 0 means MessageBinary.
	Type ws.MessageType

	// Backlog is how many connections may wait for Accept: 0 means
	// DefaultBacklog. A request beyond gets 503 Service Unavailable.
	Backlog int
}

// Listener is a net.Listener whose connections come from an http.Server, of
// which it is a handler. It has neither an address nor a socket of its own:
// the server listens.
//
// To authenticate requests, let another handler call its ServeHTTP, or set
// Check. A program that needs the request for each connection calls ws.Accept
// and [Conn] instead.
//
// In a browser: absent.
type Listener struct {
	opts    ws.AcceptOptions // constant
	typ     ws.MessageType   // constant
	places  chan struct{}    // a token for each handshake or connection that waits
	waiting chan net.Conn    // of the same capacity: sending never blocks

	mu     sync.Mutex
	closed chan struct{} // closed by Close, with mu held
}

var (
	_ net.Listener = (*Listener)(nil)
	_ http.Handler = (*Listener)(nil)
)

// NewListener returns a Listener. With invalid options it panics, with a
// [*ws.ArgumentError].
func NewListener(opts *ListenerOptions) *Listener {
	var o ListenerOptions
	if opts != nil {
		o = *opts
	}
	if o.Type == 0 {
		o.Type = ws.MessageBinary
	}
	if o.Backlog == 0 {
		o.Backlog = DefaultBacklog
	}
	switch {
	case !o.Type.Valid():
		panic(&ws.ArgumentError{Name: "Type", Problem: "is " + o.Type.String() + ": use MessageBinary or MessageText"})
	case o.Backlog < 0:
		panic(&ws.ArgumentError{Name: "Backlog", Problem: "is negative: use 0 for the default"})
	}
	o.Subprotocols = append(slices.Clone(o.Subprotocols), HalfClose)
	if err := o.Validate(); err != nil {
		panic(err)
	}
	return &Listener{opts: o.AcceptOptions, typ: o.Type,
		places:  make(chan struct{}, o.Backlog),
		waiting: make(chan net.Conn, o.Backlog),
		closed:  make(chan struct{}),
	}
}

// ServeHTTP accepts the connection of a handshake, as [ws.Accept] does, and
// returns. Accept returns the connection. If Backlog connections wait already,
// or the Listener is closed, it responds with 503 Service Unavailable.
func (l *Listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case l.places <- struct{}{}:
	default:
		unavailable(w, "too many connections wait to be accepted")
		return
	}
	if l.isClosed() {
		<-l.places
		unavailable(w, "no connections are accepted any more")
		return
	}
	c, err := ws.Accept(w, r, &l.opts)
	if err != nil { // it has been answered
		<-l.places
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		<-l.places
		go turnAway(c)
		return
	}
	l.waiting <- Conn(c, l.typ)
}

func unavailable(w http.ResponseWriter, why string) {
	http.Error(w, "wsnet: "+why, http.StatusServiceUnavailable)
}

func (l *Listener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Accept waits for the next connection. After Close it returns an error that is
// [net.ErrClosed] to errors.Is.
func (l *Listener) Accept() (net.Conn, error) {
	if !l.isClosed() {
		select {
		case c := <-l.waiting:
			<-l.places
			return c, nil
		case <-l.closed:
		}
	}
	return nil, &net.OpError{Op: "accept", Net: network, Addr: l.Addr(), Err: net.ErrClosed}
}

// Close ends Accept. Connections that have been accepted stay open; those that
// still wait are closed with 1013 (try again later), in the background. A
// second Close returns nil as well.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return nil
	}
	close(l.closed)
	for {
		select {
		case c := <-l.waiting:
			<-l.places
			go turnAway(Unwrap(c))
		default:
			return nil
		}
	}
}

// turnAway closes a connection that nobody accepts.
func turnAway(c interface {
	Close(ws.StatusCode, string) error
}) {
	c.Close(ws.StatusTryAgainLater, "the listener is closed") // there is nobody to tell
}

// Addr returns an unknown [Addr]: the http.Server knows where it listens.
func (l *Listener) Addr() net.Addr { return Addr("") }
