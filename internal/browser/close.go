package browser

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// CloseTimeout bounds the closing handshake. Browsers have limits of their own
// for a peer that does not answer: Chromium waits 60 s, Firefox 20 s, WebKit 5
// s.
const CloseTimeout = 5 * time.Second

var (
	errSilent  = errors.New("the peer did not complete the closing handshake within 5 s")
	errGivenUp = errors.New("the context of Close ended before the peer's close frame came")
	// errBlocked replaces these, and those of Dial, if the event loop ran no
	// task meanwhile.
	errBlocked = errors.New("the event loop was blocked, by other events or by a js.FuncOf callback: in a callback use a goroutine")
)

// CanSend reports whether a page may pass code to close (WHATWG WebSockets
// standard section 3.1, the close method, step 1).
func (c *Conn) CanSend(code api.StatusCode) bool { return code.Portable() }

// Close is CloseContext without a context.
func (c *Conn) Close(code api.StatusCode, reason string) error {
	return c.CloseContext(context.Background(), code, reason)
}

// CloseContext performs the closing handshake; StatusNoStatusRcvd sends an
// empty close frame. It waits until ctx ends, or for CloseTimeout if ctx has no
// deadline. It returns nil if the handshake was completed, whoever began it,
// else the terminal error, which also matches ctx.Err() if the end of ctx ended
// the connection.
func (c *Conn) CloseContext(ctx context.Context, code api.StatusCode, reason string) error {
	refused := c.beginClose(code, reason)
	err := c.within(ctx, c.ended, CloseTimeout, errSilent, errGivenUp)
	e, ok := err.(*api.CloseError)
	switch {
	case ok && e.Clean:
		return refused
	case ok && (e.Cause == errGivenUp || e.Cause == errBlocked) && ctx.Err() != nil:
		return &cutShort{CloseError: e, late: ctx.Err()}
	}
	return err
}

// cutShort is the error of a Close whose context ended, which ended the
// connection.
type cutShort struct {
	_ [0]func() // not comparable: no code for it in a page
	*api.CloseError
	late error
}

func (e *cutShort) Unwrap() error        { return e.CloseError }
func (e *cutShort) Is(target error) bool { return target == e.late }

// within waits until done is closed, and returns the terminal error, nil if
// there is none. If ctx ends first it ends the connection with cut as the
// cause; if ctx has no deadline it does so after d, with late.
func (c *Conn) within(ctx context.Context, done chan struct{}, d time.Duration, late, cut error) error {
	c.mu.Lock()
	c.turned, c.asked = false, time.Now()
	c.s.Poke()
	c.mu.Unlock()
	t := after(d, func() { c.giveUp(late) })
	if _, bounded := ctx.Deadline(); bounded {
		t.Stop()
	}
	select {
	case <-done:
	case <-ctx.Done():
		c.giveUp(cut)
	}
	t.Stop()
	return c.terminal()
}

// beginClose sends the close frame, unless this side has already begun to
// close. If the browser rejects code and reason, it sends an empty one and
// returns the browser's error.
func (c *Conn) beginClose(code api.StatusCode, reason string) error {
	c.mu.Lock()
	c.discardLocked()
	var err error
	if c.pumpLocked(); c.err == nil && !c.closing {
		c.closing, c.local = true, c.s.State() <= event.Open
		err = c.hangUpLocked(code, reason)
	}
	c.mu.Unlock()
	return err
}

// hangUpLocked sends a close frame. It is empty for StatusNoStatusRcvd, and if
// the browser rejects code and reason: then it returns the browser's error.
func (c *Conn) hangUpLocked(code api.StatusCode, reason string) (err error) {
	if code != api.StatusNoStatusRcvd {
		err = c.s.CloseWith(code, reason)
	}
	if code == api.StatusNoStatusRcvd || err != nil {
		c.s.HangUp()
	}
	return err
}

// awaitEnd waits for the end of a connection that is closing, and returns the
// terminal error, or ctx.Err() if ctx ends first. It waits at most
// CloseTimeout, unless this side closes, which has its own bound.
func (c *Conn) awaitEnd(ctx context.Context) error {
	t := after(CloseTimeout, func() { c.giveUp(nil) })
	select {
	case <-c.ended:
	case <-ctx.Done():
	}
	t.Stop()
	if err := c.terminal(); err != nil {
		return err
	}
	return ctx.Err()
}

// CloseNow ends the connection without waiting. It calls the object's close
// method without arguments, which sends an empty close frame, or aborts the
// attempt while connecting.
func (c *Conn) CloseNow() error {
	c.mu.Lock()
	c.pumpLocked()
	before := c.err
	if before == nil {
		c.endLocked(broken(true, nil))
		c.s.HangUp()
	}
	c.discardLocked()
	c.mu.Unlock()
	return before
}

// refuseLocked ends the connection with err because of a message that arrived.
// Messages that arrived before are still read.
func (c *Conn) refuseLocked(code api.StatusCode, err error) {
	c.endLocked(err)
	reason := code.String()
	if !c.CanSend(code) {
		code += 3000
	}
	c.hangUpLocked(code, reason)
}

// Fail ends the connection with err as its terminal error. The peer sees code
// if a page may send it, else code plus 3000.
func (c *Conn) Fail(code api.StatusCode, err error) { c.fail(code, err) }

// fail is Fail, and returns the terminal error: err, unless this side had ended
// the connection before.
func (c *Conn) fail(code api.StatusCode, err error) error {
	c.mu.Lock()
	switch {
	case c.err == nil:
		c.refuseLocked(code, err)
	case !c.drained: // the peer closed after the message that err is about
		c.err = err
	}
	c.discardLocked()
	err = c.err
	c.mu.Unlock()
	return err
}
