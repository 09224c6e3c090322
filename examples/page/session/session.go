// Package session is what the page does with a connection, apart from the page
// itself: it dials, reads, writes, floods and counts, and tells a View. It holds
// nothing of a browser, so it is tested on any machine, and may run in a worker.
package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/twinws/ws/api"
)

// DialTime bounds one attempt to connect.
const DialTime = 10 * time.Second

// State is where the connection stands.
type State string

// The states, in their order.
const (
	Idle       State = "idle"
	Connecting State = "connecting"
	Open       State = "open"
	Closing    State = "closing"
	Closed     State = "closed"
)

// Rate is what came back during a flood, per second.
type Rate struct {
	Messages float64
	Bytes    float64
}

// View is told what happens. Its methods are called from several goroutines, and
// must not call the Session.
type View interface {
	// State tells a new state, and why in words, "" for no reason.
	State(s State, why string)
	// Received and Sent tell a message, other than those of a flood.
	Received(typ api.MessageType, p []byte)
	Sent(typ api.MessageType, p []byte)
	// Problem tells an error that left the connection as it was.
	Problem(err error)
	// Flooding tells whether a flood runs.
	Flooding(on bool)
	// Rate tells the speed of the flood, about twice a second.
	Rate(r Rate)
}

// Dial opens a connection; it is ws.Dial with its options chosen.
type Dial func(ctx context.Context, url string) (api.Conn, error)

// Session is one user's connection, again and again. Its methods block: call
// them from goroutines, never from an event's callback.
type Session struct {
	view View
	dial Dial

	mu     sync.Mutex
	conn   api.Conn           // nil when there is none
	giveUp context.CancelFunc // nil between connections
	flood  *flood             // nil when none runs
	late   int                // messages of ended floods that will still come back
}

// New returns a Session without a connection.
func New(v View, d Dial) *Session { return &Session{view: v, dial: d} }

var (
	errBusy   = errors.New("there is a connection already: close it first")
	errNoConn = errors.New("there is no connection: connect first")
)

// Connect dials url, and reads until the connection ends. It returns then.
func (s *Session) Connect(url string) {
	ctx, cancel := context.WithTimeout(context.Background(), DialTime)
	defer cancel()
	if !s.begin(cancel) {
		s.view.Problem(errBusy)
		return
	}
	s.view.State(Connecting, url)
	c, err := s.dial(ctx, url)
	if err == nil && !s.adopt(ctx, c) {
		c.CloseNow()
		err = ctx.Err()
	}
	if err != nil {
		s.end()
		s.view.State(Closed, err.Error())
		return
	}
	defer c.CloseNow()
	s.view.State(Open, c.Subprotocol())
	err = s.readAll(c)
	s.end()
	s.view.State(Closed, err.Error())
}

// begin reserves the session for one dial.
func (s *Session) begin(giveUp context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.giveUp != nil {
		return false
	}
	s.giveUp = giveUp
	return true
}

// adopt makes c the session's connection, unless dialing was given up meanwhile.
func (s *Session) adopt(ctx context.Context, c api.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	s.conn = c
	return true
}

// end makes the session ready for the next dial.
func (s *Session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopFlood()
	s.conn, s.giveUp, s.late = nil, nil, 0
}

// readAll reads until the connection ends, and returns why it did.
func (s *Session) readAll(c api.Conn) error {
	var p []byte
	for {
		typ, msg, err := c.ReadAppend(context.Background(), p[:0])
		if err != nil {
			return err
		}
		p = msg
		if !s.echoed(len(msg)) {
			s.view.Received(typ, msg)
		}
	}
}

// Send sends one message.
func (s *Session) Send(typ api.MessageType, p []byte) {
	c := s.current()
	if c == nil {
		s.view.Problem(errNoConn)
		return
	}
	if err := c.Write(context.Background(), typ, p); err != nil {
		s.view.Problem(err)
		return
	}
	s.view.Sent(typ, p)
}

// Close ends the connection with a closing handshake, or gives up dialing.
func (s *Session) Close(code api.StatusCode, reason string) {
	c, dialing := s.leave()
	switch {
	case c != nil:
		s.view.State(Closing, "")
		if err := c.Close(code, reason); err != nil {
			s.view.Problem(err)
		}
	case !dialing:
		s.view.Problem(errNoConn)
	}
}

// leave ends a flood, and a dial that is under way. It returns the connection.
func (s *Session) leave() (c api.Conn, dialing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopFlood()
	if s.conn == nil && s.giveUp != nil {
		s.giveUp()
	}
	return s.conn, s.giveUp != nil
}

func (s *Session) current() api.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}
