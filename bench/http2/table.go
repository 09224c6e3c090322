package main

import (
	"fmt"
	"runtime"
	"strings"
)

// table is the result, in Markdown.
type table struct{ rows []string }

func (t *table) row(what, target string, ratio, most float64, also string) {
	t.add(what, target, fmt.Sprintf("%.2f x", ratio), ratio <= most, also)
}

func (t *table) rowAtLeast(what, target string, ratio, least float64, also string) {
	t.add(what, target, fmt.Sprintf("%.1f x", ratio), ratio >= least, also)
}

func (t *table) rowBytes(what, target string, bytes, most uint64, also string) {
	t.add(what, target, fmt.Sprintf("%d B", bytes), bytes <= most, also)
}

func (t *table) add(what, target, got string, met bool, also string) {
	verdict := "missed"
	if met {
		verdict = "met"
	}
	t.rows = append(t.rows, fmt.Sprintf("| %s | %s | %s | %s | %s |", what, target, got, verdict, also))
}

// String returns the table with a heading.
func (t *table) String() string {
	return "# WebSockets over one HTTP/2 connection\n\n" +
		"Written by `go run ./http2 -out results/http2.md` in `bench`, with " + runtime.Version() +
		". Server and client are processes of their own on loopback, over TLS. CPU times are\n" +
		"of both together, per message: medians of rounds in which the contestants take turns; a ratio is the median of the ratios of the rounds.\n\n" +
		"| case | target | measured | | in detail: HTTP/2 first |\n|---|---|---:|---|---|\n" + strings.Join(t.rows, "\n") + "\n"
}
