//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// followSize tells t the size of the terminal f, now and when it changes.
func followSize(f *os.File, t *term.Terminal) (stop func()) {
	set := func() {
		if w, h, err := term.GetSize(int(f.Fd())); err == nil {
			t.SetSize(w, h)
		}
	}
	set()
	changed, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(changed, syscall.SIGWINCH)
	go func() {
		for {
			select {
			case <-changed:
				set()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(changed)
		close(done)
	}
}
