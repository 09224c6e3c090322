//go:build !js

package ws

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/twinws/ws/handshake"
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

// interruptible makes the end of ctx interrupt whatever nc waits for. Undo must
// be called, and leaves nc without deadlines.
func interruptible(ctx context.Context, nc net.Conn) (undo func()) {
	return bounded(ctx, nc, time.Time{})
}

// bounded is interruptible with a limit of its own, unless that is zero.
func bounded(ctx context.Context, nc net.Conn, limit time.Time) (undo func()) {
	if !limit.IsZero() {
		nc.SetDeadline(limit)
	}
	if ctx.Done() == nil {
		return func() { nc.SetDeadline(time.Time{}) }
	}
	ran := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		nc.SetDeadline(past)
		close(ran)
	})
	return func() {
		if !stop() {
			<-ran
		}
		nc.SetDeadline(time.Time{})
	}
}

// heads are buffers for the heads of requests and responses. Most are smaller.
var heads = sync.Pool{New: func() any { return new([headRoom]byte) }}

// expire interrupts whatever nc waits for after d. Other than a deadline it
// takes nothing back from a context that ended before. nc is to be closed.
func expire(nc net.Conn, d time.Duration) (stop func() bool) {
	return time.AfterFunc(d, func() { nc.SetDeadline(past) }).Stop
}

// abort closes nc without TLS's farewell, whose sending waits for a peer that
// does not read.
func abort(nc net.Conn) error {
	for t, ok := nc.(*tls.Conn); ok; t, ok = nc.(*tls.Conn) {
		nc = t.NetConn()
	}
	return nc.Close()
}

// tlsStream can end a TLS connection at once.
type tlsStream struct{ *tls.Conn }

func (s tlsStream) Abort() error { return abort(s.Conn) }
