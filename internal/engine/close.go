package engine

import (
	"context"
	"errors"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

var (
	errNoAnswer = errors.New("the peer did not complete the closing handshake within 5 s")
	errNotTaken = errors.New("the peer did not take the answer to its close frame within 5 s")
	errCutShort = errors.New("a context ended when a part of the close frame had been sent")
)

// Close performs the closing handshake. StatusNoStatusRcvd asks for an empty
// close frame.
func (c *Conn) Close(code api.StatusCode, reason string) error {
	c.beginClose(closeFrame{code, reason}, nil)
	wait, cancel := context.WithTimeout(context.Background(), CloseWait)
	defer cancel()
	// Reading does not wait for the sending: a peer that is about to close, too,
	// may take our frame only once its own is taken.
	sent := make(chan error, 1)
	go func() { sent <- c.sendClose(wait) }()
	end := func() {
		cause := errNoAnswer
		select {
		case err := <-sent:
			if err != nil && err != wait.Err() {
				cause = err
			}
		default:
		}
		c.end(true, cause, true)
	}
	defer context.AfterFunc(wait, end)() // the stream may ignore its deadlines
	if c.lockReading(wait) == nil {
		c.drain(wait)
		c.doneReading()
	}
	end()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing.wasHeard() && c.closing.sent && !c.closing.failed() {
		return nil
	}
	return c.closing.err()
}

// CloseNow ends the stream.
func (c *Conn) CloseNow() error {
	first, err := c.endOnce(true, nil, true)
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
	defer context.AfterFunc(wait, func() { c.end(true, err, true) })()
	if c.sendClose(wait) == nil && c.lockReading(wait) == nil {
		c.linger(wait)
		c.doneReading()
	}
	c.end(true, err, true)
}

// fail is Fail for whoever holds reading. It returns what the operation is to
// return. An ended ctx does not keep the code from the peer, it only makes the
// rest shorter. Once the peer's close frame has come, what is wrong with the
// message that it cut off is of no meaning: an inflater looks ahead of what it
// gives out.
func (c *Conn) fail(ctx context.Context, code api.StatusCode, err error) error {
	if c.beginClose(closeFrame{code, failReason(err)}, err) {
		return c.finish(ctx)
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), lingerWait)
	defer cancel()
	defer context.AfterFunc(wait, func() { c.end(true, err, true) })()
	if c.sendClose(wait) == nil {
		defer context.AfterFunc(ctx, cancel)()
		c.linger(wait)
	}
	return c.end(true, err, true)
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

// finish ends a connection whose peer has sent its close frame: it is answered,
// and then the server is first to end the stream (RFC 6455 section 7.1.1), half
// of it where it can: bytes behind the peer's close frame would else destroy the
// answer on its way.
func (c *Conn) finish(ctx context.Context) error {
	c.mu.Lock()
	over := c.closing.state() == stateEnded || c.closing.failed()
	err := c.closing.err()
	c.mu.Unlock()
	if over {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, CloseWait)
	defer cancel()
	if !c.cfg.KeepsDeadlines {
		defer time.AfterFunc(CloseWait, func() { c.end(false, errNotTaken, true) }).Stop()
	}
	err = c.sendClose(wait)
	switch {
	case err == nil && c.cfg.Client:
		c.awaitEnd(wait)
	case err == nil:
		c.halfClose(wait)
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil && err == wait.Err():
		err = errNotTaken
	}
	return c.end(false, err, err != nil)
}

// linger follows our close frame when the connection failed: ending the stream
// with bytes unread could destroy the frame on its way to the peer.
func (c *Conn) linger(ctx context.Context) {
	if !c.halfClose(ctx) {
		c.awaitEnd(ctx)
	}
}

// halfClose ends the sending half of the stream and waits for the peer to end
// its own. It reports false when the stream has no halves.
func (c *Conn) halfClose(ctx context.Context) bool {
	h, ok := c.stream.(interface{ CloseWrite() error })
	if !ok || errors.Is(h.CloseWrite(), errors.ErrUnsupported) {
		return false
	}
	c.awaitEnd(ctx)
	return true
}

// awaitEnd throws bytes away until the peer ends the stream, within bounds.
func (c *Conn) awaitEnd(ctx context.Context) {
	b := getBlock(smallBlock)
	defer putBlock(b)
	c.stream.SetReadDeadline(time.Now().Add(lingerWait))
	if !c.cfg.KeepsDeadlines {
		defer time.AfterFunc(lingerWait+grace, func() { c.closeStream(true) }).Stop()
	}
	c.beginCall(inward, ctx)
	defer c.endCall(inward, ctx)
	for got := 0; got < lingerBytes; {
		n, err := c.stream.Read(b.mem)
		if got += n; err != nil {
			return
		}
		if n == 0 {
			got++ // a stream that returns nothing is bounded too
		}
	}
}

// end ends the stream, once, and returns the connection's error. local and
// cause are for a connection that was open; atOnce forgoes TLS's farewell.
func (c *Conn) end(local bool, cause error, atOnce bool) error {
	_, err := c.endOnce(local, cause, atOnce)
	return err
}

// endOnce is end, and reports whether it was this call that did it.
func (c *Conn) endOnce(local bool, cause error, atOnce bool) (first bool, err error) {
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
		c.closeStream(atOnce)
	}
	return first, err
}
