//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"runtime"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/engine"
)

const (
	// refuseWait bounds the wait for a refused peer to hang up,
	refuseWait = time.Second
	// and refuseBytes what is read meanwhile and thrown away.
	refuseBytes = 1 << 20
)

// Upgrade reads a WebSocket handshake from nc and answers it, without net/http.
// Its request is held to the same rules as Accept's, and to a head of at most
// 16 KiB, 200 header fields, and 10 s. nc may be a *tls.Conn.
//
// On error nc has been answered, if that makes sense, and closed. The error
// matches ctx.Err() when ctx ended, and is an [*ArgumentError] for options that
// cannot be used, else a [*HandshakeError].
//
// A goroutine that calls Upgrade and then Read waits on a stack of 2 KiB, unless
// what else it does needs more: the handshake has a goroutine of its own, on
// which AcceptOptions.Check is called.
func Upgrade(ctx context.Context, nc net.Conn, opts *AcceptOptions) (*Conn, error) {
	c, err := apart(func() (*Conn, error) { return upgrade(ctx, nc, opts) })
	if err != nil {
		abort(nc)
		return nil, wrap("upgrade", err)
	}
	return c, nil
}

// apart calls f on a stack that is given back when it returns: one that has
// grown does not shrink to its first size again. f's panic becomes the caller's.
func apart(f func() (*Conn, error)) (c *Conn, err error) {
	done := make(chan struct{})
	returned, problem := false, any(nil)
	go func() {
		defer close(done)
		defer func() {
			if !returned {
				problem = recover()
			}
		}()
		c, err = f()
		returned = true
	}()
	<-done
	switch {
	case returned:
		return c, err
	case problem != nil:
		panic(problem)
	}
	runtime.Goexit()
	return nil, nil
}

func upgrade(ctx context.Context, nc net.Conn, opts *AcceptOptions) (*Conn, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	_, secure := nc.(*tls.Conn)
	o, policy, err := opts.resolve(secure)
	if err != nil {
		return nil, err
	}
	bounded, cancel := ctx, context.CancelFunc(func() {})
	if o.HandshakeTimeout > 0 {
		bounded, cancel = context.WithTimeout(ctx, o.HandshakeTimeout)
	}
	defer cancel()
	undo := interruptible(bounded, nc)
	cfg, rest, err := o.upgrade(nc, policy)
	undo()
	switch {
	case err == nil:
		return &Conn{b: newEngine(nc, rest, cfg, o.Keepalive)}, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case bounded.Err() != nil && !answered(err):
		return nil, &HandshakeError{Problem: "it took longer than the handshake time limit", Cause: bounded.Err()}
	}
	return nil, err
}

// answered reports whether err is a refusal that the peer was told of.
func answered(err error) bool { return refusalOf(err).Status != 0 }

func (o *AcceptOptions) upgrade(nc net.Conn, policy *handshake.Policy) (cfg engine.Config, rest []byte, err error) {
	var a *handshake.Agreement
	var r *handshake.Request
	parse := func(p []byte) (n int, err error) {
		r, n, err = handshake.ParseRequest(p)
		return n, err
	}
	held, err := readHead(nc, nil, handshake.MaxHeadBytes, parse)
	if err != nil {
		return cfg, nil, &HandshakeError{Problem: "no whole request came", Cause: err}
	}
	n, err := parse(held)
	if err == nil {
		var refusal *HandshakeError
		if a, refusal = o.agree(r, policy); refusal != nil {
			err = refusal
		}
	}
	var head []byte
	if err == nil {
		head, cfg, err = o.respond(a, http.Header{})
	}
	if err != nil {
		refuse(nc, refusalOf(err))
		return cfg, nil, err
	}
	if _, err := nc.Write(head); err != nil {
		return cfg, nil, &HandshakeError{Problem: "the response could not be sent", Cause: err}
	}
	return cfg, held[n:], nil
}

// refuse answers a request with e, and lets the answer arrive: closing with
// bytes unread could destroy it on its way.
func refuse(nc net.Conn, e *HandshakeError) {
	defer expire(nc, refuseWait)()
	if _, err := nc.Write(handshake.AppendRefusal(nil, e)); err != nil {
		return
	}
	if h, ok := nc.(interface{ CloseWrite() error }); ok {
		h.CloseWrite()
		io.CopyN(io.Discard, nc, refuseBytes)
	}
}
