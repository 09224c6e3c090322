package engine

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/twinws/ws/api"
)

// conclude is where what reading met changes the connection: it turns the error
// that ended an operation into a closing, if it is more than the end of ctx,
// and returns the operation's error. It may wait, and returns the input that
// the connection has then.
func (in *input) conclude(ctx context.Context, err error) (*input, error) {
	switch e := err.(type) {
	case *api.ProtocolError:
		return in, in.fail(ctx, e.Code, e)
	case *api.MessageTooBigError:
		return in, in.fail(ctx, api.StatusMessageTooBig, e)
	case *lostError:
		return in, in.c.end(false, e.err, atOnce)
	}
	switch err {
	case errInputEnd:
		return in, in.inputEnded(ctx)
	case errClosing:
		return in.drain(ctx)
	}
	return in, err
}

// concludeAndRelease is conclude at the end of an operation: it releases the
// input.
func (in *input) concludeAndRelease(ctx context.Context, err error) error {
	in, err = in.conclude(ctx, err)
	in.release()
	return err
}

// fail is Fail for a Read, which found err. It returns the error of the
// operation. An ended ctx does not keep code from being sent. If the peer's
// close frame has arrived, an error in the message that it interrupted is
// ignored: a decompressor reads ahead.
func (in *input) fail(ctx context.Context, code api.StatusCode, err error) error {
	c := in.c
	err = c.inVersion(err)
	if c.beginClose(closeFrame{code, failReason(err)}, err) {
		return in.finish(ctx)
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), lingerWait)
	defer cancel()
	defer context.AfterFunc(wait, func() { c.end(true, err, atOnce) })()
	how := atOnce
	if c.sendClose(wait) == nil {
		how = halfFirst
	}
	return c.end(true, err, how)
}

// inVersion makes an error name the draft, if this is one.
func (c *Conn) inVersion(err error) error {
	if p, ok := err.(*api.ProtocolError); ok {
		return c.cfg.Version.Violation(p)
	}
	return err
}

// failReason returns the violated rule, to be sent to the peer's developers.
func failReason(err error) string {
	if p, ok := errors.AsType[*api.ProtocolError](err); ok {
		return p.Rule[:min(len(p.Rule), api.MaxReason)]
	}
	return ""
}

// finish ends a connection whose peer has sent its close frame, or has closed
// its half of the transport: what is due is sent, including our close frame.
// Then the server is the first to close the transport (RFC 6455 section 7.1.1),
// only its sending half if possible: otherwise unread bytes after the peer's
// close frame could reset the connection before the peer has read our close
// frame. No caller waits for the peer to close its half.
func (in *input) finish(ctx context.Context) error {
	c := in.c
	c.mu.Lock()
	over := c.closing.state() == stateEnded || c.closing.failed()
	lost := c.closing.lost()
	err := c.closing.err()
	c.mu.Unlock()
	if over {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, CloseWait)
	defer cancel()
	if !c.cfg.KeepsDeadlines {
		defer time.AfterFunc(CloseWait, func() { c.end(false, errNotTaken, atOnce) }).Stop()
	}
	err = c.sendAnswer(ctx, wait)
	_, two := c.transport.(HalfCloser)
	how := atOnce
	switch {
	case err == nil && (lost || !c.cfg.Client && !two):
		how = farewell
	case err == nil && c.cfg.Client:
		how = lingering
	case err == nil:
		how = halfFirst
	case ctx.Err() != nil:
		return ctx.Err()
	case err == wait.Err():
		err = errNotTaken
	}
	return c.end(false, err, how)
}

// inputEnded is reading after the peer has closed its half of the transport
// without a close frame. The peer may continue to read, so what this side has
// accepted is sent.
func (in *input) inputEnded(ctx context.Context) error {
	c := in.c
	cause := io.ErrUnexpectedEOF
	if !c.cfg.Version.CloseFrames() {
		cause = errStreamEnd
	}
	c.mu.Lock()
	c.closing.lose(cause)
	c.open.Store(false)
	c.mu.Unlock()
	return in.finish(ctx)
}

// end closes the transport, once, and returns the connection's error. local and
// cause apply if the connection was open. A caller that lingers holds reading.
func (c *Conn) end(local bool, cause error, how leaving) error {
	_, err := c.endOnce(local, cause, how)
	return err
}

// endOnce is end, and reports whether this call closed the transport.
func (c *Conn) endOnce(local bool, cause error, how leaving) (first bool, err error) {
	c.mu.Lock()
	first = c.closing.end(local, cause)
	err = c.closing.err()
	if first {
		c.open.Store(false)
		c.due.Store(false)
		c.dropOutLocked()
		if r := c.rare.Load(); r != nil {
			r.endLocked(err)
		}
	}
	c.mu.Unlock()
	if first {
		c.cfg.clock.forget(c)
		if r := c.rare.Load(); r != nil {
			r.interrupts.Load().stop()
		}
		c.sending.Break(err)
		if how == atOnce && !c.cfg.KeepsDeadlines {
			// If Close does not end a blocked call, a deadline does: a Read of
			// yamux's streams continues after Close.
			c.interrupt(inward)
			defer c.interrupt(outward)
		}
		leave(c.transport, how)
	} else if t, ok := c.transport.(Settler); ok {
		t.Settle()
	}
	return first, err
}
