package browser

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

var (
	errNoClose = errors.New("the browser reported an error, and never that the connection is closed")
	// errNoOpen is of Node.js 22, which reports that it could not connect and
	// leaves the socket connecting for good.
	errNoOpen = errors.New("an error was reported while connecting, and nothing after it")
)

// After an "error" event on a socket that is closed, a "close" event follows:
// in WebKit from another process, which may be busy. closeGrace is how long it
// is waited for. A violation of the page's Content Security Policy has none.
const closeGrace = time.Second

// errorGrace is the same where the socket is still connecting: Node.js 22 fires
// nothing more when it cannot connect, nor does WebKit for a blocked port.
const errorGrace = 100 * time.Millisecond

// standstill is after what time an event loop that has not turned stands still.
const standstill = 50 * time.Millisecond

// Conn is a connection over a Socket.
//
// It makes do without contexts and timers of its own, for the sake of the
// page's size: channels and time.AfterFunc do as well.
type Conn struct {
	// constant
	s       Socket
	limit   int64         // bytes of a message to read, -1 for none
	bound   int64         // bytes of messages that wait behind the next one, -1 for none
	mark    int64         // bufferedAmount above which Write waits, -1 for none
	chosen  string        // the subprotocol, after Dial
	settled chan struct{} // closed when the socket is open, or err is set
	ended   chan struct{} // closed when err is set
	arrived chan struct{} // one token: something changed for the one who reads
	full    chan struct{} // a lock: one token, which is taken out when there may be room to write
	reading chan struct{} // a lock: one token, of the one who waits for a message
	writing chan struct{} // a lock: one token, while one outgoing message is made

	mu mutex // never held while waiting for anything

	// protected by mu
	queue    []event.Message // arrived and not yet read, oldest first
	held     int64           // bytes of the messages in queue, by their MinSize
	buffered int64           // at least the socket's BufferedAmount
	unread   *unread         // the message of a Reader that is not at its end
	armed    bool            // the socket will call wake
	turned   bool            // the socket has called wake since within
	asked    time.Time       // when that was
	err      error           // the terminal error, nil while the connection lives
	open     bool            // it has been open
	closing  bool            // Close was called here
	local    bool            // this side closed first
	drained  bool            // this side ended or closed: nothing is delivered any more
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

// wake is called by the socket, at times from within one of its own methods and
// so with mu held by the very same goroutine: it must not wait for mu.
func (c *Conn) wake() {
	if !c.mu.TryLock() {
		go func() {
			c.mu.Lock()
			c.woken()
		}()
		return
	}
	c.woken()
}

// woken takes mu over from its caller.
func (c *Conn) woken() {
	c.armed, c.turned = false, true
	c.pump()
	c.mu.Unlock()
}

// pump empties the socket's queue, and arms the next wake-up. mu is held.
func (c *Conn) pump() {
	for c.err == nil {
		e, ok := c.s.Next()
		if !ok {
			c.armed = true
			return
		}
		c.handle(e)
	}
}

// handle is the one place where the socket's events change the connection. mu
// is held.
func (c *Conn) handle(e event.Event) {
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
		c.accept(e.Message)
	case event.Failed:
		switch s := c.s.State(); {
		case c.grace != nil:
		case s == event.Closed:
			c.grace = after(closeGrace, func() { c.giveUp(errNoClose) })
		case s == event.Connecting:
			c.grace = after(errorGrace, func() { c.giveUp(errNoOpen) })
		}
	case event.Ended:
		if c.local && e.Code == api.StatusAbnormalClosure { // not the peer's: it had been closed here
			e.Code = -1
		}
		c.end(&api.CloseError{Code: e.Code, Reason: e.Reason, Local: c.local, Clean: e.Clean})
	}
}

// accept queues a message that arrived, or fails the connection over it: a
// WebSocket object cannot be paused. The bound does not count the message that
// is to be read next, so that one of any size can be received. mu is held.
func (c *Conn) accept(m event.Message) {
	if c.drained {
		return
	}
	n := int64(m.MinSize())
	switch {
	case c.limit >= 0 && n > c.limit:
		c.refuse(api.StatusMessageTooBig, &api.MessageTooBigError{Limit: c.limit})
		return
	case c.bound >= 0 && len(c.queue) > 0 && c.held-int64(c.queue[0].MinSize())+n > c.bound:
		c.refuse(api.StatusPolicyViolation, &api.ReadBufferFullError{Limit: c.bound})
		return
	}
	c.queue = append(c.queue, m)
	c.held += n
	signal(c.arrived)
	take(c.full) // the peer answers: what it was sent has left
}

// signal puts the one token in, which lets its receiver look again.
func signal(token chan struct{}) {
	select {
	case token <- struct{}{}:
	default:
	}
}

// giveUp ends the connection when "open" or "close" is waited for in vain. With
// no cause of its own it leaves a Close alone that is under way.
func (c *Conn) giveUp(cause error) {
	c.mu.Lock()
	c.pump()
	came := c.open && (cause == errNoOpen || cause == errUnanswered || cause == errAbandoned)
	if c.err == nil && !came && (cause != nil || !c.closing) {
		local := c.local || cause != errNoClose && cause != errNoOpen
		switch {
		case cause == nil:
			cause = errSilent
		case local && !c.turned && time.Since(c.asked) >= standstill:
			cause = errBlocked
		}
		c.end(broken(local, cause))
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

// end sets the terminal error and lets the socket go. The queue stays: what
// arrived before is still read. Who closes the socket as well does it
// afterwards: closing may fire events at once, which then find nobody. mu is
// held.
func (c *Conn) end(err error) {
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

// discard forgets what has arrived and what will. mu is held.
func (c *Conn) discard() {
	c.drained = true
	c.queue, c.held, c.unread = nil, 0, nil
	c.s.Forget()
	signal(c.arrived)
}

// terminal returns the terminal error, nil while the connection lives.
func (c *Conn) terminal() error {
	c.mu.Lock()
	err := c.err
	c.mu.Unlock()
	return err
}

// lock puts its token into side, c.reading or c.writing, unless ctx ends first.
// Taking the token out again unlocks. Whoever holds a side lets go of it when
// the connection ends, so that those who wait see the end for themselves: a
// Read may still find messages.
func lock(ctx context.Context, side chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select { // the usual case, for a third of what the next costs
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

// Subprotocol returns the subprotocol the server chose, "" for none.
func (c *Conn) Subprotocol() string { return c.chosen }

// URL returns the object's url, without its userinfo.
func (c *Conn) URL() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return redact(c.s.URL())
}

// Extensions returns what the object says of the extensions in use.
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

// ReadBuffered returns how many bytes have arrived and are not yet read: of
// text that no Read has looked at its UTF-16 units.
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
