//go:build linux && !386 && !s390x

package engine

import (
	"syscall"
	"unsafe"
)

// tcpInfo is the start of the system's struct tcp_info (tcp(7): TCP_INFO).
type tcpInfo struct {
	_     [120]byte
	acked uint64 // tcpi_bytes_acked, since Linux 4.1: 1 for the handshake, and what was sent
}

// acked returns how many bytes of a TCP connection its peer's system has
// acknowledged, 0 when that is not known, as of other sockets.
func acked(raw syscall.RawConn) uint64 {
	var info tcpInfo
	size := uint32(unsafe.Sizeof(info))
	var fault syscall.Errno
	err := raw.Control(func(fd uintptr) {
		_, _, fault = syscall.Syscall6(syscall.SYS_GETSOCKOPT, fd, syscall.IPPROTO_TCP, syscall.TCP_INFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
	})
	if err != nil || fault != 0 || uintptr(size) < unsafe.Sizeof(info) {
		return 0
	}
	return info.acked
}
