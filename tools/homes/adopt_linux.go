package main

import "syscall"

// adopt makes this process the parent of descendants whose own parent has
// ended, so that it can wait for them. Other systems than Linux leave them to
// init.
func adopt() error {
	const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); errno != 0 {
		return errno
	}
	adopts = true
	return nil
}
