//go:build js && wasm

package engine

import "syscall"

// canPeek says that there are no sockets here: the engine is compiled for a page
// all the same, to be looked at by the same tools.
const canPeek = false

func peek(syscall.RawConn, []byte) (n int, more bool) { return 0, false }
