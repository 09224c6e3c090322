//go:build !js

package ws

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/twinws/ws/api"
)

// Group is the open connections of a server, so that they can be ended together
// when it shuts down. Its zero value is ready to use. Set it in AcceptOptions,
// also in those of several handlers. It must not be copied.
//
// http.Server knows nothing of connections over HTTP/1.1, and its Shutdown
// waits without end for those over HTTP/2 and HTTP/3. With a Group a server
// restarts like this:
//
//	server.RegisterOnShutdown(func() { group.Shutdown(ctx, ws.StatusServiceRestart, "restarting") })
//	server.Shutdown(ctx) // no new requests; it waits for those in progress
//	group.Shutdown(ctx, ws.StatusServiceRestart, "restarting") // waits for the rest
//
// A connection is in the Group from the handshake's response until it ends,
// which an operation has to detect, such as a blocked Read. It then takes about
// 400 bytes more, and a goroutine when it ends.
//
// In a browser: absent.
type Group struct {
	mu     sync.Mutex
	conns  map[*Conn]struct{} // protected by mu
	ending *closeArgs         // protected by mu; nil until Shutdown
	empty  chan struct{}      // protected by mu: closed when the last has ended; nil unless Shutdown waits
}

// closeArgs is how a Group closes its connections.
type closeArgs struct {
	ctx    context.Context
	code   StatusCode
	reason string
}

// Len returns how many connections are open.
func (g *Group) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

// All returns an iterator over the connections that are open when it begins, in
// no order. Some may have ended when they are reached.
func (g *Group) All() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		for _, c := range g.snapshot() {
			if !yield(c) {
				return
			}
		}
	}
}

func (g *Group) snapshot() []*Conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]*Conn, 0, len(g.conns))
	for c := range g.conns {
		all = append(all, c)
	}
	return all
}

// Shutdown closes all connections, each as by CloseContext with code and
// reason, and returns when they have ended: nil if that was so before ctx
// ended, otherwise ctx.Err(). When ctx ends, the remaining ones are ended as by
// CloseNow. If ctx has no deadline, each connection has 5 s.
//
// From the first call on, new requests are refused with 503 Service
// Unavailable; those that are being accepted are closed as soon as they are
// open. That is not undone. A later call waits like the first, and its other
// arguments have no effect. Messages that were written before are sent before
// the close frame; those that have not been read are discarded.
//
// StatusServiceRestart (1012) tells clients to come back, StatusGoingAway
// (1001) that the server ends. The errors for code and reason are those of
// Close, an [*ArgumentError]; then nothing is closed.
//
// While it runs, each connection has a goroutine.
func (g *Group) Shutdown(ctx context.Context, code StatusCode, reason string) error {
	const op = "shutdown"
	if err := checkContext(ctx); err != nil {
		return wrap(op, err)
	}
	if err := checkFarewell(code, reason); err != nil {
		return wrap(op, err)
	}
	g.mu.Lock()
	if g.ending == nil {
		g.ending = &closeArgs{ctx, code, reason}
		for c := range g.conns {
			go g.ending.close(c)
		}
	}
	empty := g.empty
	if empty == nil {
		empty = make(chan struct{})
		g.empty = empty
		g.tellEmptyLocked()
	}
	g.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	for c := range g.All() {
		c.CloseNow()
	}
	return ctx.Err()
}

// checkFarewell says why code and reason cannot be sent, nil when they can.
func checkFarewell(code StatusCode, reason string) error {
	switch {
	case !code.Sendable():
		return argument("code", code.String()+" may not be sent (RFC 6455 section 7.4): nothing was closed; use 1001, 1012 or 3000-4999")
	case len(reason) > api.MaxReason:
		return argument("reason", strconv.Itoa(len(reason))+" bytes are more than the 123 that fit a close frame: nothing was closed")
	case !utf8.ValidString(reason):
		return argument("reason", "is not UTF-8: nothing was closed")
	}
	return nil
}

func (a *closeArgs) close(c *Conn) { c.CloseContext(a.ctx, a.code, a.reason) }

// tellEmptyLocked tells those who wait if there is no connection. The caller
// holds mu.
func (g *Group) tellEmptyLocked() {
	if len(g.conns) == 0 && g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

// refusal is the response to a new request, nil as long as the server is to
// serve. A nil g serves.
func (g *Group) refusal() *HandshakeError {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ending == nil {
		return nil
	}
	return &HandshakeError{Status: http.StatusServiceUnavailable, Body: []byte("the server is shutting down\n"),
		Header:  http.Header{"Retry-After": {strconv.Itoa(int(retryAfter / time.Second))}},
		Problem: "the server is shutting down (Group.Shutdown)"}
}

// retryAfter is the time after which a refused client may try again.
const retryAfter = time.Second

// add makes c a member until it ends. A nil g does nothing.
func (g *Group) add(c *Conn) {
	if g == nil {
		return
	}
	g.mu.Lock()
	if g.conns == nil {
		g.conns = make(map[*Conn]struct{})
	}
	g.conns[c] = struct{}{}
	ending := g.ending
	g.mu.Unlock()
	context.AfterFunc(c.b.Context(), func() { g.remove(c) })
	if ending != nil { // it was accepted meanwhile
		go ending.close(c)
	}
}

func (g *Group) remove(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	g.tellEmptyLocked()
}
