//go:build unix

package engine

import "syscall"

func init() { newTry, newSend = tryUnix, sendUnix }

// tryUnix tries before it waits, since what came before, the end of the stream
// included, is not told again. When it waited it does not try: bytes want memory
// first.
func tryUnix(c *Conn) (try func(fd uintptr) bool) {
	return func(fd uintptr) bool {
		for c.incoming != nil && c.into != nil {
			n, err := syscall.Read(int(fd), c.into)
			switch err {
			case nil:
				c.got = n
				return true
			case syscall.EINTR:
			case syscall.EAGAIN:
				c.park()
				return false
			default:
				c.fault = err
				return true
			}
		}
		return true
	}
}

// park gives up what a read needs, until there is something to read.
func (c *Conn) park() {
	c.into = nil
	c.in.release()
	c.rest()
}

// rest gives incoming up if there is nothing in it.
func (c *Conn) rest() {
	if c.in.block == nil && !c.cur.have && !c.msg.begun && c.turn == nil {
		c.pace = c.in.pace
		incomings.Put(c.incoming)
		c.incoming = nil
	}
}

func sendUnix(w *sender) (try func(fd uintptr) bool) {
	return func(fd uintptr) bool {
		for w.n < len(w.p) {
			n, err := syscall.Write(int(fd), w.p[w.n:])
			switch {
			case err == syscall.EAGAIN:
				return false
			case err != nil && err != syscall.EINTR:
				w.fault = err
				return true
			case err == nil:
				w.n += n
			}
		}
		return true
	}
}
