package engine

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// lingerWait bounds the wait for the peer to close the stream after the
	// close frame has been sent,
	lingerWait = time.Second
	// and lingerBytes what is read and discarded meanwhile.
	lingerBytes = 1 << 20
	// lingerSockets and lingerOthers bound how many streams linger at the same
	// time. Further ones are closed at once.
	lingerSockets = 1024
	lingerOthers  = 128
)

// leaving is how the stream is closed.
type leaving uint8

const (
	// atOnce closes the stream, without close_notify of TLS.
	atOnce leaving = iota
	// farewell closes the stream.
	farewell
	// lingering closes the stream in the background, after the peer has closed
	// it, within bounds: closing it with bytes unread, or before more arrive,
	// could reset the connection before the peer has read our close frame.
	lingering
	// halfFirst is lingering that begins by closing the sending half: that
	// tells the peer that it may close the stream.
	halfFirst
)

// leave closes the stream.
func leave(s Stream, how leaving) {
	switch how {
	case atOnce:
		abort(s)
	case farewell:
		s.Close()
	case halfFirst:
		if h, ok := s.(halved); ok {
			h.CloseWrite()
		}
		linger(s)
	case lingering:
		linger(s)
	}
}

// halved is a Stream whose sending half can be closed.
type halved interface{ CloseWrite() error }

// settling is a Stream that must not be used after a handler has returned:
// Settle waits until it is not.
type settling interface{ Settle() }

// abort closes s at once.
func abort(s Stream) {
	if a, ok := s.(interface{ Abort() error }); ok {
		a.Abort()
		return
	}
	s.Close()
}

// lingers counts the lingering streams.
var lingers struct{ sockets, others atomic.Int32 }

// linger discards what arrives on s until the peer closes it, and then closes
// it.
func linger(s Stream) {
	l := &lingered{s: s, count: &lingers.sockets, left: lingerBytes, since: time.Now(), pause: time.Millisecond}
	most := int32(lingerSockets)
	if l.raw = socketBelow(s); l.raw == nil || !canPeek {
		l.raw = nil
		l.count, most = &lingers.others, lingerOthers
	}
	if l.count.Add(1) > most {
		l.end()
		return
	}
	if l.raw != nil {
		s.SetReadDeadline(time.Time{}) // an expired one would hide what arrived
		l.look()
		return
	}
	go l.wait()
}

// socketBelow returns the socket of s, or of the connection below TLS; nil for
// none.
func socketBelow(s Stream) syscall.RawConn {
	if t, ok := s.(interface{ NetConn() net.Conn }); ok {
		s = t.NetConn()
	}
	if !vectored(s) {
		return nil
	}
	raw, err := s.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// lingered is a lingering stream.
type lingered struct {
	s     Stream
	count *atomic.Int32
	left  int       // bytes that may still be read
	since time.Time // when it began
	raw   syscall.RawConn
	pause time.Duration // until the next check
}

// look reads what has arrived on a socket, and schedules the next check: a
// lingering socket has a timer and no goroutine.
func (l *lingered) look() {
	b := getBlock(smallBlock)
	over := false
	for !over && l.left > 0 {
		n, more := peek(l.raw, b.mem)
		if l.left -= n; n == 0 && more {
			break
		}
		over = !more
	}
	putBlock(b)
	if rest := lingerWait - time.Since(l.since); !over && l.left > 0 && rest > 0 {
		pause := min(l.pause, rest)
		l.pause *= 2
		time.AfterFunc(pause, l.look) // which may run at once
		return
	}
	l.end()
}

// wait does the same for a stream that is not a socket, by blocking.
func (l *lingered) wait() {
	bound := time.AfterFunc(lingerWait, func() { abort(l.s) })
	l.s.SetReadDeadline(time.Now().Add(lingerWait)) // Close may not end its Read
	b := getBlock(smallBlock)
	for l.left > 0 {
		n, err := l.s.Read(b.mem)
		if err != nil {
			break
		}
		l.left -= max(n, 1) // empty reads are bounded too
	}
	putBlock(b)
	bound.Stop()
	l.end()
}

// end closes the stream. TLS's close_notify may block.
func (l *lingered) end() {
	l.count.Add(-1)
	if vectored(l.s) {
		l.s.Close()
		return
	}
	go l.s.Close()
}
