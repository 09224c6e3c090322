//go:build linux

package engine

import (
	"syscall"
	"unsafe"
)

// socketProgress queries the kernel about a socket (SIOCOUTQ and TCP_INFO:
// tcp(7)).
func socketProgress(s syscall.Conn) (p Progress, err error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return p, err
	}
	var fault syscall.Errno
	err = raw.Control(func(fd uintptr) {
		var n int32
		if _, _, fault = syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCOUTQ, uintptr(unsafe.Pointer(&n))); fault != 0 {
			return
		}
		p.Unsent, p.Waits = int64(n), n >= manyUnsent
		if info, ok := tcpInfoOf(fd); ok {
			p.Acked = info.bytesAcked
			p.Waits = p.Waits || info.notsentBytes > 0
		}
	})
	if err == nil && fault != 0 {
		err = fault
	}
	return p, err
}

// waits reports whether bytes wait to be read from a socket (SIOCINQ: tcp(7)).
func waits(fd uintptr) bool {
	var n int32
	_, _, fault := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCINQ, uintptr(unsafe.Pointer(&n)))
	return fault == 0 && n > 0
}

// tcpInfo is the kernel's struct tcp_info, as far as it is used.
type tcpInfo struct {
	_            [120]byte
	bytesAcked   uint64 // since Linux 4.1; 1 with the handshake's SYN
	_            [16]byte
	notsentBytes uint32 // since Linux 4.6
}
