package opening

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
	// HeadRoom is the size of the buffers for a head, in bytes,
	HeadRoom = 2048
	// and headMore the least space for a read.
	headMore = 512
	// headStart is how many bytes show whether this can be a head.
	headStart = 8
	// emptyReads Bounds how often in a row a connection may return 0, nil.
	emptyReads = 100
)

// past is a deadline that interrupts at once.
var past = time.Unix(1, 0)

// ReadHead reads from nc until a head is complete, or exceeds limit, or parse
// reports after its first bytes that it is invalid. held are bytes that were
// read before.
func ReadHead(nc net.Conn, held []byte, limit int, parse func([]byte) (int, error)) ([]byte, error) {
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

// readTo reads from nc until held has n bytes, and no more.
func readTo(nc net.Conn, held []byte, n int) ([]byte, error) {
	held = slices.Grow(held, n-len(held))
	for empty := 0; len(held) < n; empty++ {
		more, err := nc.Read(held[len(held):n])
		held = held[:len(held)+more]
		switch {
		case len(held) == n:
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case more > 0:
			empty = -1
		case empty == emptyReads-1:
			return nil, io.ErrNoProgress
		}
	}
	return held, nil
}

// WithDeadlines returns nc, or a connection over it that has deadlines if nc
// has none: then time limits work the same for all.
func WithDeadlines(nc net.Conn) net.Conn {
	if deadline.Known(nc) || deadline.Missing(nc) == nil {
		return nc
	}
	return deadline.Give(nc)
}

// Bounds interrupt blocked calls of a connection during a handshake.
type Bounds struct {
	nc    net.Conn
	stop  func() bool   // stops a context's AfterFunc; nil without
	ran   chan struct{} // closed by it, if it sets a deadline
	timer *time.Timer   // closes nc; nil where a deadline does
}

// Interruptible makes the end of ctx interrupt blocked calls of nc.
func Interruptible(ctx context.Context, nc net.Conn) Bounds { return Bounded(ctx, nc, time.Time{}) }

// Bounded is Interruptible with a time limit, unless that is zero. An nc that
// may ignore its deadlines is closed. Errors of setting deadlines are ignored:
// the blocked Read or Write reports the same.
func Bounded(ctx context.Context, nc net.Conn, limit time.Time) Bounds {
	b := Bounds{nc: nc}
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

// Undo must be called, and leaves nc without deadlines. It returns an error if
// nc had to be closed.
func (b *Bounds) Undo() error {
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

// interrupt ends the blocked calls of nc, which must be closed afterwards. Some
// connections ignore deadlines, and others, such as yamux's streams, continue
// to read after Close.
func interrupt(nc net.Conn) {
	nc.SetDeadline(past)
	if !deadline.Known(nc) {
		Abort(nc)
	}
}

// Heads are buffers for the heads of requests and responses. Most are smaller.
var Heads = sync.Pool{New: func() any { return new([HeadRoom]byte) }}

// Expire interrupts the blocked calls of nc after d. Unlike a deadline it does
// not undo an interrupt by a context that ended before. nc must be closed
// afterwards.
func Expire(nc net.Conn, d time.Duration) (stop func() bool) {
	return time.AfterFunc(d, func() { interrupt(nc) }).Stop
}

// aborter is a connection with its own way of closing at once.
type aborter interface{ Abort() error }

// Abort closes nc without TLS's close_notify, which blocks on a peer that does
// not read.
func Abort(nc net.Conn) error {
	if a, ok := nc.(aborter); ok {
		return a.Abort()
	}
	for t, ok := nc.(*tls.Conn); ok; t, ok = nc.(*tls.Conn) {
		nc = t.NetConn()
	}
	return nc.Close()
}

// farewellWait Bounds the sending of TLS's close_notify, as in package tls.
const farewellWait = 5 * time.Second

// TLSStream can close a TLS connection at once. The connection below may ignore
// the deadline that TLS sets for close_notify.
type TLSStream struct{ *tls.Conn }

func (s TLSStream) Abort() error { return Abort(s.Conn) }

func (s TLSStream) Close() error {
	defer s.bound()()
	return s.Conn.Close()
}

func (s TLSStream) CloseWrite() error {
	defer s.bound()()
	return s.Conn.CloseWrite()
}

func (s TLSStream) bound() (stop func() bool) {
	if deadline.Known(s.Conn) {
		return func() bool { return true }
	}
	return Expire(s.Conn, farewellWait)
}
