//go:build unix

package engine

import "syscall"

func init() { newTry, newSend = tryUnix, sendUnix }

// tryUnix tries before it waits, since what arrived before, including the end
// of the stream, is not reported again.
func tryUnix(c *Conn) (try func(fd uintptr) bool) {
	return func(fd uintptr) bool {
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

func sendUnix(w *sender) (try func(fd uintptr) bool) {
	return func(fd uintptr) bool {
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
}

// wait is called before waiting for the socket.
func (w *sender) wait() {
	if !w.waited {
		w.waited = true
		w.c.beginWrite()
	}
}
