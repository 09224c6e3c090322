//go:build !unix && !js

package engine

import "syscall"

// Here a socket is read, waited for and written as any other transport.
const triesSockets = false

func (c *Conn) tryRead(uintptr) bool     { return true }
func (w *writing) tryWrite(uintptr) bool { return true }

// peek is not called.
func peek(syscall.RawConn, []byte) (n int, more bool) { return 0, false }
