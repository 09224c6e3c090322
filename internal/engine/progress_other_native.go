//go:build !js && !linux

package engine

import "syscall"

// socketProgress knows nothing: only Linux tells.
func socketProgress(syscall.Conn) (Progress, error) { return Progress{}, errNoAccount }
