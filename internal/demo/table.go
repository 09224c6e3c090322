package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// column is a transcript under its heading.
type column struct {
	head  string
	lines []string
}

func (c column) line(i int) string {
	if i < len(c.lines) {
		return c.lines[i]
	}
	return ""
}

// width is the widest line, in characters.
func (c column) width() int {
	w := utf8.RuneCountInString(c.head)
	for _, l := range c.lines {
		w = max(w, utf8.RuneCountInString(l))
	}
	return w
}

// writeTable prints two columns side by side, and marks lines that differ with
// an exclamation mark.
func writeTable(out io.Writer, a, b column) {
	row := func(mark, left, right string) {
		pad := strings.Repeat(" ", a.width()-utf8.RuneCountInString(left))
		fmt.Fprintf(out, "%s %s%s | %s\n", mark, left, pad, right)
	}
	row(" ", a.head, b.head)
	row(" ", strings.Repeat("-", a.width()), strings.Repeat("-", b.width()))
	for i := range max(len(a.lines), len(b.lines)) {
		mark := " "
		if i >= len(a.lines) || i >= len(b.lines) || a.lines[i] != b.lines[i] {
			mark = "!"
		}
		row(mark, a.line(i), b.line(i))
	}
	fmt.Fprintln(out)
}

// compare says what is wrong with two transcripts that should be the same.
func compare(a, b []string) error {
	switch {
	case len(a) == 0 && len(b) == 0:
		return errors.New("both transcripts are empty")
	case !slices.Equal(a, b):
		return errors.New("the transcripts differ")
	}
	return nil
}
