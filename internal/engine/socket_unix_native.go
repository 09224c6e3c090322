//go:build unix

package engine

import "syscall"

// On these systems a socket is read and written by package syscall, inside
// RawConn's Read and Write.
const triesSockets = true

// tryRead reads once from the socket into c.into, if there is something to
// read, including the end of the stream or an error. It reports whether it did,
// or lacks a buffer. It tries before it waits, since what arrived before is not
// reported again.
func (c *Conn) tryRead(fd uintptr) bool {
	if (c.incoming == nil || c.into == nil) && !c.ready() {
		return true
	}
	for {
		n, err := syscall.Read(int(fd), c.into)
		if err == nil {
			c.got = n
			return true
		}
		switch fault, _ := err.(syscall.Errno); fault {
		case syscall.EINTR:
		case syscall.EAGAIN:
			c.park()
			return false
		default:
			c.fault = err
			return true
		}
	}
}

// ready takes a buffer to read into again, unless it would have to be
// allocated.
//
//go:noinline
func (c *Conn) ready() bool {
	if c.incoming == nil && !c.wakeOld() {
		return false
	}
	if c.direct != nil {
		c.into = c.direct
	} else if c.in.hasRoom() {
		c.into = c.in.room()
	}
	return c.into != nil
}

// hasRoom reports whether room returns memory without allocating.
func (in *input) hasRoom() bool {
	if in.block == nil && in.r == in.w {
		if b, ok := blocks[in.class].Get().(*block); ok {
			in.block, in.buf, in.r, in.w = b, b.mem, 0, 0
		}
	}
	return in.block != nil && len(in.block.mem) >= in.size()
}

// tryWrite writes what it can of w.p, and reports whether it is done.
func (w *sender) tryWrite(fd uintptr) bool {
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
func (w *sender) wait() {
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
