package main

import (
	"strings"
	"testing"
)

func TestWriteTable(t *testing.T) {
	var out strings.Builder
	writeTable(&out,
		column{"one", []string{"same", "wörld", "left"}},
		column{"two", []string{"same", "world", "left", "more"}})
	want := `
  one   | two
  ----- | -----
  same  | same
! wörld | world
  left  | left
!       | more

`[1:]
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []string
		want string
	}{
		{"the same", []string{"x", "y"}, []string{"x", "y"}, ""},
		{"another line", []string{"x"}, []string{"y"}, "the transcripts differ"},
		{"a line less", []string{"x", "y"}, []string{"x"}, "the transcripts differ"},
		{"one empty", nil, []string{"x"}, "the transcripts differ"},
		{"both empty", nil, nil, "both transcripts are empty"},
	} {
		got := ""
		if err := compare(tt.a, tt.b); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestLines(t *testing.T) {
	if got := lines("a\nb\n"); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("lines = %q, want a and b", got)
	}
	if got := lines("\n"); got != nil {
		t.Errorf("an empty transcript has %d lines, want none", len(got))
	}
}

func TestListening(t *testing.T) {
	url, err := listening(strings.NewReader("starting\nlistening on http://127.0.0.1:4711\nmore\n"))
	if err != nil || url != "http://127.0.0.1:4711" {
		t.Errorf("listening = %q, %v", url, err)
	}
	if url, err := listening(strings.NewReader("address in use\n")); err == nil {
		t.Errorf("a server that ended at once listens on %q", url)
	}
}
