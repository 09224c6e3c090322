//go:build !linux && !js

package engine

import "syscall"

// queued: this system does not tell.
func queued(syscall.RawConn) (n int, ok bool) { return 0, false }
