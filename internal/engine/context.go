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

// Context returns a context that ends with the connection, whose error is its
// cause. It has no values.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lifetimeLocked()
}

// lifetimeLocked is Context for who holds mu.
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

// Context is a context for whoever serves a connection: it ends with it, as
// Conn.Context does, and has values besides. The connection's own operations
// need not watch for its end. What a context costs is paid when somebody else
// does.
type Context struct {
	values context.Context // constant
	conn   *Conn           // constant
}

// LocalAddrKey is the key by which a Context tells its stream's own address if
// its values do not; nil for none. It is set before any is used.
var LocalAddrKey any

// Init makes x a context that has the values of ctx and is not ended by it, for
// who serves c.
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

// Value returns what the context that x was made of has. Contexts made of x,
// and context.Cause, find the connection's own by it.
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

// watched returns the connection's context if somebody watches for its end, or
// it has come, else nil.
func (c *Conn) watched() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.rare.Load(); c.closing.state() == stateEnded || r != nil && r.lifetime != nil {
		return c.lifetimeLocked()
	}
	return nil
}

// outlives reports whether ctx does not end before s: it never does, or was
// made for it.
func outlives(ctx context.Context, s Stream) bool {
	if x, ok := ctx.(*Context); ok {
		return x.conn.stream == s
	}
	return ctx.Done() == nil
}
