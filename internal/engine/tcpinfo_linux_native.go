//go:build linux && !386 && !s390x

package engine

import (
	"syscall"
	"unsafe"
)

// tcpInfoOf returns the kernel's state of a TCP connection. ok is false for
// other sockets, and for an old kernel.
func tcpInfoOf(fd uintptr) (info tcpInfo, ok bool) {
	n := uint32(unsafe.Sizeof(info))
	_, _, fault := syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.IPPROTO_TCP, syscall.TCP_INFO,
		uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&n)), 0)
	return info, fault == 0 && uintptr(n) == unsafe.Sizeof(info)
}
