package wsnet

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"

	"github.com/twinws/ws/api"
)

// CloseWrite ends the data of this side, as that of a *net.TCPConn does: the
// peer's Read returns io.EOF, and this side may read on. It returns as Write
// does. A second call does nothing.
func (c halfConn) CloseWrite() error {
	ctx := c.writeBy.context()
	if !lock(ctx, c.writing) {
		return c.passed("close")
	}
	defer unlock(c.writing)
	if c.finished {
		return nil
	}
	if !lock(ctx, c.sending) {
		return c.passed("close")
	}
	c.finished = true
	cut := c.cutShort()
	_, err := c.send(ctx, nil, func() {})
	if err == nil {
		err = cut
	}
	return err
}

// cutShort returns an error if the text ends within a character. sending is
// held.
func (c *conn) cutShort() error {
	if len(c.cut) == 0 {
		return nil
	}
	err := &api.ArgumentError{Name: "p", Problem: "ended within a character, of which " +
		strconv.Itoa(len(c.cut)) + " bytes were not sent"}
	c.cut = nil
	return c.opError("write", err)
}

// Close ends the connection.
func (c *conn) Close() error {
	c.end(net.ErrClosed, api.StatusNormalClosure, "")
	return c.shut()
}

// end makes all calls fail with why. The first one determines the close frame.
func (c *conn) end(why error, code api.StatusCode, reason string) {
	c.mu.Lock()
	if c.ended == nil {
		c.code, c.reason = code, reason
	}
	c.ended = why
	c.mu.Unlock()
	c.readBy.end()
	c.writeBy.end()
}

// shut performs the closing handshake, once, and returns its result.
func (c *conn) shut() error {
	c.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		var cut error
		if c.flush(ctx) {
			cut = c.cutShort()
		}
		c.mu.Lock()
		code, reason := c.code, c.reason
		c.mu.Unlock()
		err := c.ws.CloseContext(ctx, code, reason)
		if peerClosed(err) {
			err = nil // what it said in a browser that saw no clean close
		}
		c.closeErr = errors.Join(err, cut)
	})
	return c.closeErr
}

// flush waits until the message that is being sent has been sent, and acquires
// sending. Meanwhile it discards what arrives: a peer that does the same reads
// nothing otherwise.
func (c *conn) flush(ctx context.Context) bool {
	select {
	case c.sending <- struct{}{}:
		return true
	default:
	}
	reading, stop := context.WithCancel(ctx)
	discarded := make(chan struct{})
	go func() {
		defer close(discarded)
		c.discard(reading)
	}()
	ok := lock(ctx, c.sending)
	stop()
	<-discarded
	return ok
}

// discard reads until ctx or the connection ends.
func (c *conn) discard(ctx context.Context) {
	if !lock(ctx, c.reading) {
		return
	}
	defer unlock(c.reading)
	for !c.fin {
		if c.next(ctx) != nil {
			return
		}
		if _, err := io.Copy(io.Discard, c.r); err != nil {
			return
		}
		c.r = nil
	}
}
