package engine

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

var (
	errNoAnswer = errors.New("the peer did not complete the closing handshake within 5 s")
	errNotTaken = errors.New("the peer did not take the answer to its close frame within 5 s")
	errGivenUp  = errors.New("the context of Close ended before the peer's close frame came")
	errCutShort = errors.New("a context ended when a part of the close frame had been sent")
)

// Close is CloseContext without a context.
func (c *Conn) Close(code api.StatusCode, reason string) error {
	return c.CloseContext(context.Background(), code, reason)
}

// CloseContext performs the closing handshake. StatusNoStatusRcvd asks for an
// empty close frame.
func (c *Conn) CloseContext(ctx context.Context, code api.StatusCode, reason string) error {
	c.beginClose(closeFrame{code, reason}, nil)
	if c.alarm.Load() == ended { // most who serve a connection close it once more
		return c.closed()
	}
	wait := ctx
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(ctx, CloseWait)
		defer cancel()
	}
	// Reading does not wait for the sending: a peer that is about to close,
	// too, may take our frame only once its own is taken.
	sent := make(chan error, 1)
	go func() { sent <- c.sendClose(wait) }()
	end := sync.OnceValues(func() (first bool, err error) {
		cause := errNoAnswer
		if ctx.Err() != nil {
			cause = errGivenUp
		}
		select {
		case err := <-sent:
			if err != nil && err != wait.Err() {
				cause = err
			}
		default:
		}
		return c.endOnce(true, cause, atOnce)
	})
	defer context.AfterFunc(wait, func() { end() })() // the stream may ignore its deadlines
	if c.lockReading(wait) == nil {
		c.drain(wait)
		c.doneReading()
	}
	first, _ := end()
	err := c.closed()
	if err != nil && first && ctx.Err() != nil {
		return &cutShort{err, ctx.Err()}
	}
	return err
}

// closed returns what Close says of a connection that has ended: nil if both
// sides sent a close frame, else the connection's error.
func (c *Conn) closed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing.wasHeard() && c.closing.sent && !c.closing.failed() {
		return nil
	}
	return c.closing.err()
}

// cutShort is the error of an operation whose context ended, and the connection
// with it.
type cutShort struct{ end, context error }

func (e *cutShort) Error() string   { return e.end.Error() }
func (e *cutShort) Unwrap() []error { return []error{e.end, e.context} }

// CloseNow ends the stream.
func (c *Conn) CloseNow() error {
	first, err := c.endOnce(true, nil, atOnce)
	if first {
		return nil
	}
	return err
}

// Fail ends the connection on this side's account: the peer is sent code, and
// err is what every later operation returns.
func (c *Conn) Fail(code api.StatusCode, err error) {
	c.beginClose(closeFrame{code, failReason(err)}, err)
	wait, cancel := context.WithTimeout(context.Background(), lingerWait)
	defer cancel()
	defer context.AfterFunc(wait, func() { c.end(true, err, atOnce) })()
	how := atOnce
	if c.sendClose(wait) == nil && c.lockReading(wait) == nil {
		how = halfFirst
		defer c.doneReading()
	}
	c.end(true, err, how)
}

// fail is Fail for whoever holds reading. It returns what the operation is to
// return. An ended ctx does not keep the code from the peer. Once the peer's
// close frame has come, what is wrong with the message that it cut off is of no
// meaning: an inflater looks ahead of what it gives out.
func (c *Conn) fail(ctx context.Context, code api.StatusCode, err error) error {
	if c.beginClose(closeFrame{code, failReason(err)}, err) {
		return c.finish(ctx)
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

// failReason tells the peer's developers the rule they broke.
func failReason(err error) string {
	if p, ok := errors.AsType[*api.ProtocolError](err); ok {
		return p.Rule[:min(len(p.Rule), api.MaxReason)]
	}
	return ""
}

// beginClose makes our close frame due, unless closing has begun. It reports
// whether the peer's has come.
func (c *Conn) beginClose(f closeFrame, failure error) (heard bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing.begin(f, failure)
	c.open.Store(false)
	return c.closing.heard
}

// sendClose sends our close frame if it is due. It returns an error when it
// could not be written, now or before; ctx.Err() may mean that it is still due.
func (c *Conn) sendClose(ctx context.Context) error {
	if err := c.lockWire(ctx); err != nil {
		return err
	}
	return c.sendCloseHeld(ctx)
}

// sendAnswer is sendClose for a Read, whose context, unlike wait, may end
// before the connection does. A frame that has begun goes out all the same, as
// a ping does: one that is cut off would end the sending half, and the peer
// would get to know no end.
func (c *Conn) sendAnswer(ctx, wait context.Context) error {
	if err := c.lockWire(wait); err != nil {
		return err
	}
	if outlives(ctx, c.stream) {
		return c.sendCloseHeld(wait)
	}
	bound := time.AfterFunc(CloseWait, func() { c.end(false, errNotTaken, atOnce) })
	sent := make(chan error, 1)
	go func() {
		defer bound.Stop()
		sent <- c.sendCloseHeld(context.Background())
	}()
	select {
	case err := <-sent:
		return err
	case <-wait.Done():
		return wait.Err()
	}
}

// sendCloseHeld is sendClose for who holds wire, which it gives up.
func (c *Conn) sendCloseHeld(ctx context.Context) error {
	defer c.unlockWire()
	c.mu.Lock()
	err := c.brokenBy()
	if !c.closing.mustSend() {
		c.mu.Unlock()
		return err
	}
	f := c.closing.ours
	due, b := c.takeReplies(), c.takeOut()
	c.mu.Unlock()
	sent, before := 0, b.used()
	if err == nil {
		b, sent, err = c.writeClose(ctx, b, due, f)
	}
	if err != nil && sent <= before && err == ctx.Err() {
		c.mu.Lock()
		c.restoreReplies(due)
		c.mu.Unlock()
		b.n = before
		c.putBack(b, sent)
		return err
	}
	c.done(b)
	c.mu.Lock()
	c.closing.answered(err == nil)
	c.mu.Unlock()
	switch {
	case err == nil:
	case err == ctx.Err():
		c.breakWrites(errCutShort)
	default:
		c.breakWrites(err)
	}
	return err
}

// writeClose adds a close frame to b and writes it, and before the frame what
// is due: pings that came before the peer's close frame are answered (RFC 6455
// section 5.5.2).
func (c *Conn) writeClose(ctx context.Context, b *block, due replies, f closeFrame) (all *block, sent int, err error) {
	var payload [frame.MaxControlPayload]byte
	b = c.addReplies(b, due)
	b.n = len(c.appendControl(b.mem[:b.n], frame.OpClose, frame.AppendClose(payload[:0], f.code, f.reason)))
	sent, err = c.writeStream(ctx, b.mem[:b.n], nil)
	return b, sent, err
}

// drain is reading once the closing handshake has begun: it throws messages
// away until the peer's close frame has come, and then ends the connection. It
// returns the connection's error, or ctx.Err() when there is more to do.
func (c *Conn) drain(ctx context.Context) error {
	for c.expectsClose() {
		var err error
		if c.cur.data() {
			err = c.discardPayload(ctx)
		} else {
			err = c.nextFrame(ctx)
		}
		if err != nil && err != errClosing {
			return err
		}
	}
	return c.finish(ctx)
}

// expectsClose reports whether the peer's close frame is still to come.
func (c *Conn) expectsClose() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing.state() == stateClosing && !c.closing.failed()
}

// discardPayload throws the rest of the current frame away.
func (c *Conn) discardPayload(ctx context.Context) error {
	b := getBlock(middleBlock)
	defer putBlock(b)
	for c.cur.left > 0 {
		n, err := c.readRaw(ctx, b.mem[:min(middleBlock, c.cur.left)])
		c.cur.left -= int64(n)
		if err != nil {
			return err
		}
	}
	c.cur.have = false
	return nil
}

// finish ends a connection whose peer has sent its close frame, or has ended
// its half of the stream: what is due is sent, our close frame with it. Then
// the server is first to end the stream (RFC 6455 section 7.1.1), half of it
// where it can: bytes behind the peer's close frame would else destroy the
// answer on its way. Nobody waits for the peer to end its half.
func (c *Conn) finish(ctx context.Context) error {
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
	_, two := c.stream.(halved)
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

// inputEnded is reading once the peer has ended its half of the stream without
// a close frame. It may read on, so what this side has accepted is sent.
func (c *Conn) inputEnded(ctx context.Context) error {
	c.mu.Lock()
	c.closing.lose(io.ErrUnexpectedEOF)
	c.open.Store(false)
	c.mu.Unlock()
	return c.finish(ctx)
}

// end ends the stream, once, and returns the connection's error. local and
// cause are for a connection that was open. Who lingers holds reading.
func (c *Conn) end(local bool, cause error, how leaving) error {
	_, err := c.endOnce(local, cause, how)
	return err
}

// endOnce is end, and reports whether it was this call that did it.
func (c *Conn) endOnce(local bool, cause error, how leaving) (first bool, err error) {
	c.mu.Lock()
	first = c.closing.end(local, cause)
	err = c.closing.err()
	if first {
		c.open.Store(false)
		c.due.Store(false)
		c.dropOut()
		if r := c.rare.Load(); r != nil {
			r.end(err)
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
			// Where Close does not end a call that waits, a deadline does: the
			// streams of yamux are read on.
			c.interrupt(inward)
			defer c.interrupt(outward)
		}
		leave(c.stream, how)
	}
	return first, err
}
