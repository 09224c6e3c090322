package h2

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/twinws/ws"
	connecting "github.com/twinws/ws/internal/opening"
)

// key is what connections are shared by: a Dialer has its own credentials,
// certificates and proxy.
type key struct {
	dialer    *ws.Dialer
	scheme    string
	authority string // the URL's host and port
}

// pool are the connections of one key. All fields are protected by
// Transport.mu.
type pool struct {
	key     key
	conns   []*conn // that may open more streams
	dialing bool
	waiting []*waiter
	http1   time.Time // until then the server is known to lack extended CONNECT
}

// waiter is an OpenStream that waits for its turn.
type waiter struct{ turn chan turn }

// turn is what a waiter gets: a place on a connection, the permission to dial,
// or an error.
type turn struct {
	c   *conn
	err error
}

const (
	// remembered is how long a server without extended CONNECT is remembered,
	remembered = 10 * time.Minute
	// and maxRemembered how many are at a time.
	maxRemembered = 1000
)

// errUnusable is a connection that opens no more streams.
var errUnusable = errors.New("the connection opens no more streams")

// errFull is a new connection whose server allows no stream yet.
var errFull = errors.New("the server allows no stream")

// acquire reserves a stream on a connection; used says that the connection had
// been there before. It must be given back by release.
func (t *Transport) acquire(ctx context.Context, r *ws.StreamRequest) (c *conn, used bool, err error) {
	for err = errFull; err == errFull; {
		c, used, err = t.tryAcquire(ctx, r)
	}
	return c, used, err
}

func (t *Transport) tryAcquire(ctx context.Context, r *ws.StreamRequest) (c *conn, used bool, err error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, false, errClosed()
	}
	p := t.pool(key{r.Dialer, r.Request.URL.Scheme, r.Request.URL.Host})
	if t.Fallback && time.Now().Before(p.http1) {
		t.mu.Unlock()
		return nil, false, ws.ErrUseHTTP1
	}
	if len(p.waiting) == 0 {
		if c := p.free(); c != nil {
			c.reserved++
			t.mu.Unlock()
			return c, true, nil
		}
		if p.mayDial(t.MaxConnections) {
			p.dialing = true
			t.mu.Unlock()
			c, err := t.dial(ctx, p, r)
			return c, false, err
		}
	}
	w := &waiter{make(chan turn, 1)}
	p.waiting = append(p.waiting, w)
	t.mu.Unlock()
	select {
	case got := <-w.turn:
		if got.c == nil && got.err == nil {
			c, err := t.dial(ctx, p, r)
			return c, false, err
		}
		return got.c, true, got.err
	case <-ctx.Done():
		t.leave(p, w)
		return nil, false, ctx.Err()
	}
}

// leave takes w out of the queue, and passes on what it may have got meanwhile.
func (t *Transport) leave(p *pool, w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(p.waiting, w); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
		t.serve(p)
		return
	}
	switch got := <-w.turn; {
	case got.c != nil:
		got.c.reserved--
	case got.err == nil:
		p.dialing = false
	}
	t.serve(p)
}

// pool returns the pool of k. The caller holds mu.
func (t *Transport) pool(k key) *pool {
	p := t.pools[k]
	if p == nil {
		if t.pools == nil {
			t.pools = map[key]*pool{}
		}
		p = &pool{key: k}
		t.pools[k] = p
	}
	return p
}

// free returns a connection with a free stream, or nil.
func (p *pool) free() *conn {
	for _, c := range p.conns {
		if c.reserved < c.limit {
			return c
		}
	}
	return nil
}

// mayDial reports whether another connection may be opened: all are full, and
// not because their server allows no stream at all at the moment.
func (p *pool) mayDial(most int) bool {
	if p.dialing || most > 0 && len(p.conns) >= most {
		return false
	}
	for _, c := range p.conns {
		if c.reserved == 0 {
			return false
		}
	}
	return true
}

// serve gives the waiters what there is. The caller holds mu.
func (t *Transport) serve(p *pool) {
	for len(p.waiting) > 0 {
		var got turn
		if got.c = p.free(); got.c != nil {
			got.c.reserved++
		} else if p.mayDial(t.MaxConnections) {
			p.dialing = true
		} else {
			return
		}
		p.waiting[0].turn <- got
		p.waiting = p.waiting[1:]
	}
	if len(p.conns) == 0 && !p.dialing {
		t.forget(p)
	}
}

// forget drops an empty pool, unless it remembers something. The caller holds
// mu.
func (t *Transport) forget(p *pool) {
	if now := time.Now(); now.Before(p.http1) {
		if len(t.pools) <= maxRemembered {
			return
		}
	}
	if t.pools[p.key] == p {
		delete(t.pools, p.key)
	}
}

// dial opens a connection for p, of which dialing is set, and reserves a stream
// on it. An error is that of all who wait, except if it is ctx's.
func (t *Transport) dial(ctx context.Context, p *pool, r *ws.StreamRequest) (c *conn, err error) {
	returned := false
	defer func() { // also if the caller's own functions panic
		t.mu.Lock()
		defer t.mu.Unlock()
		p.dialing = false
		switch {
		case !returned || connecting.Ended(ctx) != nil: // the network notices a deadline before ctx does
		case err == nil || err == errFull:
		default:
			if errors.Is(err, ws.ErrUseHTTP1) {
				p.http1 = time.Now().Add(remembered)
			}
			for _, w := range p.waiting {
				w.turn <- turn{err: copyOf(err)}
			}
			p.waiting = nil
		}
		t.serve(p)
	}()
	c, err = t.connect(ctx, p, r)
	returned = true
	return c, err
}

// copyOf returns an error that its receiver may fill in.
func copyOf(err error) error {
	if e, ok := err.(*ws.HandshakeError); ok {
		copied := *e
		return &copied
	}
	return err
}

// adopt puts a new connection into its pool, with one stream reserved, unless
// that is errFull.
func (t *Transport) adopt(c *conn) error {
	c.mu.Lock()
	c.rearm()
	c.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.live[c] {
		return &ws.HandshakeError{Problem: "the HTTP/2 connection ended before it could be used"}
	}
	c.adopted = true
	c.pool.conns = append(c.pool.conns, c)
	if c.limit == 0 {
		return errFull
	}
	c.reserved++
	return nil
}

// remove takes c, which opens no more streams, out of its pool.
func (t *Transport) remove(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.pool.remove(c)
	t.serve(c.pool)
}

// end is remove for a connection that has ended.
func (t *Transport) end(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.live, c)
	c.pool.remove(c)
	t.serve(c.pool)
}

func (p *pool) remove(c *conn) {
	if i := slices.Index(p.conns, c); i >= 0 {
		p.conns = slices.Delete(p.conns, i, i+1)
	}
}

// release gives n streams of c back.
func (t *Transport) release(c *conn, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.reserved -= n
	t.serve(c.pool)
}

// allow records how many streams the server of c allows, negative for no
// change.
func (t *Transport) allow(c *conn, limit int) {
	if limit < 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c.limit = limit
	t.serve(c.pool)
}

// retire takes c out of its pool if it has no stream, and reports that. One
// that is being opened has none yet, and is not to be retired.
func (t *Transport) retire(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.reserved > 0 || !c.adopted {
		return false
	}
	c.pool.remove(c)
	t.serve(c.pool)
	return true
}
