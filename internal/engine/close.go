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
	errNotTaken = errors.New("the peer did not accept our close frame within 5 s")
	errGivenUp  = errors.New("the context of Close ended before the peer's close frame came")
	errCutShort = errors.New("a context ended after part of the close frame was sent")

	// errStreamEnd is the cause of an end without a close frame in a version
	// that has none.
	errStreamEnd = errors.New("the peer ended the stream, which is how " + frame.Hixie75.String() + " closes (section 6)")
)

// Close is CloseContext without a context.
func (c *Conn) Close(code api.StatusCode, reason string) error {
	return c.CloseContext(context.Background(), code, reason)
}

// CloseContext performs the closing handshake. StatusNoStatusRcvd requests an
// empty close frame. A code that may not be sent in this version of the
// protocol is left out, and the error says so.
func (c *Conn) CloseContext(ctx context.Context, code api.StatusCode, reason string) error {
	if v := c.cfg.Version; v != frame.RFC6455 && code != api.StatusNoStatusRcvd && !v.Sendable(code) {
		err := c.closeContext(ctx, api.StatusNoStatusRcvd, "")
		if err == nil {
			err = &api.ArgumentError{Name: "code", Problem: code.String() + " may not be sent in " + v.String() +
				" (section 7.4): use 1000 or 3000-4999; the connection was closed without it"}
		}
		return err
	}
	return c.closeContext(ctx, code, reason)
}

func (c *Conn) closeContext(ctx context.Context, code api.StatusCode, reason string) error {
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
	// Reading does not wait for the sending: a peer that also closes may read
	// our frame only after its own has been read.
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

// closed returns the result of Close for a connection that has ended: nil if
// both sides sent a close frame, else the connection's error.
func (c *Conn) closed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing.wasHeard() && c.closing.sent && !c.closing.failed() {
		return nil
	}
	if c.closing.lost() && c.closing.cause == errStreamEnd && c.closing.sent && !c.closing.failed() {
		return nil // that was the peer's answer
	}
	return c.closing.err()
}

// cutShort is the error of an operation whose context ended, and the connection
// with it.
type cutShort struct{ end, context error }

func (e *cutShort) Error() string   { return e.end.Error() }
func (e *cutShort) Unwrap() []error { return []error{e.end, e.context} }

// CloseNow closes the stream.
func (c *Conn) CloseNow() error {
	first, err := c.endOnce(true, nil, atOnce)
	if first {
		return nil
	}
	return err
}

// Fail ends the connection because of an error on this side: code is sent to
// the peer, and err is the error of every later operation.
func (c *Conn) Fail(code api.StatusCode, err error) {
	err = c.inVersion(err)
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

// fail is Fail for the holder of reading. It returns the error of the
// operation. An ended ctx does not keep code from being sent. If the peer's
// close frame has arrived, an error in the message that it interrupted is
// ignored: a decompressor reads ahead.
func (c *Conn) fail(ctx context.Context, code api.StatusCode, err error) error {
	err = c.inVersion(err)
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

// beginClose makes our close frame due, unless closing has begun. It reports
// whether the peer's has arrived.
func (c *Conn) beginClose(f closeFrame, failure error) (heard bool) {
	if f.code = c.cfg.Version.Signal(f.code); f.code == api.StatusNoStatusRcvd {
		f.reason = ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing.begin(f, failure)
	c.open.Store(false)
	return c.closing.heard
}

// sendClose sends our close frame if it is due. It returns an error if it could
// not be written, now or before; after ctx.Err() it may still be due.
func (c *Conn) sendClose(ctx context.Context) error {
	if err := c.lockWire(ctx); err != nil {
		return err
	}
	return c.sendCloseHeld(ctx)
}

// sendAnswer is sendClose for a Read, whose context, unlike wait, may end
// before the connection does. A frame that has begun is sent completely all the
// same, like a ping: a truncated one would end the sending half, and the peer
// would never see a close.
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

// sendCloseHeld is sendClose for the holder of wire, which it releases.
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

// writeClose adds a close frame to b and writes it, preceded by what is due:
// pings that arrived before the peer's close frame are answered (RFC 6455
// section 5.5.2).
func (c *Conn) writeClose(ctx context.Context, b *block, due replies, f closeFrame) (all *block, sent int, err error) {
	var payload [frame.MaxControlPayload]byte
	b = c.addReplies(b, due)
	b.n = len(c.appendControl(b.mem[:b.n], frame.OpClose, frame.AppendClose(payload[:0], f.code, f.reason)))
	sent, err = c.writeStream(ctx, b.mem[:b.n], nil)
	return b, sent, err
}

// drain is reading after the closing handshake has begun: it discards messages
// until the peer's close frame has arrived, and then ends the connection. It
// returns the connection's error, or ctx.Err() if there is more to do.
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

// expectsClose reports whether the peer's close frame has yet to arrive.
func (c *Conn) expectsClose() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing.state() == stateClosing && !c.closing.failed()
}

// discardPayload discards the rest of the current frame.
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

// finish ends a connection whose peer has sent its close frame, or has closed
// its half of the stream: what is due is sent, including our close frame. Then
// the server is the first to close the stream (RFC 6455 section 7.1.1), only
// its sending half if possible: otherwise unread bytes after the peer's close
// frame could reset the connection before the peer has read our close frame. No
// caller waits for the peer to close its half.
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

// inputEnded is reading after the peer has closed its half of the stream
// without a close frame. The peer may continue to read, so what this side has
// accepted is sent.
func (c *Conn) inputEnded(ctx context.Context) error {
	cause := io.ErrUnexpectedEOF
	if !c.cfg.Version.CloseFrames() {
		cause = errStreamEnd
	}
	c.mu.Lock()
	c.closing.lose(cause)
	c.open.Store(false)
	c.mu.Unlock()
	return c.finish(ctx)
}

// end closes the stream, once, and returns the connection's error. local and
// cause apply if the connection was open. A caller that lingers holds reading.
func (c *Conn) end(local bool, cause error, how leaving) error {
	_, err := c.endOnce(local, cause, how)
	return err
}

// endOnce is end, and reports whether this call closed the stream.
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
			// If Close does not end a blocked call, a deadline does: a Read of
			// yamux's streams continues after Close.
			c.interrupt(inward)
			defer c.interrupt(outward)
		}
		leave(c.stream, how)
	} else if s, ok := c.stream.(settling); ok {
		s.Settle()
	}
	return first, err
}
