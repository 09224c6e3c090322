package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/bench/internal/contestant"
)

// TestMain is also the process of a contestant.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == "-serve" || os.Args[1] == "-hold") {
		main()
		return
	}
	os.Exit(m.Run())
}

// tiny is a run of everything that takes no time and measures nothing.
func tiny(t *testing.T, o options) Results {
	t.Helper()
	o.rounds, o.slice, o.million, o.listeners, o.held = 1, time.Millisecond, 100, 20, 4
	if o.levels == "" {
		o.levels = "10,20"
	}
	o.out = t.TempDir()
	if err := run(context.Background(), o); err != nil && err != errFailed {
		t.Fatal(err)
	}
	s, err := read(filepath.Join(o.out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	return s.Results
}

// TestEveryContestant runs each in every mode that it takes part in.
func TestEveryContestant(t *testing.T) {
	rs := tiny(t, options{modes: strings.Join(append(modeNames(), modeMillion), ","), sizes: "512,65536"})
	for _, r := range rs {
		if r.Err != "" || len(r.CPU) == 0 || r.CPU[0] <= 0 {
			t.Errorf("%s, %s, %s: %v microseconds; %s", r.Mode, r.Case, r.Contestant, r.CPU, r.Err)
		}
	}
	for _, c := range contestant.All {
		for mode, takes := range map[string]bool{
			modePingpong:  true,
			modeInflight:  true,
			modeHandshake: distinct(c),
			modeBroadcast: distinct(c),
			modeIdle:      distinct(c),
			modeDeflate:   distinct(c) && slices.Contains(c.Deflates, contestant.Fresh),
			modeTakeover:  distinct(c) && slices.Contains(c.Deflates, contestant.Takeover),
			modeClient:    c.Dial != nil,
		} {
			took := slices.ContainsFunc(rs, func(r *Result) bool { return r.Mode == mode && r.Contestant == c.Name })
			if took != takes {
				t.Errorf("%s in %s: %t, want %t", c.Name, mode, took, takes)
			}
		}
	}
}

// TestAnotherTree builds the library's source from a directory that is named.
func TestAnotherTree(t *testing.T) {
	rs := tiny(t, options{modes: modePingpong, sizes: "16", only: "ours,ours@.."})
	for _, name := range []string{"ours", "ours@.."} {
		if rs.find(modePingpong, "16 B", name) == nil {
			t.Errorf("%s did not run", name)
		}
	}
}

func TestChoose(t *testing.T) {
	if _, err := choose("ours,nobody"); err == nil {
		t.Error("nobody was chosen")
	}
	if names, err := choose(""); err != nil || len(names) != len(contestant.All) {
		t.Errorf("chose %v, %v", names, err)
	}
}

// TestTargets judges figures that were made up.
func TestTargets(t *testing.T) {
	rs := Results{
		{Mode: modePingpong, Case: "16 B", Contestant: "ours", CPU: []float64{10.84, 11, 30}, Mallocs: []float64{0, 0, 3}},
		{Mode: modePingpong, Case: "16 B", Contestant: "raw", CPU: []float64{10, 10, 30}},
		{Mode: modePingpong, Case: "16 B", Contestant: "gws", CPU: []float64{9, 9, 9}, Err: "the echo is not what was sent"},
		{Mode: modePingpong, Case: "16 B", Contestant: "gorilla", CPU: []float64{20, 20, 60}},
		{Mode: modePingpong, Case: "125 B", Contestant: "ours", CPU: []float64{10.9}, Mallocs: []float64{2}},
		{Mode: modePingpong, Case: "125 B", Contestant: "raw", CPU: []float64{10}},
		{Mode: modeIdle, Case: "1,000", Contestant: "ours", Held: 3700},
		{Mode: modeIdle, Case: "19,000", Contestant: "ours", Held: 3800},
		{Mode: modeIdle, Case: "19,000", Contestant: "gobwas", Held: 5900},
	}
	want := map[string]string{
		"pingpong 16 B":                     "met 1.08 x 2.00 x (gorilla)",
		"pingpong 125 B":                    "missed 1.09 x -",
		"pingpong 512 B":                    "not measured - -",
		"pingpong allocations of a message": "missed 2.00 (125 B) ",
		"idle ours, 19,000 connections":     "met 3800 B 5900 B (gobwas)",
		"idle 1,000 to 19,000":              "met 1.03 x ",
		"handshake ours":                    "not measured - (-) -",
	}
	seen := 0
	for _, g := range rs.targets() {
		if w, ok := want[g.mode+" "+g.what]; ok {
			seen++
			if got := g.verdict() + " " + g.got + " " + g.peer; got != w {
				t.Errorf("%s %s: %q, want %q", g.mode, g.what, got, w)
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d targets are there", seen, len(want))
	}
}

// TestWriteKeepsEarlierCases: what another run measured stays, unless this one
// measured the case again.
func TestWriteKeepsEarlierCases(t *testing.T) {
	dir := t.TempDir()
	for _, r := range []*Result{
		{Mode: modeIdle, Case: "100", X: 100, Contestant: "ours", Held: 1, CPU: []float64{1}},
		{Mode: modePingpong, Case: "16 B", X: 16, Contestant: "ours", CPU: []float64{1}},
		{Mode: modePingpong, Case: "16 B", X: 16, Contestant: "ours", CPU: []float64{2}},
	} {
		if err := (&runner{options: options{out: dir}, results: Results{r}, begun: time.Now()}).finish(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := read(filepath.Join(dir, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Results) != 2 || s.Results.find(modeIdle, "100", "ours") == nil ||
		cpu(s.Results.find(modePingpong, "16 B", "ours")) != 2 {
		t.Errorf("%+v", s.Results)
	}
	if !math.IsNaN(cpu(s.Results.find(modeClient, "125 B", "ours"))) {
		t.Error("a mode that nobody ran has a figure")
	}
	for _, name := range []string{"README.md", "pingpong.svg", "idle.svg"} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || len(data) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
