package engine

import (
	"context"
	"time"
)

// lifetime is a context that ends with its connection.
type lifetime struct {
	context.Context
	end context.CancelCauseFunc
}

// Context returns a context that ends with the connection, with its error as
// the cause. It has no values.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lifetimeLocked()
}

// lifetimeLocked is Context.
func (c *Conn) lifetimeLocked() context.Context {
	r := c.more()
	if r.lifetime == nil {
		ctx, end := context.WithCancelCause(context.Background())
		r.lifetime = &lifetime{ctx, end}
		if c.closing.state() == stateEnded {
			end(c.closing.err())
		}
	}
	return r.lifetime
}

// Context is a context for serving a connection: it ends with the connection,
// as Conn.Context does, and also has values. Operations of this connection need
// not watch for its end. Other uses of it cost what any context costs.
type Context struct {
	values context.Context // constant
	conn   *Conn           // constant
}

// LocalAddrKey is the key under which a Context returns its transport's own
// address if its values do not; nil for none. It is set before the first use.
var LocalAddrKey any

// Init makes x a context with the values of ctx, whose end does not end x, for
// serving c.
func (x *Context) Init(ctx context.Context, c *Conn) {
	if ctx.Done() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	x.values, x.conn = ctx, c
}

// Conn returns the connection that x was made for.
func (x *Context) Conn() *Conn { return x.conn }

// Deadline returns none.
func (x *Context) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed when the connection ends.
func (x *Context) Done() <-chan struct{} { return x.conn.Context().Done() }

// Err returns context.Canceled once the connection has ended, and nil before.
func (x *Context) Err() error {
	c := x.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing.state() == stateEnded {
		return context.Canceled
	}
	return nil
}

// Value returns the value of the context that x was made from. Contexts derived
// from x, and context.Cause, find the connection's own context by it.
func (x *Context) Value(key any) any {
	if inner := x.conn.watched(); inner != nil {
		if v := inner.Value(key); v != nil {
			return v
		}
	}
	v := x.values.Value(key)
	if v == nil && key != nil && key == LocalAddrKey {
		if a := x.conn.LocalAddr(); a != nil {
			return a
		}
	}
	return v
}

// watched returns the connection's context if it is in use, or the connection
// has ended, else nil.
func (c *Conn) watched() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.rare.Load(); c.closing.state() == stateEnded || r != nil && r.lifetime != nil {
		return c.lifetimeLocked()
	}
	return nil
}

// outlives reports whether ctx does not end before t: it never ends, or was
// made for t.
func outlives(ctx context.Context, t Transport) bool {
	if x, ok := ctx.(*Context); ok {
		return x.conn.transport == t
	}
	return ctx.Done() == nil
}
