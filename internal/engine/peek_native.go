//go:build unix

package engine

import "syscall"

// canPeek says that peek works here.
const canPeek = true

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
