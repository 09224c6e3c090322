//go:build !js

package main

import (
	"strings"
	"testing"
)

func TestEveryVersionTalks(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	want := `
RFC 6455  text "Hello, wörld", binary 00 01 fe ff, closed
hybi-10   text "Hello, wörld", binary 00 01 fe ff, closed
hybi-07   text "Hello, wörld", binary 00 01 fe ff, closed
hixie-76  text "Hello, wörld", no binary messages, closed
hixie-75  text "Hello, wörld", no binary messages, closed
`[1:]
	if out.String() != want {
		t.Errorf("it printed:\n%s\nwant:\n%s", &out, want)
	}
}
