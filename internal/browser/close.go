package browser

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws/api"
)

// CloseTimeout bounds the closing handshake. Chromium by itself would wait 60 s
// for a peer that does not answer.
const CloseTimeout = 5 * time.Second

var errSilent = errors.New("the peer did not complete the closing handshake within 5 s")

// CanSend reports whether a page may pass code to close (WHATWG WebSockets
// standard section 3.1, the close method, step 1).
func (c *Conn) CanSend(code api.StatusCode) bool { return code.Portable() }

// Close performs the closing handshake; an empty close frame is sent for
// StatusNoStatusRcvd. It returns nil when the handshake was completed, whoever
// began it, else the terminal error.
func (c *Conn) Close(code api.StatusCode, reason string) error {
	refused := c.beginClose(code, reason)
	err := c.awaitEnd(context.Background())
	if e, ok := err.(*api.CloseError); ok && e.Clean {
		err = nil
	}
	if err == nil {
		return refused
	}
	return err
}

// beginClose sends the close frame, unless closing has begun here already. It
// returns why the browser did not take code and reason, if so: then it closes
// without them.
func (c *Conn) beginClose(code api.StatusCode, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.discard()
	if c.pump(); c.err != nil || c.closing {
		return nil
	}
	c.closing, c.local = true, c.s.State() == Open
	if code == api.StatusNoStatusRcvd {
		c.s.Close()
		return nil
	}
	err := c.s.CloseWith(code, reason)
	if err != nil {
		c.s.Close()
	}
	return err
}

// awaitEnd waits for the end of a connection that is closing, for CloseTimeout
// at most, and returns the terminal error; or ctx.Err() when that comes first.
func (c *Conn) awaitEnd(ctx context.Context) error {
	t := time.NewTimer(CloseTimeout)
	defer t.Stop()
	select {
	case <-c.life.Done():
	case <-ctx.Done():
		if err := c.terminal(); err != nil {
			return err
		}
		return ctx.Err()
	case <-t.C:
		c.mu.Lock()
		c.giveUp()
		c.mu.Unlock()
	}
	return c.terminal()
}

// giveUp ends a connection whose peer does not complete the closing handshake.
// mu is held.
func (c *Conn) giveUp() {
	if c.pump(); c.err == nil {
		c.end(&api.CloseError{Code: api.StatusAbnormalClosure, Local: true, Cause: errSilent})
		c.s.Close()
	}
}

// CloseNow ends the connection without waiting. The object's close method is
// called without arguments: it sends an empty close frame if it can, and while
// connecting aborts the attempt.
func (c *Conn) CloseNow() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pump(); c.err != nil {
		c.discard()
		return c.err
	}
	c.drop(&api.CloseError{Code: api.StatusAbnormalClosure, Local: true}, c.s.Close)
	return nil
}

// Fail ends the connection with err as its terminal error. The peer sees code
// where a page may send it, else 3000 more.
func (c *Conn) Fail(code api.StatusCode, err error) { c.fail(code, err) }

// fail is Fail, and returns the terminal error: err, or what ended the
// connection from this side before.
func (c *Conn) fail(code api.StatusCode, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil && c.drained {
		return c.err
	}
	wire, reason := code, code.String()
	if !c.CanSend(code) {
		wire += 3000
	}
	c.drop(err, func() {
		if c.s.CloseWith(wire, reason) != nil {
			c.s.Close()
		}
	})
	return c.err
}
