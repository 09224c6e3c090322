package engine

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// lingerWait bounds the wait for the peer to end the stream, once the close
	// frame has been sent,
	lingerWait = time.Second
	// and lingerBytes what is read and thrown away meanwhile.
	lingerBytes = 1 << 20
	// lingerSockets and lingerOthers bound how many streams wait like that at
	// once. Those over it are closed at once.
	lingerSockets = 1024
	lingerOthers  = 128
)

// leaving is how the stream is ended.
type leaving uint8

const (
	// atOnce closes the stream, without a farewell of TLS.
	atOnce leaving = iota
	// farewell closes the stream.
	farewell
	// lingering closes the stream behind the scenes, once the peer has ended
	// it, within bounds: closing it with bytes unread, or before more come,
	// could destroy our close frame on its way to the peer.
	lingering
	// halfFirst is lingering, which begins by ending the sending half: that is
	// how the peer gets to know that it may end the stream.
	halfFirst
)

// leave ends the stream.
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

// halved is a Stream whose sending half can be ended.
type halved interface{ CloseWrite() error }

// abort ends s at once.
func abort(s Stream) {
	if a, ok := s.(interface{ Abort() error }); ok {
		a.Abort()
		return
	}
	s.Close()
}

// lingers counts the streams that wait for the peer's end.
var lingers struct{ sockets, others atomic.Int32 }

// linger throws away what comes on s until the peer ends it, and closes it
// then.
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
		s.SetReadDeadline(time.Time{}) // one that has passed would hide what came
		l.look()
		return
	}
	go l.wait()
}

// socketBelow returns the socket of s, or of the TLS connection that it is, nil
// for none.
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

// lingered is a stream that waits for the peer to end it.
type lingered struct {
	s     Stream
	count *atomic.Int32
	left  int       // bytes that may still come
	since time.Time // when it began
	raw   syscall.RawConn
	pause time.Duration // until the next look
}

// look reads what has come from a socket, and comes back later for more: for as
// long as it waits, a socket has a timer and no goroutine.
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
		time.AfterFunc(pause, l.look) // which may come at once
		return
	}
	l.end()
}

// wait is look for a stream that can only be waited for.
func (l *lingered) wait() {
	bound := time.AfterFunc(lingerWait, func() { abort(l.s) })
	l.s.SetReadDeadline(time.Now().Add(lingerWait)) // Close may not end its Read
	b := getBlock(smallBlock)
	for l.left > 0 {
		n, err := l.s.Read(b.mem)
		if err != nil {
			break
		}
		l.left -= max(n, 1) // one that returns nothing is bounded, too
	}
	putBlock(b)
	bound.Stop()
	l.end()
}

// end closes the stream. TLS's farewell may have to wait.
func (l *lingered) end() {
	l.count.Add(-1)
	if vectored(l.s) {
		l.s.Close()
		return
	}
	go l.s.Close()
}
