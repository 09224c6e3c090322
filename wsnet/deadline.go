package wsnet

import (
	"context"
	"net"
	"os"
	"sync"
	"time"
)

// deadline is that of one direction. It is a context, which the calls of that
// direction wait with, until it passes; the next one is another context. So a
// deadline that is set while a call waits holds for that call as well.
type deadline struct {
	mu     sync.Mutex
	ctx    context.Context    // ends when the deadline passes; protected by mu
	cancel context.CancelFunc // of ctx; protected by mu
	timer  *time.Timer        // ends ctx, nil for no deadline; protected by mu
	over   bool               // the connection has been closed; protected by mu
}

func (d *deadline) init() { d.ctx, d.cancel = context.WithCancel(context.Background()) }

// context returns the context for a call that begins now.
func (d *deadline) context() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx
}

// set sets the deadline to t, to none if t is zero. It reports false if the
// connection has been closed.
func (d *deadline) set(t time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return false
	}
	if d.timer != nil && !d.timer.Stop() {
		d.cancel() // it has passed, though the timer may not have called yet
	}
	d.timer = nil
	if d.ctx.Err() != nil {
		d.init()
	}
	switch left := time.Until(t); {
	case t.IsZero():
	case left <= 0:
		d.cancel()
	default:
		d.timer = time.AfterFunc(left, d.cancel)
	}
	return true
}

// end ends the calls of its direction for good.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.timer != nil {
		d.timer.Stop()
	}
	d.cancel()
}

// passed returns the error of a call whose context has ended.
func (c *conn) passed(op string) error { return c.failed(op, c.opError(op, os.ErrDeadlineExceeded)) }

// SetDeadline sets both deadlines.
func (c *conn) SetDeadline(t time.Time) error {
	err := c.SetReadDeadline(t)
	if e := c.SetWriteDeadline(t); err == nil {
		err = e
	}
	return err
}

// SetReadDeadline sets the deadline of Read, also of one that waits.
func (c *conn) SetReadDeadline(t time.Time) error { return c.setDeadline(&c.readBy, t) }

// SetWriteDeadline sets the deadline of Write, also of one that waits.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.setDeadline(&c.writeBy, t) }

func (c *conn) setDeadline(d *deadline, t time.Time) error {
	if d.set(t) {
		return nil
	}
	return c.failed("set", c.opError("set", net.ErrClosed))
}
