//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"io"
	"iter"
	"net"
	"sync"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/opening"
)

const (
	// refuseWait bounds the wait for a rejected peer to disconnect,
	refuseWait = time.Second
	// and refuseBytes what is read and discarded meanwhile.
	refuseBytes = 1 << 20
)

// Upgrade reads a WebSocket handshake from nc and responds to it, without
// net/http. The same rules as for Accept apply to the request, and limits: a
// head of 16 KiB (AcceptOptions.MaxHeadBytes), 200 header fields, and 10 s. nc
// may be a *tls.Conn.
//
// If a SetDeadline method of nc returns an error, as with the channels of an
// SSH connection, all time limits hold all the same, at the cost of a goroutine
// while a Read or Write blocks, and of 16 KiB. If it returns nil and has no
// effect, blocked calls are ended by closing nc, at most 1 s late: see
// [ErrDeadlinesIgnored].
//
// On error a response has been sent on nc, if that makes sense, and nc is
// closed. The error matches ctx.Err() when ctx ended; it is an [*ArgumentError]
// for invalid options, otherwise a [*HandshakeError].
//
// To inspect the request first, and then accept or reject it, see
// [ReadHandshake].
//
// A goroutine that calls Upgrade and then Read waits on a stack of 2 KiB,
// unless the program's own functions need more: the handshake runs on a
// goroutine of its own, which also calls AcceptOptions.Check. Over a TCP or
// Unix connection of package net it holds no buffer while it waits. Nor does it
// over an nc with a method AwaitRead() error that blocks until Read would not
// block, and returns a timeout error once the read deadline has passed.
func Upgrade(ctx context.Context, nc net.Conn, opts *AcceptOptions) (*Conn, error) {
	u := upgrades.Get().(*upgrade)
	u.ctx, u.nc, u.opts = ctx, nc, opts
	u.apart()
	c, err := u.c, u.err
	nc = u.nc
	*u = upgrade{}
	upgrades.Put(u)
	if err != nil {
		opening.Abort(nc)
		return nil, wrap("upgrade", err)
	}
	return c.Conn(), nil
}

var upgrades = sync.Pool{New: func() any { return new(upgrade) }}

// upgrade is a call of Upgrade.
type upgrade struct {
	ctx  context.Context
	nc   net.Conn
	opts *AcceptOptions

	terms
	rest []byte
	c    *joined
	err  error
}

// apart runs u on a stack that is released afterwards: a stack that has grown
// does not shrink to its initial size again. An iterator switches between
// goroutines without the scheduler, and passes panics on.
func (u *upgrade) apart() {
	next, stop := iter.Pull(func(func(struct{}) bool) {
		growStack(0)
		u.c, u.err = u.shake()
	})
	next()
	stop()
}

// growStack makes the stack grow at once, where it is shallow: copying it from
// deep within a handshake costs more.
//
//go:noinline
func growStack(i int) byte {
	var room [2 << 10]byte
	return room[i]
}

func (u *upgrade) shake() (*joined, error) {
	if err := checkContext(u.ctx); err != nil {
		return nil, err
	}
	_, secure := u.nc.(*tls.Conn)
	if err := u.opts.resolve(&u.terms, secure); err != nil {
		return nil, err
	}
	u.cameOver(u.nc)
	u.nc = opening.WithDeadlines(u.nc)
	limit := timeLimit(u.HandshakeTimeout)
	b := opening.Bounded(u.ctx, u.nc, limit)
	err := u.exchange()
	if late := b.Undo(); err == nil {
		err = late
	}
	if err != nil {
		return nil, outOfTime(u.ctx, limit, err)
	}
	j := new(joined)
	j.init(u.nc, u.rest, &u.terms)
	return j, nil
}

// outOfTime returns the error of a handshake that failed with err, which may be
// due to the end of ctx or to the time limit.
func outOfTime(ctx context.Context, limit time.Time, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !limit.IsZero() && !time.Now().Before(limit) && !answered(err):
		return &HandshakeError{Problem: "the handshake timed out", Cause: context.DeadlineExceeded}
	}
	return err
}

// answered reports whether err is a rejection that was sent to the peer.
func answered(err error) bool { return refusalOf(err).Status != 0 }

// exchange reads the request and responds to it.
func (u *upgrade) exchange() (err error) {
	r := u.takeRequest()
	defer u.putRequest(r)
	room := opening.Heads.Get().(*[opening.HeadRoom]byte)
	defer opening.Heads.Put(room)
	u.rest, err = u.readRequest(u.nc, r, room)
	if err == nil {
		err = u.answerRequest(u.nc, r, room)
	}
	return err
}

// readRequest reads r from nc, and returns a copy of the bytes after it. It
// responds to anything that is not a request.
func (t *terms) readRequest(nc net.Conn, r *handshake.Request, room *[opening.HeadRoom]byte) (rest []byte, err error) {
	parse := func(p []byte) (int, error) { return r.ParseMax(p, t.MaxHeadBytes) }
	held, err := opening.ReadHead(nc, room[:0], t.MaxHeadBytes, parse)
	if err != nil {
		return nil, &HandshakeError{Problem: "no complete request was received", Cause: err}
	}
	n, err := parse(held)
	if err != nil {
		refuse(nc, refusalOf(err))
		return nil, err
	}
	return append(rest, held[n:]...), nil
}

// answerRequest responds to r.
func (t *terms) answerRequest(nc net.Conn, r *handshake.Request, room *[opening.HeadRoom]byte) (err error) {
	var head []byte
	a, refusal := t.agree(r)
	if refusal != nil {
		err = refusal
	} else {
		head, err = t.respond(room[:0], a, nil)
	}
	if err != nil {
		refuse(nc, refusalOf(err))
		return err
	}
	if _, err := nc.Write(head); err != nil {
		return &HandshakeError{Problem: "the response could not be sent", Cause: err}
	}
	return nil
}

// refuse sends the response e, and lets it arrive: closing with bytes unread
// could reset the connection before the peer has read it.
func refuse(nc net.Conn, e *HandshakeError) {
	defer opening.Expire(nc, refuseWait)()
	if _, err := nc.Write(handshake.AppendRefusal(nil, e)); err != nil {
		return
	}
	if h, ok := nc.(interface{ CloseWrite() error }); ok {
		h.CloseWrite()
		io.CopyN(io.Discard, nc, refuseBytes)
	}
}
