//go:build linux

package engine

import (
	"syscall"
	"unsafe"
)

// queued returns how many bytes a socket holds that its peer's system has not
// acknowledged, or, of a Unix socket, that the peer has not read (tcp(7), unix(7):
// SIOCOUTQ).
func queued(raw syscall.RawConn) (n int, ok bool) {
	var size int32
	err := raw.Control(func(fd uintptr) {
		_, _, fault := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&size)))
		ok = fault == 0
	})
	return int(size), ok && err == nil
}
