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
	stream Stream          // constant

	mu    sync.Mutex
	over  bool     // protected by mu
	inner *awaited // protected by mu; nil until somebody watches
}

// awaited is a context whose end can be seen.
type awaited struct {
	context.Context
	end context.CancelFunc
}

// Init makes x a context that has the values of ctx and is not ended by it, for
// who serves c.
func (x *Context) Init(ctx context.Context, c *Conn) {
	x.values, x.stream = context.WithoutCancel(ctx), c.stream
}

// End ends the context. Its connection must have ended.
func (x *Context) End() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over = true
	if x.inner != nil {
		x.inner.end()
	}
}

// Deadline returns none.
func (x *Context) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done returns a channel that is closed by End.
func (x *Context) Done() <-chan struct{} { return x.watched().Done() }

// Err returns context.Canceled after End, and nil before.
func (x *Context) Err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		return context.Canceled
	}
	return nil
}

// Value returns what the context that x was made of has. Contexts made of x find
// the inner one by it, and need no goroutine to see the end.
func (x *Context) Value(key any) any {
	x.mu.Lock()
	inner := x.inner
	x.mu.Unlock()
	if inner != nil {
		return inner.Value(key)
	}
	return x.values.Value(key)
}

// watched returns the context whose end is seen.
func (x *Context) watched() context.Context {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inner == nil {
		ctx, end := context.WithCancel(x.values)
		x.inner = &awaited{ctx, end}
		if x.over {
			end()
		}
	}
	return x.inner.Context
}

// outlives reports whether ctx does not end before s: it never does, or was made
// for it.
func outlives(ctx context.Context, s Stream) bool {
	if x, ok := ctx.(*Context); ok {
		return x.stream == s
	}
	return ctx.Done() == nil
}
