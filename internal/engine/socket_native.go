//go:build unix

package engine

import "syscall"

func init() { newTry, newSend = tryUnix, sendUnix }

// tryUnix tries before it waits, since what came before, the end of the stream
// included, is not told again.
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
