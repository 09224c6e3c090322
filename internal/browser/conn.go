package browser

import (
	"context"
	"sync"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/ctxlock"
)

// errorGrace is how long after an "error" event the "close" event may take on a
// socket that is closed already. A violation of the page's Content Security
// Policy fires no "close" event at all; otherwise it comes with the next task.
const errorGrace = 100 * time.Millisecond

// Conn is a connection over a Socket.
type Conn struct {
	// constant
	s        Socket
	limit    int64 // bytes of a message to read, -1 for none
	opened   chan struct{}
	life     context.Context // ends when err is set
	die      context.CancelFunc
	onWake   func()        // c.wake, made once
	arrived  chan struct{} // one token: something changed for the one who reads
	reading  ctxlock.Lock  // held by the one who waits for a message
	writing  ctxlock.Lock  // held while one outgoing message is made
	protocol string        // set before opened is closed

	mu sync.Mutex // never held while waiting for anything

	// protected by mu
	queue   []Message // arrived and not yet read, oldest first
	unread  *unread   // the message of a Reader that is not at its end
	armed   bool      // the socket will call wake
	err     error     // the terminal error, nil while the connection lives
	closing bool      // Close was called here
	local   bool      // this side closed first
	drained bool      // this side ended or closed: nothing is delivered any more
	noClose bool      // the socket failed and never fired "close"
	grace   *time.Timer
}

func newConn(s Socket, limit int64) *Conn {
	c := &Conn{s: s, limit: limit, opened: make(chan struct{}), arrived: make(chan struct{}, 1)}
	c.life, c.die = context.WithCancel(context.Background())
	c.onWake = c.wake
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
	c.armed = false
	c.pump()
	c.mu.Unlock()
}

// pump empties the socket's queue, and arms the next wake-up. mu is held.
func (c *Conn) pump() {
	for c.err == nil {
		e, ok := c.s.Next()
		if !ok {
			break
		}
		c.handle(e)
	}
	if c.err == nil && !c.armed {
		c.armed = true
		c.s.Wake(c.onWake)
	}
}

// handle is the one place where the socket's events change the connection. mu
// is held.
func (c *Conn) handle(e Event) {
	switch e.Kind {
	case Opened:
		c.open()
	case Received:
		c.accept(e.Message)
	case Failed:
		if c.s.State() == Closed && c.grace == nil {
			c.grace = time.AfterFunc(errorGrace, c.neverClosed)
		}
	case Ended:
		c.end(&api.CloseError{Code: e.Code, Reason: e.Reason, Local: c.local, Clean: e.Clean})
	}
}

// open lets Dial return. mu is held.
func (c *Conn) open() {
	select {
	case <-c.opened:
	default:
		c.protocol = c.s.Protocol()
		close(c.opened)
	}
}

// accept queues a message that arrived. The bound of the queue belongs here: a
// WebSocket object cannot be paused. mu is held.
func (c *Conn) accept(m Message) {
	if c.drained {
		return
	}
	c.queue = append(c.queue, m)
	c.signal()
}

// signal lets the one who reads look again. mu is held.
func (c *Conn) signal() {
	select {
	case c.arrived <- struct{}{}:
	default:
	}
}

// neverClosed ends the connection whose "error" was not followed by "close".
func (c *Conn) neverClosed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pump(); c.err == nil {
		c.noClose = true
		c.end(&api.CloseError{Code: api.StatusAbnormalClosure, Local: c.local})
	}
}

// end sets the terminal error and lets the socket go. The queue stays: what
// arrived before is still read. mu is held.
func (c *Conn) end(err error) {
	c.err = err
	if c.grace != nil {
		c.grace.Stop()
	}
	c.s.Release()
	c.die()
	c.signal()
}

// drop ends the connection at once from this side, unless that has happened:
// nothing that arrived is delivered any more. hangUp closes the socket. mu is
// held.
func (c *Conn) drop(err error, hangUp func()) {
	c.discard()
	if c.err != nil {
		c.err = err
		return
	}
	// First the listeners: closing may fire events at once, and they would
	// find the connection ended.
	c.end(err)
	hangUp()
}

// discard forgets what has arrived and what will. mu is held.
func (c *Conn) discard() {
	c.drained = true
	c.queue, c.unread = nil, nil
	c.signal()
}

// terminal returns the terminal error, nil while the connection lives.
func (c *Conn) terminal() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Subprotocol returns the subprotocol the server chose, "" for none.
func (c *Conn) Subprotocol() string { return c.protocol }

// BufferedAmount returns the WebSocket object's bufferedAmount, in bytes.
func (c *Conn) BufferedAmount() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.s.BufferedAmount()
}
