//go:build js && wasm

package engine

import "syscall"

// There are no sockets in a page; the engine is compiled for it all the same,
// to be looked at by the same tools.

const canPeek = false

func peek(syscall.RawConn, []byte) (n int, more bool) { return 0, false }
