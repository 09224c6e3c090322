package browser

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

var (
	errNoClose = errors.New("the browser reported an error, but no close")
	// errNoOpen is for Node.js 22, which fires "error" when it cannot connect,
	// and leaves the socket CONNECTING.
	errNoOpen = errors.New("an error was reported while connecting, and nothing after it")
)

// After an "error" event on a socket that is CLOSED, a "close" event follows:
// in WebKit from another process, which may be busy. closeGrace is how long the
// connection waits for it. After a violation of the page's Content Security
// Policy none comes.
const closeGrace = time.Second

// errorGrace is the same for a socket that is still CONNECTING: Node.js 22
// fires nothing more when it cannot connect, nor does WebKit for a blocked
// port.
const errorGrace = 100 * time.Millisecond

// standstill is how long the event loop may run no task before it counts as
// blocked.
const standstill = 50 * time.Millisecond

// The number of unread messages is at most fewMessages, plus one for each
// messageCost bytes of the bound: a message of no or few bytes occupies memory
// too.
const (
	fewMessages = 1 << 16
	messageCost = 64
)

// Conn is a connection over a Socket.
//
// It uses channels and time.AfterFunc in place of contexts and timers, to keep
// pages small.
type Conn struct {
	// constant
	s       Socket
	limit   int64         // the read limit in bytes, -1 for none
	bound   int64         // bytes of unread messages behind the next one, -1 for none
	mark    int64         // bufferedAmount above which Write waits, -1 for none
	chosen  string        // the subprotocol, after Dial
	settled chan struct{} // closed when the socket is open, or err is set
	ended   chan struct{} // closed when err is set
	arrived chan struct{} // one token: something changed for the reader
	full    chan struct{} // a lock: its token is removed when there may be room to write
	reading chan struct{} // a lock: one token, of the goroutine that waits for a message
	writing chan struct{} // a lock: one token, while an outgoing message is written

	mu mutex // never held while waiting

	// protected by mu
	queue    []event.Message // arrived and not yet read, oldest first
	held     int64           // the sum of the MinSize of queue
	buffered int64           // an upper bound of the socket's BufferedAmount
	unread   *unread         // the message of a Reader that has not been read to its end
	armed    bool            // the socket calls wake for the next event
	turned   bool            // the socket has called wake since within began
	asked    time.Time       // when that was
	err      error           // the terminal error, nil while the connection lives
	open     bool            // it has been open
	closing  bool            // Close was called here
	local    bool            // this side closed first
	drained  bool            // this side ended or closed the connection: no message is delivered any more
	grace    *time.Timer     // after an "error" event, nil before
	context  context.Context // of Context, nil before
	cancel   context.CancelCauseFunc
}

func newConn(s Socket, o Options) *Conn {
	c := &Conn{s: s, limit: o.ReadLimit, bound: o.ReadBuffer, mark: o.WriteBuffer,
		settled: make(chan struct{}),
		ended:   make(chan struct{}),
		arrived: make(chan struct{}, 1),
		full:    make(chan struct{}, 1),
		reading: make(chan struct{}, 1),
		writing: make(chan struct{}, 1),
	}
	c.full <- struct{}{}
	s.Wake(c.wake)
	return c
}

// wake is called by the socket, possibly from within one of its methods, while
// the same goroutine holds mu: it must not wait for mu.
func (c *Conn) wake() {
	if c.mu.TryLock() {
		c.wokenLocked()
		c.mu.Unlock()
		return
	}
	go func() {
		c.mu.Lock()
		c.wokenLocked()
		c.mu.Unlock()
	}()
}

func (c *Conn) wokenLocked() {
	c.armed, c.turned = false, true
	c.pumpLocked()
}

// pumpLocked handles all events in the socket's queue; the next event then
// calls wake.
func (c *Conn) pumpLocked() {
	for c.err == nil {
		e, ok := c.s.Next()
		if !ok {
			c.armed = true
			return
		}
		c.handleLocked(e)
	}
}

// handleLocked is the one place where the socket's events change the
// connection.
func (c *Conn) handleLocked(e event.Event) {
	switch e.Kind {
	case event.Opened:
		if !c.open {
			c.open = true
			close(c.settled)
		}
		if c.grace != nil {
			c.grace.Stop()
			c.grace = nil
		}
	case event.Received:
		c.acceptLocked(e.Message)
	case event.Failed:
		switch s := c.s.State(); {
		case c.grace != nil:
		case s == event.Closed:
			c.grace = after(closeGrace, func() { c.giveUp(errNoClose) })
		case s == event.Connecting:
			c.grace = after(errorGrace, func() { c.giveUp(errNoOpen) })
		}
	case event.Ended:
		if c.local && e.Code == api.StatusAbnormalClosure { // no close frame of the peer: this side had closed
			e.Code = -1
		}
		c.endLocked(&api.CloseError{Code: e.Code, Reason: e.Reason, Local: c.local, Clean: e.Clean})
	}
}

// acceptLocked queues a message that arrived. If it exceeds a limit the
// connection fails, since a WebSocket object cannot be paused. The bound does
// not count the message that is read next, so that one of any size can be
// received.
func (c *Conn) acceptLocked(m event.Message) {
	if c.drained {
		return
	}
	n := int64(m.MinSize())
	switch {
	case c.limit >= 0 && n > c.limit:
		c.refuseLocked(api.StatusMessageTooBig, &api.MessageTooBigError{Limit: c.limit})
		return
	case c.bound >= 0 && len(c.queue) > 0 && (c.held-int64(c.queue[0].MinSize())+n > c.bound ||
		int64(len(c.queue)) >= fewMessages+c.bound/messageCost):
		c.refuseLocked(api.StatusPolicyViolation, &api.ReadBufferFullError{Limit: c.bound})
		return
	}
	c.queue = append(c.queue, m)
	c.held += n
	signal(c.arrived)
	take(c.full) // if it is an answer, what was sent has left the buffer
}

// signal puts the token in, which wakes its receiver.
func signal(token chan struct{}) {
	select {
	case token <- struct{}{}:
	default:
	}
}

// giveUp ends the connection when "open" or "close" has not come in time.
// Without a cause it does nothing while a Close is in progress.
func (c *Conn) giveUp(cause error) {
	c.mu.Lock()
	c.pumpLocked()
	came := c.open && (cause == errNoOpen || cause == errUnanswered || cause == errAbandoned)
	if c.err == nil && !came && (cause != nil || !c.closing) {
		local := c.local || cause != errNoClose && cause != errNoOpen
		switch {
		case cause == nil:
			cause = errSilent
		case local && !c.turned && time.Since(c.asked) >= standstill:
			cause = errBlocked
		}
		c.endLocked(broken(local, cause))
		c.s.HangUp()
	}
	c.mu.Unlock()
}

// broken returns the terminal error of a connection without a closing
// handshake.
func broken(local bool, cause error) error {
	code := api.StatusAbnormalClosure
	if local {
		code = -1
	}
	return &api.CloseError{Code: code, Local: local, Cause: cause}
}

// endLocked sets the terminal error and releases the socket. The queue stays:
// messages that arrived before are still read. A caller that also closes the
// socket does so afterwards: closing may fire events synchronously, which are
// then ignored.
func (c *Conn) endLocked(err error) {
	c.err = err
	if c.grace != nil {
		c.grace.Stop()
	}
	c.s.Release()
	close(c.ended)
	if !c.open {
		close(c.settled)
	}
	if c.cancel != nil {
		c.cancel(err)
	}
	signal(c.arrived)
	take(c.full)
}

// discardLocked drops all unread messages, and those that arrive later.
func (c *Conn) discardLocked() {
	c.drained = true
	c.queue, c.held, c.unread = nil, 0, nil
	c.s.Forget()
	signal(c.arrived)
}

// terminal returns the terminal error, nil while the connection is open.
func (c *Conn) terminal() error {
	c.mu.Lock()
	err := c.err
	c.mu.Unlock()
	return err
}

// lock puts its token into side, c.reading or c.writing, unless ctx ends first.
// Receiving the token unlocks. The holder unlocks when the connection ends, so
// that each waiting call sees the end for itself: a Read may still find
// messages.
func lock(ctx context.Context, side chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select { // the usual case, at a third of the cost of the next select
	case side <- struct{}{}:
		return nil
	default:
	}
	select {
	case side <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Subprotocol returns the subprotocol that the server selected, "" for none.
func (c *Conn) Subprotocol() string { return c.chosen }

// URL returns the object's url, without its userinfo.
func (c *Conn) URL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return redact(c.s.URL())
}

// Extensions returns the object's extensions.
func (c *Conn) Extensions() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.s.Extensions()
}

// Context returns a context that ends with the connection.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.context == nil {
		c.context, c.cancel = context.WithCancelCause(context.Background())
		if c.err != nil {
			c.cancel(c.err)
		}
	}
	return c.context
}

// ReadBuffered returns how many bytes have arrived and have not been read; text
// that no Read has begun is counted in UTF-16 units.
func (c *Conn) ReadBuffered() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.held
	if c.unread != nil {
		n += int64(len(c.unread.rest))
	}
	return n
}

// BufferedAmount returns the WebSocket object's bufferedAmount, in bytes.
func (c *Conn) BufferedAmount() int64 {
	c.mu.Lock()
	n := c.s.BufferedAmount()
	c.mu.Unlock()
	return n
}
