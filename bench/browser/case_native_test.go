//go:build !js

package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestSelectCases(t *testing.T) {
	for _, tt := range []struct {
		patterns string
		want     int
		first    string
	}{
		{"", 32, "window/binary/16/1"},
		{"window/binary/16/64", 1, "window/binary/16/64"},
		{"worker/*/16/*", 4, "worker/binary/16/1"},
		{"worker/text/1024/1,window/*/*/64", 9, "window/binary/16/64"},
		{"*/*/1048576/*", 8, "window/binary/1048576/1"},
	} {
		got, err := selectCases(tt.patterns)
		if err != nil || len(got) != tt.want || got[0].String() != tt.first {
			t.Errorf("%q: %d cases %v, %v; want %d from %s on", tt.patterns, len(got), got, err, tt.want, tt.first)
		}
	}
	for patterns, want := range map[string]string{"window/16": "no case matches", "[": "syntax error"} {
		if got, err := selectCases(patterns); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want an error with %q", patterns, got, err, want)
		}
	}
}

func TestSelectContestants(t *testing.T) {
	for _, tt := range []struct{ names, want string }{
		{"", "[javascript naive coder ws]"},
		{"ws", "[javascript ws]"},
		{"coder,javascript", "[javascript coder]"},
		{"gorilla", "error"},
	} {
		chosen, err := selectContestants(tt.names)
		var names []string
		for _, c := range chosen {
			names = append(names, c.name)
		}
		got := fmt.Sprint(names)
		if err != nil {
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%q: %s (%v), want %s", tt.names, got, err, tt.want)
		}
	}
	if contestants[0].name != javaScript {
		t.Errorf("the first contestant is %q: the others are compared with it", contestants[0].name)
	}
}

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		size, flight int
		want         float64
	}{
		{16, 64, 1.7},
		{1 << 10, 64, 1.7},
		{64 << 10, 64, 1.6},
		{1 << 20, 64, math.NaN()},
		{16, 1, 2.3},
		{1 << 20, 1, 2.3},
	} {
		got := traffic{size: tt.size, flight: tt.flight}.target()
		if got != tt.want && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("%d bytes, %d in flight: %v, want %v", tt.size, tt.flight, got, tt.want)
		}
	}
}
