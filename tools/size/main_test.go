package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestThousands(t *testing.T) {
	for _, tt := range []struct {
		n    int
		want string
	}{
		{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1,000"}, {40005, "40,005"}, {2950000, "2,950,000"}, {-1234, "-1,234"},
	} {
		if got := thousands(tt.n); got != tt.want {
			t.Errorf("thousands(%d) = %q, want %q", tt.n, got, tt.want)
		}
	}
}

func TestOverBudget(t *testing.T) {
	s := size{raw: 100, gzip: 50, brotli: 40}
	for _, tt := range []struct {
		name   string
		budget size
		want   bool
	}{
		{"no budget", size{}, false},
		{"exactly at it", size{100, 50, 40}, false},
		{"one byte over raw", size{99, 50, 40}, true},
		{"one byte over gzip", size{100, 49, 40}, true},
		{"one byte over brotli", size{100, 50, 39}, true},
		{"brotli alone, kept", size{brotli: 40}, false},
	} {
		if got := s.over(tt.budget); got != tt.want {
			t.Errorf("%s: over = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMeasureCompresses(t *testing.T) {
	s, err := measure([]byte(strings.Repeat("hello, ", 10000)))
	if err != nil {
		t.Fatal(err)
	}
	if s.raw != 70000 || s.gzip <= 0 || s.gzip >= 1000 || s.brotli <= 0 || s.brotli >= s.gzip {
		t.Errorf("measure = %+v: want 70000 raw bytes, and brotli < gzip < 1000", s)
	}
}

func TestPrintNamesVersionBudgetAndPeer(t *testing.T) {
	var b bytes.Buffer
	print(&b, "go1.99.1", []row{{what: "x", got: size{1234, 5, 6}, budget: size{brotli: 7}, coder: size{8, 9, 10}}})
	for _, want := range []string{"bytes, go1.99.1,", "1,234", "at most", "coder/websocket"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
}
