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
	defer context.AfterFunc(wait, func() { end() })() // the transport may ignore its deadlines
	if in, err := c.lockReading(wait); err == nil {
		in, _ = in.drain(wait)
		in.release()
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
	if c.closing.whole() {
		return nil
	}
	return c.closing.err()
}

// cutShort is the error of an operation whose context ended, and the connection
// with it.
type cutShort struct{ end, context error }

func (e *cutShort) Error() string   { return e.end.Error() }
func (e *cutShort) Unwrap() []error { return []error{e.end, e.context} }

// CloseNow closes the transport.
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
	if c.sendClose(wait) == nil {
		if in, err := c.lockReading(wait); err == nil {
			how = halfFirst
			defer in.release()
		}
	}
	c.end(true, err, how)
}

// fail is Fail for a Read, which found err. It returns the error of the
// operation. An ended ctx does not keep code
// from being sent. If the peer's close frame has arrived, an error in the
// message that it interrupted is ignored: a decompressor reads ahead.
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
	return c.closing.wasHeard()
}

// sendClose sends our close frame if it is due. It returns an error if it could
// not be written, now or before; after ctx.Err() it may still be due.
func (c *Conn) sendClose(ctx context.Context) error {
	t, err := c.awaitTurn(ctx)
	if err != nil {
		return err
	}
	defer t.release()
	return t.sendClose(ctx)
}

// sendAnswer is sendClose for a Read, whose context, unlike wait, may end
// before the connection does. A frame that has begun is sent completely all the
// same, like a ping: a truncated one would end the sending half, and the peer
// would never see a close.
func (c *Conn) sendAnswer(ctx, wait context.Context) error {
	t, err := c.awaitTurn(wait)
	if err != nil {
		return err
	}
	if outlives(ctx, c.transport) {
		defer t.release()
		return t.sendClose(wait)
	}
	bound := time.AfterFunc(CloseWait, func() { c.end(false, errNotTaken, atOnce) })
	sent := make(chan error, 1)
	go func(t turn) {
		defer bound.Stop()
		err := t.sendClose(context.Background())
		t.release()
		sent <- err
	}(t)
	select {
	case err := <-sent:
		return err
	case <-wait.Done():
		return wait.Err()
	}
}

// sendClose is Conn.sendClose.
func (t *turn) sendClose(ctx context.Context) error {
	c := t.c
	c.mu.Lock()
	err := c.brokenLocked()
	if !c.closing.mustSend() {
		c.mu.Unlock()
		return err
	}
	f := c.closing.record.ours
	due, b := c.takeRepliesLocked(), c.takeOutLocked()
	c.mu.Unlock()
	t.out = b
	sent, before := 0, b.used()
	if err == nil {
		sent, err = t.writeClose(ctx, due, f)
	}
	if err != nil && sent <= before && err == ctx.Err() {
		c.mu.Lock()
		c.restoreRepliesLocked(due)
		c.mu.Unlock()
		t.putBack(sent)
		return err
	}
	t.done()
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

// writeClose writes the turn's frames and then a close frame, preceded by what
// is due: pings that arrived before the peer's close frame are answered (RFC
// 6455 section 5.5.2).
func (t *turn) writeClose(ctx context.Context, due replies, f closeFrame) (sent int, err error) {
	var payload [frame.MaxControlPayload]byte
	b := t.c.addReplies(t.out, due)
	b.n = len(t.c.appendControl(b.mem[:b.n], frame.OpClose, frame.AppendClose(payload[:0], f.code, f.reason)))
	t.out = b
	return t.writeTransport(ctx, b.mem[:b.n], nil)
}

// drain is reading after the closing handshake has begun: it discards messages
// until the peer's close frame has arrived, and then ends the connection. It
// returns the connection's error, or ctx.Err() if there is more to do, and the
// input as conclude does.
func (in *input) drain(ctx context.Context) (*input, error) {
	for in.c.expectsClose() {
		var err error
		if in.cur.data() {
			err = in.discardPayload(ctx)
		} else {
			in, err = in.awaitFrame(ctx)
		}
		if err != nil && err != errClosing {
			return in.conclude(ctx, err)
		}
	}
	return in, in.finish(ctx)
}

// expectsClose reports whether the peer's close frame has yet to arrive.
func (c *Conn) expectsClose() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closing.state() == stateClosing && !c.closing.failed()
}

// discardPayload discards the rest of the current frame.
func (in *input) discardPayload(ctx context.Context) error {
	b := getBlock(middleBlock)
	defer putBlock(b)
	for in.cur.left > 0 {
		n, err := in.readRaw(ctx, b.mem[:min(middleBlock, in.cur.left)])
		in.cur.left -= int64(n)
		if err != nil {
			return err
		}
	}
	in.cur.have = false
	return nil
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
