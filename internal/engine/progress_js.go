//go:build js && wasm

package engine

import "syscall"

// socketProgress is never asked: no page has this package.
func socketProgress(syscall.Conn) (Progress, error) { return Progress{}, errNoAccount }
