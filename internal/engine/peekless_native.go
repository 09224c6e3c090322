//go:build !unix && !js

package engine

import "syscall"

// canPeek says that a socket can only be waited for here.
const canPeek = false

func peek(syscall.RawConn, []byte) (n int, more bool) { return 0, false }
