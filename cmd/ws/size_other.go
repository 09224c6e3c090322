//go:build !unix

package main

import (
	"os"

	"golang.org/x/term"
)

// followSize tells t the size of the terminal f; no signal says that it
// changes.
func followSize(f *os.File, t *term.Terminal) (stop func()) {
	if w, h, err := term.GetSize(int(f.Fd())); err == nil {
		t.SetSize(w, h)
	}
	return func() {}
}
