//go:build !js

package ws

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/twinws/ws/internal/deadline"
	"github.com/twinws/ws/internal/engine"
	"github.com/twinws/ws/internal/opening"
)

// defaultHandshakeTimeout bounds a handshake that nothing else bounds.
const defaultHandshakeTimeout = 10 * time.Second

// defaultWriteTimeout is how long a peer may take nothing of what is sent.
const defaultWriteTimeout = 30 * time.Second

// Keepalive are the time limits after which a blocked Read concludes that the
// peer is gone. Only a blocked Read measures silence: while the program does
// not read, no connection is ended. Over sockets one timer serves all
// connections, and may fire late, by at most a 28th of the limit.
//
// A peer that is slow to read what it was sent is alive: while bytes wait to be
// read by it, the ping may still be on its way, and Timeout starts again. On
// Linux this is known for TCP and Unix sockets, also below TLS; elsewhere it
// counts that a blocked Write makes progress. It is checked once in each
// Timeout, so that a peer that then stops is disconnected after at most twice
// Timeout. A peer that reads nothing, or whose operating system accepts
// everything while the peer sends nothing, is disconnected after Timeout.
//
// In a browser: absent; keepalive is up to the browser.
type Keepalive struct {
	// Idle is how long a blocked Read receives nothing before it sends a ping:
	// 0 means 30 s, a negative value turns keepalive off.
	Idle time.Duration
	// Timeout is how long it then waits for any byte before it ends the
	// connection with a *CloseError whose Cause is ErrKeepaliveTimeout: 0 means
	// 30 s, a negative value that it waits indefinitely, and sends a ping after
	// each Idle.
	Timeout time.Duration
}

// resolve returns the two durations. If the first is 0, keepalive is off; if
// the second is negative, there is no limit.
func (k *Keepalive) resolve() (idle, timeout time.Duration) {
	if k == nil {
		k = new(Keepalive)
	}
	return orDefault(k.Idle, defaultKeepalive), cmp.Or(k.Timeout, defaultKeepalive)
}

// ErrDeadlinesIgnored is the Cause of the [*CloseError] of a connection over a
// net.Conn whose SetDeadline does nothing and returns nil: when the context of
// a Read, Ping or Write ended, only closing the net.Conn could end the call, 1
// s later.
//
// In a browser: absent.
var ErrDeadlinesIgnored = engine.ErrDeadlinesIgnored

// defaultKeepalive is how long a peer may be silent, before the ping and after.
const defaultKeepalive = 30 * time.Second

// orDefault turns an option's value into a duration, 0 for none.
func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return max(d, 0)
}

// own makes a Conn. An unreferenced one needs no care here: package net closes
// sockets that are garbage-collected.
func own(b backend) *Conn {
	switch d := b.(type) {
	case *dialed:
		d.conn.b = d
		return &d.conn
	case *varied:
		return &d.conn
	}
	return &Conn{b: b}
}

// Is makes the errors of a connection that this side has ended match
// net.ErrClosed, as those of a net.Conn do.
func (e *opError) Is(target error) bool {
	if target != net.ErrClosed {
		return false
	}
	if e, ok := errors.AsType[*CloseError](e.err); ok {
		return e.Local
	}
	return e.err == ErrClosed // the closing handshake has begun, on this side
}

// readBuffered is the native home's part of ReadBuffered.
func readBuffered(b backend) int64 { return native(b).ReadBuffered() }

// dialed is the backend of a connection that was dialed, with what is known of
// its handshake.
type dialed struct {
	conn Conn
	engine.Conn
	url    string              // constant
	header map[string][]string // constant
}

func dialedURL(b backend) string {
	switch d := b.(type) {
	case *dialed:
		return d.url
	case *varied:
		return d.url
	}
	return ""
}

func responseHeader(b backend) map[string][]string {
	switch d := b.(type) {
	case *dialed:
		return d.header
	case *varied:
		return d.header
	}
	return nil
}

// native returns the engine of a backend.
func native(b backend) *engine.Conn {
	switch d := b.(type) {
	case *dialed:
		return &d.Conn
	case *varied:
		return &d.Conn
	}
	return b.(*engine.Conn)
}

// RemoteAddr returns the peer's address, nil for a transport without addresses.
//
// In a browser: absent; hidden from pages.
func (c *Conn) RemoteAddr() net.Addr { return native(c.b).RemoteAddr() }

// LocalAddr returns this side's address, nil for a transport without addresses.
//
// In a browser: absent; hidden from pages.
func (c *Conn) LocalAddr() net.Addr { return native(c.b).LocalAddr() }

// HTTPVersion returns the version of HTTP by which the connection was opened:
// "HTTP/1.1", "HTTP/2.0" (RFC 8441) or "HTTP/3.0" (RFC 9220). It is "HTTP/1.1"
// for a connection of [Upgrade].
//
// In a browser: absent; hidden from pages.
func (c *Conn) HTTPVersion() string { return native(c.b).HTTPVersion() }

// dial is the native home's part of Dial.
func dial(ctx context.Context, url string, o DialOptions) (backend, error) {
	return (&Dialer{DialOptions: o}).dial(ctx, url, o)
}

// clock serves the connections over sockets, which never belong to a bubble of
// testing/synctest. All others have clocks of their own.
var clock = engine.Clock{Coarse: true}

// joined is a Conn and its backend in one allocation.
type joined struct {
	conn   Conn
	engine engine.Conn
}

// Conn returns the connection, which open has made.
func (j *joined) Conn() *Conn { return &j.conn }

// init joins a network connection that has been accepted to the engine of j.
func (j *joined) init(nc net.Conn, buffered []byte, t *terms) {
	t.cfg.OnPing, t.cfg.OnPong = hook(&j.conn, t.OnPing), hook(&j.conn, t.OnPong)
	initEngine(&j.engine, nc, buffered, &t.cfg, t.Keepalive)
	j.open(t)
}

// open makes j, whose engine has been initialized, the connection.
func (j *joined) open(t *terms) {
	j.conn.b = &j.engine
	t.Group.add(&j.conn)
}

// hook binds f to c; nil if f is nil.
func hook(c *Conn, f func(c *Conn, payload []byte)) func(payload []byte) {
	if f == nil {
		return nil
	}
	return func(payload []byte) { f(c, payload) }
}

// initEngine joins an opened network connection to the engine. buffered are the
// bytes that were read beyond the handshake.
func initEngine(c *engine.Conn, nc net.Conn, buffered []byte, cfg *engine.Config, k *Keepalive) {
	initTranslated(c, nc, buffered, cfg, k, nil)
}

// initTranslated is initEngine for a draft with other frames, which translate
// translates; nil for none.
func initTranslated(c *engine.Conn, nc net.Conn, buffered []byte, cfg *engine.Config, k *Keepalive, translate func(net.Conn) net.Conn) {
	cfg.Idle, cfg.Timeout = k.resolve()
	cfg.Buffered = buffered
	t, secure := nc.(*tls.Conn)
	if secure && isSocket(t.NetConn()) || isSocket(nc) {
		cfg.Clock = &clock
	}
	cfg.KeepsDeadlines = deadline.Known(nc)
	cfg.CutOffBreaks = cfg.CutOffBreaks || secure || deadline.Given(nc)
	if secure {
		nc = opening.TLSStream{Conn: t}
	}
	if translate != nil {
		nc = translate(nc)
	}
	c.Init(nc, *cfg)
}

func isSocket(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}
