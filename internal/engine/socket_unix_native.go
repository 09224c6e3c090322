//go:build unix

package engine

import "syscall"

// On these systems a socket is read and written by package syscall, inside
// RawConn's Read and Write.
const triesSockets = true

// tryRead reads once from the socket into the input's into, if there is
// something to read, including the end of the stream or an error. It reports
// whether it did, or lacks a buffer. It tries before it waits, since what
// arrived before is not reported again.
func (c *Conn) tryRead(fd uintptr) bool {
	in := c.in
	if in == nil || in.into == nil {
		if in = c.ready(); in == nil {
			return true
		}
	}
	for {
		n, err := syscall.Read(int(fd), in.into)
		if err == nil {
			in.got = n
			return true
		}
		switch fault, _ := err.(syscall.Errno); fault {
		case syscall.EINTR:
		case syscall.EAGAIN:
			in.park()
			return false
		default:
			in.fault = err
			return true
		}
	}
}

// ready takes what a read needs again after a wait, and returns nil if that
// would have to be allocated.
//
//go:noinline
func (c *Conn) ready() *input {
	in := c.in
	if in == nil {
		if in = c.wakeOld(); in == nil {
			return nil
		}
	}
	if in.direct != nil {
		in.into = in.direct
	} else if in.buf.hasRoom() {
		in.into = in.buf.room()
	}
	if in.into == nil {
		return nil
	}
	return in
}

// hasRoom reports whether room returns memory without allocating.
func (b *buffer) hasRoom() bool {
	if b.block == nil && b.r == b.w {
		if m, ok := blocks[b.class].Get().(*block); ok {
			b.block, b.mem, b.r, b.w = m, m.mem, 0, 0
		}
	}
	return b.block != nil && len(b.block.mem) >= b.size()
}

// tryWrite writes what it can of w.p, and reports whether it is done.
func (w *writing) tryWrite(fd uintptr) bool {
	for w.n < len(w.p) {
		n, err := syscall.Write(int(fd), w.p[w.n:])
		if err == nil {
			w.n += n
			continue
		}
		switch fault, _ := err.(syscall.Errno); fault {
		case syscall.EINTR:
		case syscall.EAGAIN:
			w.wait()
			return false
		default:
			w.fault = err
			return true
		}
	}
	return true
}

// wait is called before waiting for the socket.
func (w *writing) wait() {
	if !w.waited {
		w.waited = true
		w.c.beginWrite()
	}
}

// peek reads what has arrived on a socket into p, without blocking. It reports
// whether more may arrive.
func peek(raw syscall.RawConn, p []byte) (n int, more bool) {
	err := raw.Read(func(fd uintptr) bool {
		var fault error
		for {
			if n, fault = syscall.Read(int(fd), p); fault != syscall.EINTR {
				break
			}
		}
		n = max(n, 0)
		more = n > 0 || fault == syscall.EAGAIN
		return true
	})
	return n, more && err == nil
}
