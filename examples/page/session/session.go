// Package session is the part of the page that uses the connection: it dials,
// reads, writes, floods and measures, and reports in Updates. It does not
// depend on a browser, so it can be tested natively; Commands and Updates can
// be serialized, so it runs in a Worker as well as in the window.
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

// State is the state of the connection.
type State string

// The states, in their order.
const (
	Idle       State = "idle"
	Connecting State = "connecting"
	Open       State = "open"
	Closing    State = "closing"
	Closed     State = "closed"
)

// Dial opens a connection; it is ws.Dial with its other options set.
type Dial func(ctx context.Context, url string, subprotocols []string) (api.Conn, error)

// Session is one user's connection, which can be opened repeatedly.
type Session struct {
	dial    Dial          // constant
	changed chan struct{} // constant; holds one when Watch has something to tell

	mu      sync.Mutex // protects what follows
	state   State
	detail  string
	failed  bool               // detail is an error
	conn    api.Conn           // nil when there is none
	giveUp  context.CancelFunc // nil between connections
	flood   *flood             // nil when none runs
	reading reading
	echoes  echoes
	meter   meter
	log     log
}

// New returns a Session without a connection.
func New(d Dial) *Session {
	return &Session{dial: d, changed: make(chan struct{}, 1), state: Idle}
}

var (
	errBusy   = errors.New("there is a connection already: close it first")
	errNoConn = errors.New("there is no connection: connect first")
)

// connect dials, and reads until the connection ends. It returns then.
func (s *Session) connect(url string, subprotocols []string) {
	ctx, cancel := context.WithTimeout(context.Background(), DialTime)
	defer cancel()
	if !s.begin(cancel, url) {
		s.problem(errBusy)
		return
	}
	c, err := s.dial(ctx, url, subprotocols)
	if err == nil && !s.adopt(ctx, c, url) {
		c.CloseNow()
		err = ctx.Err()
	}
	if err != nil {
		s.end(err)
		return
	}
	defer c.CloseNow()
	s.end(s.readAll(c))
}

// begin reserves the session for one dial.
func (s *Session) begin(giveUp context.CancelFunc, url string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.giveUp != nil {
		return false
	}
	s.giveUp = giveUp
	s.turn(Connecting, url, false)
	return true
}

// adopt makes c the session's connection, unless dialing was cancelled
// meanwhile.
func (s *Session) adopt(ctx context.Context, c api.Conn, url string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	s.conn = c
	s.reading = newReading()
	s.meter = newMeter(time.Now())
	if p := c.Subprotocol(); p != "" {
		url += ", subprotocol " + p
	}
	s.turn(Open, url, false)
	return true
}

// end makes the session ready for the next dial, and reports why the connection
// ended.
func (s *Session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopFlood()
	s.conn, s.giveUp, s.reading, s.echoes = nil, nil, reading{}, echoes{}
	e, closed := errors.AsType[*api.CloseError](why)
	s.turn(Closed, why.Error(), !closed || !e.Clean)
}

// turn changes the state, and logs it. The caller holds s.mu.
func (s *Session) turn(to State, detail string, failed bool) {
	s.state, s.detail, s.failed = to, detail, failed
	text, kind := string(to), Note
	if detail != "" {
		text += ": " + detail
	}
	if failed {
		kind = Problem
	}
	s.note(Line{Kind: kind, Text: text})
}

// In a page nothing is drawn while Go has work to do. So while messages are
// waiting, reading stops for breathTime every breathEvery.
const (
	breathEvery = 50 * time.Millisecond
	breathTime  = time.Millisecond
)

// readAll reads until the connection ends, and returns why it did.
func (s *Session) readAll(c api.Conn) error {
	var p []byte
	breath := time.Now()
	for {
		if time.Since(breath) > breathEvery {
			if c.ReadBuffered() > 0 {
				time.Sleep(breathTime)
			}
			breath = time.Now()
		}
		ctx := s.awaitReading()
		typ, msg, err := c.ReadAppend(ctx, p[:0])
		switch {
		case err == nil:
			p = msg
			s.received(typ, msg)
		case ctx.Err() == nil: // else reading was paused, and the connection is as it was
			return err
		}
	}
}

// received counts a message, and logs it unless it belongs to a flood.
func (s *Session) received(typ api.MessageType, p []byte) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meter.received(len(p))
	took, of, known := s.echoes.match(printOf(typ, p), now)
	if known {
		s.meter.echoed(took)
	}
	if of == nil {
		s.note(Line{Kind: Received, Type: typ, Size: len(p), Text: beginning(typ, p), Latency: took})
	}
}

// send sends one message.
func (s *Session) send(typ api.MessageType, p []byte) {
	c := s.current()
	if c == nil {
		s.problem(errNoConn)
		return
	}
	if err := s.write(c, typ, p, nil); err != nil {
		s.problem(err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(Line{Kind: Sent, Type: typ, Size: len(p), Text: beginning(typ, p)})
}

// write writes a message of a flood, or of none, and awaits its echo from now
// on.
func (s *Session) write(c api.Conn, typ api.MessageType, p []byte, of *flood) error {
	s.mu.Lock()
	e := s.echoes.expect(printOf(typ, p), of, time.Now())
	s.mu.Unlock()
	err := c.Write(context.Background(), typ, p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.echoes.forget(e)
		return err
	}
	s.meter.sent(len(p))
	return nil
}

// close ends the connection with a closing handshake, or cancels dialing. If it
// is closing already, it ends the connection at once.
func (s *Session) close(code api.StatusCode, reason string) {
	c, state := s.leave()
	switch state {
	case Open:
		if err := c.Close(code, reason); err != nil {
			s.problem(err)
		}
	case Closing:
		c.CloseNow()
	case Idle, Closed:
		s.problem(errNoConn)
	}
}

// leave cancels a dial, or ends what uses the connection. It returns the
// connection, and the previous state.
func (s *Session) leave() (api.Conn, State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.state
	switch was {
	case Connecting:
		s.giveUp()
	case Open:
		s.stopFlood()
		s.reading.resume() // to see the close
		s.turn(Closing, "", false)
	}
	return s.conn, was
}

func (s *Session) current() api.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}
