package h3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/twinws/ws"
)

// key is what WebSockets have in common that share a connection.
type key struct {
	dialer *ws.Dialer
	addr   string
}

// entry is a connection, or a dial in progress.
type entry struct {
	done chan struct{} // closed when the rest is set
	c    *conn
	why  *obstacle
}

// obstacle is why HTTP/3 cannot be used.
type obstacle struct {
	problem string // "" if cause says all
	cause   error
	always  bool // it is an error even if there is a fallback
	silent  bool // nothing came back over UDP
}

// err returns a new error for each Dial, which adds its URL to it.
func (o *obstacle) err(fallback bool) error {
	if o.problem == "" {
		return o.cause
	}
	if fallback && !o.always {
		return fmt.Errorf("%w (%s)", ws.ErrUseHTTP1, o.problem)
	}
	return &ws.HandshakeError{Problem: o.problem, Cause: o.cause}
}

// unsuitable returns why r cannot be sent by HTTP/3, nil if it can.
func (t *Transport) unsuitable(r *ws.StreamRequest) *obstacle {
	if r.Request.URL.Scheme != "https" {
		return &obstacle{problem: "HTTP/3 is always over TLS: dial wss, or use a Dialer without OpenStream"}
	}
	if t.Dial != nil {
		return nil
	}
	if r.Dialer.NetDial != nil || r.Dialer.NetDialTLS != nil {
		return &obstacle{problem: "the Dialer's NetDial cannot carry QUIC, which is over UDP: set Dial of h3.Transport, or Fallback"}
	}
	proxy, err := r.Proxy()
	switch {
	case err != nil:
		return &obstacle{cause: err}
	case proxy != nil:
		return &obstacle{problem: "the proxy " + proxy.Host + " cannot carry QUIC, which is over UDP: set Fallback of h3.Transport, or a Proxy of the Dialer that names none"}
	}
	return nil
}

// acquire returns a connection for r, which the caller must release.
func (t *Transport) acquire(ctx context.Context, r *ws.StreamRequest) (*conn, *obstacle, error) {
	for {
		e := t.entry(ctx, r)
		select {
		case <-e.done:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		switch {
		case e.why != nil:
			return nil, e.why, nil
		case !e.c.acquire():
			t.drop(key{r.Dialer, hostPort(r.Request.URL)}, e)
			continue
		case !e.c.settings.connect:
			e.c.release()
			return nil, &obstacle{problem: "the server does not announce WebSocket over HTTP/3 (SETTINGS_ENABLE_CONNECT_PROTOCOL, RFC 9220): use a Dialer without OpenStream, or set Fallback of h3.Transport"}, nil
		}
		return e.c, nil, nil
	}
}

// entry returns the entry for r, and begins to dial if there is none.
func (t *Transport) entry(ctx context.Context, r *ws.StreamRequest) *entry {
	k := key{r.Dialer, hostPort(r.Request.URL)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.pool[k]; e != nil {
		return e
	}
	e := &entry{done: make(chan struct{})}
	if t.Fallback && time.Since(t.blocked[k.addr]) < blockedTime {
		e.why = &obstacle{problem: "UDP did not reach the host a while ago"}
		close(e.done)
		return e
	}
	if t.pool == nil {
		t.pool = map[key]*entry{}
	}
	t.pool[k] = e
	cfg := r.TLSConfig.Clone()
	cfg.NextProtos = []string{alpn}
	// The dial is for all who wait for it, and does not end with the first.
	go t.fill(context.WithoutCancel(ctx), k, e, cfg)
	return e
}

// fill dials for e.
func (t *Transport) fill(ctx context.Context, k key, e *entry, cfg *tls.Config) {
	ctx, cancel := context.WithTimeout(ctx, t.connectTimeout())
	defer cancel()
	e.c, e.why = t.connect(ctx, k.addr, cfg)
	if e.why != nil {
		t.drop(k, e)
	}
	t.note(k.addr, e.why)
	if e.c != nil {
		context.AfterFunc(e.c.leaving, func() { t.drop(k, e) })
	}
	close(e.done)
}

// note remembers whether UDP reaches addr.
func (t *Transport) note(addr string, why *obstacle) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.blocked, addr)
	for a, since := range t.blocked {
		if time.Since(since) >= blockedTime {
			delete(t.blocked, a)
		}
	}
	if why != nil && why.silent {
		if t.blocked == nil {
			t.blocked = map[string]time.Time{}
		}
		t.blocked[addr] = time.Now()
	}
}

// drop removes e from the pool.
func (t *Transport) drop(k key, e *entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pool[k] == e {
		delete(t.pool, k)
	}
}

// connections returns those of the pool.
func (t *Transport) connections() (all []*conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.pool {
		select {
		case <-e.done:
			all = append(all, e.c)
		default:
		}
	}
	return all
}

// connect opens a connection and waits for the server's SETTINGS.
func (t *Transport) connect(ctx context.Context, addr string, cfg *tls.Config) (*conn, *obstacle) {
	dial := t.Dial
	if dial == nil {
		dial = dialUDP
	}
	q, err := dial(ctx, addr, cfg, t.config())
	if err != nil {
		return nil, connectFailed(addr, t.connectTimeout(), err)
	}
	c := newConn(q, t.idleTimeout(), t.connectTimeout())
	if err := c.openControl(); err != nil {
		c.close()
		return nil, connectFailed(addr, t.connectTimeout(), err)
	}
	select {
	case <-c.settled:
		return c, nil
	case <-q.Context().Done():
		return nil, &obstacle{problem: "the QUIC connection to " + addr + " ended before the server's SETTINGS", cause: lost(context.Cause(q.Context()))}
	case <-ctx.Done():
		c.close()
		return nil, &obstacle{problem: fmt.Sprintf("%s sent no SETTINGS within %v: it may not speak HTTP/3", addr, t.connectTimeout()), cause: ctx.Err()}
	}
}

// noApplicationProtocol is the error code of TLS's alert of that name (RFC 9001
// section 4.8, RFC 7301 section 3.2).
const noApplicationProtocol = quic.TransportErrorCode(0x100 + 120)

// connectFailed explains why there is no QUIC connection.
func connectFailed(addr string, limit time.Duration, err error) *obstacle {
	if e, ok := errors.AsType[*quic.TransportError](err); ok && e.ErrorCode == noApplicationProtocol {
		return &obstacle{problem: addr + " does not offer h3 by ALPN: dial without OpenStream, or set Fallback of h3.Transport", cause: err}
	} else if ok && e.ErrorCode.IsCryptoError() {
		return &obstacle{problem: "TLS failed", cause: err, always: true}
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return &obstacle{
			problem: fmt.Sprintf("no answer from %s over UDP within %v: it may not speak HTTP/3, or a firewall drops UDP; set Fallback of h3.Transport", addr, limit),
			cause:   fmt.Errorf("%w: %w", context.DeadlineExceeded, err), silent: true,
		}
	}
	return &obstacle{problem: addr + " cannot be reached by QUIC", cause: err}
}

// hostPort returns host and port of u, of scheme https.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return u.Host + ":443"
}
