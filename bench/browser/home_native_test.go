//go:build !js

package main

import (
	"strings"
	"testing"
	"time"
)

func TestSelectHomes(t *testing.T) {
	for names, want := range map[string]string{
		"chromium":                "chromium",
		"webkit":                  "webkit",
		"webkit,chromium":         "chromium webkit",
		"chromium,firefox,webkit": "chromium firefox webkit",
		"":                        `no browser ""`,
		"firefox,netscape":        `no browser "netscape"`,
	} {
		chosen, err := selectHomes(names)
		var got []string
		for _, h := range chosen {
			got = append(got, h.name)
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if !strings.HasPrefix(strings.Join(got, " "), want) {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
}

// What the flags say goes before what a home has by itself.
func TestDefaults(t *testing.T) {
	all, err := selectCases("")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		home     home
		cases    int
		who      string
		duration time.Duration
	}{
		{homes[0], 32, "", 100 * time.Millisecond},
		{homes[1], 24, ours, 250 * time.Millisecond},
		{homes[2], 24, ours, 250 * time.Millisecond},
	} {
		if got := tt.home.cases(all); len(got) != tt.cases {
			t.Errorf("%s: %d cases, want %d: %v", tt.home.title, len(got), tt.cases, got)
		}
		o := tt.home.defaults(options{})
		if o.who != tt.who || o.duration != tt.duration || o.rounds < 5 {
			t.Errorf("%s: %+v by default", tt.home.title, o)
		}
		set := options{who: "naive", duration: time.Second, rounds: 1}
		if got := tt.home.defaults(set); got != set {
			t.Errorf("%s: %+v, want what was set: %+v", tt.home.title, got, set)
		}
	}
}

// Where DevTools measures CPU time, the targets are of that; elsewhere of
// rates.
func TestHomesJudge(t *testing.T) {
	r := row{traffic{inWindow, false, 16, 64}, map[string][]cost{
		javaScript: {{10, 9000}, {10, 8000}, {10, 9000}},
		ours:       {{15, 4500}, {16, 6400}, {17, 6000}},
	}}
	for _, tt := range []struct {
		home           home
		factor, target float64
	}{
		{homes[0], 1.6, 1.7},
		{homes[1], 1.5, 1.3},
		{homes[2], 1.5, 1.3},
	} {
		if got := tt.home.factor(r, ours); got != tt.factor {
			t.Errorf("%s: a factor of %v, want %v", tt.home.title, got, tt.factor)
		}
		if got := tt.home.target(r.traffic); got != tt.target {
			t.Errorf("%s: a target of %v, want %v", tt.home.title, got, tt.target)
		}
	}
}
