package engine

import (
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// lingerWait bounds the wait for the peer to close the transport after the
	// close frame has been sent,
	lingerWait = time.Second
	// and lingerBytes what is read and discarded meanwhile.
	lingerBytes = 1 << 20
	// lingerSockets and lingerOthers bound how many transports linger at the
	// same time. Further ones are closed at once.
	lingerSockets = 1024
	lingerOthers  = 128
)

// leaving is how the transport is closed.
type leaving uint8

const (
	// atOnce closes the transport, without close_notify of TLS.
	atOnce leaving = iota
	// farewell closes the transport.
	farewell
	// lingering closes the transport in the background, after the peer has
	// closed it, within bounds: closing it with bytes unread, or before more
	// arrive, could reset the connection before the peer has read our close
	// frame.
	lingering
	// halfFirst is lingering that begins by closing the sending half: that
	// tells the peer that it may close the transport.
	halfFirst
)

// leave closes the transport.
func leave(t Transport, how leaving) {
	switch how {
	case atOnce:
		abort(t)
	case farewell:
		t.Close()
	case halfFirst:
		if h, ok := t.(HalfCloser); ok {
			h.CloseWrite()
		}
		linger(t)
	case lingering:
		linger(t)
	}
}

// abort closes t at once.
func abort(t Transport) {
	if a, ok := t.(Aborter); ok {
		a.Abort()
		return
	}
	t.Close()
}

// lingers counts the lingering transports.
var lingers struct{ sockets, others atomic.Int32 }

// linger discards what arrives on t until the peer closes it, and then closes
// it.
func linger(t Transport) {
	l := &lingered{t: t, count: &lingers.sockets, left: lingerBytes, since: time.Now(), pause: time.Millisecond}
	most := int32(lingerSockets)
	if l.raw = socketBelow(t); l.raw == nil || !triesSockets {
		l.raw = nil
		l.count, most = &lingers.others, lingerOthers
	}
	if l.count.Add(1) > most {
		l.end()
		return
	}
	if l.raw != nil {
		t.SetReadDeadline(time.Time{}) // an expired one would hide what arrived
		l.look()
		return
	}
	go l.wait()
}

// socketBelow returns the socket of t, or of the connection below TLS; nil for
// none.
func socketBelow(t Transport) syscall.RawConn {
	if w, ok := t.(Wrapper); ok {
		t = w.NetConn()
	}
	if !vectored(t) {
		return nil
	}
	raw, err := t.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// lingered is a lingering transport.
type lingered struct {
	t     Transport
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

// wait does the same for a transport that is not a socket, by blocking.
func (l *lingered) wait() {
	bound := time.AfterFunc(lingerWait, func() { abort(l.t) })
	l.t.SetReadDeadline(time.Now().Add(lingerWait)) // Close may not end its Read
	b := getBlock(smallBlock)
	for l.left > 0 {
		n, err := l.t.Read(b.mem)
		if err != nil {
			break
		}
		l.left -= max(n, 1) // empty reads are bounded too
	}
	putBlock(b)
	bound.Stop()
	l.end()
}

// end closes the transport. TLS's close_notify may block.
func (l *lingered) end() {
	l.count.Add(-1)
	if vectored(l.t) {
		l.t.Close()
		return
	}
	go l.t.Close()
}
