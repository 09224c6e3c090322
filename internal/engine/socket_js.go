//go:build js && wasm

package engine

import "syscall"

// There are no sockets in a page. The engine is compiled for it all the same,
// to be looked at by the same tools.
const triesSockets = false

func (c *Conn) tryRead(uintptr) bool     { return true }
func (w *writing) tryWrite(uintptr) bool { return true }

// peek is not called.
func peek(syscall.RawConn, []byte) (n int, more bool) { return 0, false }

// waits is not called.
func waits(uintptr) bool { return false }
