//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/opening"
)

// PendingHandshake is a client's request that has been read and not responded
// to. Call Accept or Refuse, once; until then the client waits, without a time
// limit.
type PendingHandshake struct {
	// Request is the client's request. It is an HTTP/1 request, and may be
	// other than a WebSocket handshake: Accept rejects it then.
	Request *handshake.Request

	nc     net.Conn // nil once it has been responded to
	secure bool     // nc is TLS
	rest   []byte   // bytes after the request
}

// ReadHandshake reads the head of a request from nc, so that a program can
// inspect its path, its cookies and so on, and then accept it with options of
// its choice, or reject it. Upgrade is ReadHandshake and Accept in one, and
// uses less memory.
//
// ctx, HandshakeTimeout and MaxHeadBytes of opts bound the reading, as with
// Upgrade; the other options are for Accept. On error a response has been sent
// on nc, if that makes sense, and nc is closed; the errors are those of
// Upgrade.
func ReadHandshake(ctx context.Context, nc net.Conn, opts *AcceptOptions) (*PendingHandshake, error) {
	const op = "upgrade"
	err := checkContext(ctx)
	var t terms
	if err == nil {
		err = opts.resolve(&t, false)
	}
	if err != nil {
		opening.Abort(nc)
		return nil, wrap(op, err)
	}
	_, secure := nc.(*tls.Conn)
	h := &PendingHandshake{Request: new(handshake.Request), nc: opening.WithDeadlines(nc), secure: secure}
	room := opening.Heads.Get().(*[opening.HeadRoom]byte)
	defer opening.Heads.Put(room)
	limit := timeLimit(t.HandshakeTimeout)
	b := opening.Bounded(ctx, h.nc, limit)
	h.rest, err = t.readRequest(h.nc, h.Request, room)
	if late := b.Undo(); err == nil {
		err = late
	}
	if err != nil {
		opening.Abort(h.nc)
		return nil, wrap(op, outOfTime(ctx, limit, err))
	}
	return h, nil
}

var errAnswered = &ArgumentError{Name: "h", Problem: "has been responded to: call Accept or Refuse once"}

// Accept responds to the request as Upgrade does, according to opts, and
// returns the connection. ctx and HandshakeTimeout bound the response. On error
// the request has been rejected, and the network connection closed. Called
// after Accept or Refuse it returns an [*ArgumentError].
func (h *PendingHandshake) Accept(ctx context.Context, opts *AcceptOptions) (*Conn, error) {
	const op = "upgrade"
	nc := h.nc
	if nc == nil {
		return nil, wrap(op, errAnswered)
	}
	h.nc = nil
	j, err := h.accept(ctx, nc, opts)
	if err != nil {
		opening.Abort(nc)
		return nil, wrap(op, err)
	}
	return j.Conn(), nil
}

func (h *PendingHandshake) accept(ctx context.Context, nc net.Conn, opts *AcceptOptions) (*joined, error) {
	if err := checkContext(ctx); err != nil {
		return nil, err
	}
	var t terms
	if err := opts.resolve(&t, h.secure); err != nil {
		return nil, err
	}
	t.cameOver(nc)
	room := opening.Heads.Get().(*[opening.HeadRoom]byte)
	defer opening.Heads.Put(room)
	limit := timeLimit(t.HandshakeTimeout)
	b := opening.Bounded(ctx, nc, limit)
	err := t.answerRequest(nc, h.Request, room)
	if late := b.Undo(); err == nil {
		err = late
	}
	if err != nil {
		return nil, outOfTime(ctx, limit, err)
	}
	j := new(joined)
	j.init(nc, h.rest, &t)
	return j, nil
}

// Refuse responds to the request with the Status, Header and Body of e, 403
// Forbidden if Status is 0, and closes the network connection, within 1 s. A
// nil e means the zero HandshakeError. Called after Accept or Refuse it returns
// an [*ArgumentError].
func (h *PendingHandshake) Refuse(e *HandshakeError) error {
	nc := h.nc
	if nc == nil {
		return wrap("upgrade", errAnswered)
	}
	h.nc = nil
	var answer HandshakeError
	if e != nil {
		answer = *e
	}
	if answer.Status == 0 {
		answer.Status = http.StatusForbidden
	}
	refuse(nc, &answer)
	opening.Abort(nc)
	return nil
}
