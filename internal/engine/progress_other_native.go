//go:build !js && !linux

package engine

import "syscall"

// socketProgress returns an error: only Linux has this information.
func socketProgress(syscall.Conn) (Progress, error) { return Progress{}, errNoAccount }

// waits returns false: only on Linux it is asked.
func waits(uintptr) bool { return false }
