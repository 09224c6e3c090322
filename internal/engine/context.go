package engine

import (
	"context"
	"sync"
	"time"
)

// Context is a context for whoever serves a connection. It does not end before
// the connection does, whose operations then need not watch for its end. What
// a context costs is paid when somebody else does.
type Context struct {
	values context.Context // constant
	conn   *Conn           // constant

	mu    sync.Mutex
	inner *awaited // protected by mu; nil until somebody watches, over after End
}

// LocalAddrKey is the key by which a Context tells its stream's own address if its
// values do not; nil for none. It is set before any is used.
var LocalAddrKey any

// awaited is a context whose end can be seen.
type awaited struct {
	context.Context
	end context.CancelFunc
}

// over stands for the inner context of one that ended before anybody watched.
var over = func() *awaited {
	ctx, end := context.WithCancel(context.Background())
	end()
	return &awaited{ctx, end}
}()

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

// End ends the context. Its connection must have ended.
func (x *Context) End() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inner == nil {
		x.inner = over
	}
	x.inner.end()
}

// Deadline returns none.
func (x *Context) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed by End.
func (x *Context) Done() <-chan struct{} {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inner == nil {
		ctx, end := context.WithCancel(x.values)
		x.inner = &awaited{ctx, end}
	}
	return x.inner.Done()
}

// Err returns context.Canceled after End, and nil before.
func (x *Context) Err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inner == nil {
		return nil
	}
	return x.inner.Err()
}

// Value returns what the context that x was made of has. Contexts made of x find
// the inner one by it, and need no goroutine to see the end.
func (x *Context) Value(key any) any {
	x.mu.Lock()
	inner := x.inner
	x.mu.Unlock()
	if inner != nil {
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

// outlives reports whether ctx does not end before s: it never does, or was made
// for it.
func outlives(ctx context.Context, s Stream) bool {
	if x, ok := ctx.(*Context); ok {
		return x.conn.stream == s
	}
	return ctx.Done() == nil
}
