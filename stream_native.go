//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/twinws/ws/handshake"
	"github.com/twinws/ws/internal/deadline"
)

const (
	// headRoom is the size of the buffers for a head, in bytes,
	headRoom = 2048
	// and headMore the least room that a read has.
	headMore = 512
	// headStart is how many bytes show whether a head is one at all.
	headStart = 8
	// emptyReads bounds how often in a row a connection may return 0, nil.
	emptyReads = 100
)

// past is a deadline that interrupts at once.
var past = time.Unix(1, 0)

// readHead reads from nc until a head is complete, or more than limit bytes
// have come, or parse finds at its start that it will never be one. held are
// bytes that were read before.
func readHead(nc net.Conn, held []byte, limit int, parse func([]byte) (int, error)) ([]byte, error) {
	empty := 0
	for seen := 0; handshake.HeadEnd(held, seen) < 0 && len(held) <= limit; {
		if seen < headStart && len(held) > 0 {
			if _, err := parse(held); err != handshake.ErrShort {
				return held, nil
			}
		}
		seen = len(held)
		held = slices.Grow(held, headMore)
		n, err := nc.Read(held[len(held):cap(held)])
		held = held[:len(held)+n]
		switch {
		case n > 0:
			empty = 0
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		default:
			if empty++; empty == emptyReads {
				return nil, io.ErrNoProgress
			}
		}
	}
	return held, nil
}

// withDeadlines returns nc, or a connection over it that has deadlines where nc
// has none: what bounds a wait is then the same for all.
func withDeadlines(nc net.Conn) net.Conn {
	if deadline.Known(nc) || deadline.Missing(nc) == nil {
		return nc
	}
	return deadline.Give(nc)
}

// bounds interrupt whatever a connection waits for during a handshake.
type bounds struct {
	nc    net.Conn
	stop  func() bool   // takes a context's AfterFunc back; nil without
	ran   chan struct{} // closed by that, if it sets a deadline
	timer *time.Timer   // closes nc; nil where a deadline does
}

// interruptible makes the end of ctx interrupt whatever nc waits for.
func interruptible(ctx context.Context, nc net.Conn) bounds { return bounded(ctx, nc, time.Time{}) }

// bounded is interruptible with a limit of its own, unless that is zero. An nc
// that may ignore its deadlines is closed. Errors of deadlines are no matter:
// those of the Read or Write at work tell the same.
func bounded(ctx context.Context, nc net.Conn, limit time.Time) bounds {
	b := bounds{nc: nc}
	known := deadline.Known(nc)
	switch {
	case limit.IsZero():
	case known:
		nc.SetDeadline(limit)
	default:
		b.timer = time.AfterFunc(time.Until(limit), func() { interrupt(nc) })
	}
	switch {
	case ctx.Done() == nil:
	case known:
		ran := make(chan struct{})
		b.ran = ran
		b.stop = context.AfterFunc(ctx, func() {
			nc.SetDeadline(past)
			close(ran)
		})
	default:
		b.stop = context.AfterFunc(ctx, func() { interrupt(nc) })
	}
	return b
}

// undo must be called, and leaves nc without deadlines. It returns an error if
// nc had to be closed.
func (b *bounds) undo() error {
	late := b.stop != nil && !b.stop()
	if late && b.ran != nil {
		<-b.ran
		late = false
	}
	if b.timer != nil && !b.timer.Stop() {
		late = true
	}
	if late {
		return os.ErrDeadlineExceeded
	}
	b.nc.SetDeadline(time.Time{})
	return nil
}

// interrupt ends whatever nc, which is to be closed, waits for. Some do not
// keep deadlines, and others, as yamux's streams, read on when they are closed.
func interrupt(nc net.Conn) {
	nc.SetDeadline(past)
	if !deadline.Known(nc) {
		abort(nc)
	}
}

// heads are buffers for the heads of requests and responses. Most are smaller.
var heads = sync.Pool{New: func() any { return new([headRoom]byte) }}

// expire interrupts whatever nc waits for after d. Other than a deadline it
// takes nothing back from a context that ended before. nc is to be closed.
func expire(nc net.Conn, d time.Duration) (stop func() bool) {
	return time.AfterFunc(d, func() { interrupt(nc) }).Stop
}

// aborter is a connection that says itself how it is ended at once.
type aborter interface{ Abort() error }

// abort closes nc without TLS's farewell, whose sending waits for a peer that
// does not read.
func abort(nc net.Conn) error {
	if a, ok := nc.(aborter); ok {
		return a.Abort()
	}
	for t, ok := nc.(*tls.Conn); ok; t, ok = nc.(*tls.Conn) {
		nc = t.NetConn()
	}
	return nc.Close()
}

// farewellWait bounds how long TLS's farewell may take, as package tls does.
const farewellWait = 5 * time.Second

// tlsStream can end a TLS connection at once. What is below may ignore the
// deadline that TLS has for its farewell.
type tlsStream struct{ *tls.Conn }

func (s tlsStream) Abort() error { return abort(s.Conn) }

func (s tlsStream) Close() error {
	defer s.bound()()
	return s.Conn.Close()
}

func (s tlsStream) CloseWrite() error {
	defer s.bound()()
	return s.Conn.CloseWrite()
}

func (s tlsStream) bound() (stop func() bool) {
	if deadline.Known(s.Conn) {
		return func() bool { return true }
	}
	return expire(s.Conn, farewellWait)
}
