//go:build !js

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/systeminfo"
)

// measured makes a row of one round, in which JavaScript needs 10 us a message.
func measured(c traffic, naiveCPU, coderCPU, oursCPU float64) row {
	costs := map[string][]cost{javaScript: {{10, 9000}}}
	for name, cpu := range map[string]float64{naive: naiveCPU, coder: coderCPU, ours: oursCPU} {
		costs[name] = []cost{{cpu, 5000}}
	}
	return row{c, costs}
}

func sample() *results {
	return &results{
		home:  homes[0],
		about: []string{"a machine"},
		names: contestants,
		rows: []row{
			measured(traffic{inWindow, false, 16, 64}, 30, 32, 16.9),
			measured(traffic{inWindow, false, 64 << 10, 64}, 30, 32, 16.1),
			measured(traffic{inWorker, true, 1 << 20, 64}, 30, 31, 31),
		},
		heap: []heapRow{{contestants[3], 65 << 20, 1 << 30, 1500 * time.Millisecond}},
	}
}

func TestMarkdown(t *testing.T) {
	got := sample().markdown(true)
	for _, want := range []string{
		"- a machine\n- targets met: 1 of 2\n- rows ahead of coder/websocket: 2 of 3\n" +
			"- JavaScript heap while writing to a slow server: 65.0 MiB, at most 64 asked for: NO\n",
		"| window | binary |   16 B | 64 in flight |            10.0 |      3.00x |           3.20x |        1.69x | at most 1.7x | yes | yes            |\n",
		"| window | binary | 64 KiB | 64 in flight |            10.0 |      3.00x |           3.20x |        1.61x | at most 1.6x | NO  | yes            |\n",
		"| worker | text   |  1 MiB | 64 in flight |            10.0 |      3.00x |           3.10x |        3.10x | -            | -   | NO             |\n",
		"| worker | text   |  1 MiB | 64 in flight |       9000 |       5000 |            5000 |         5000 |\n",
		"| this library |                  65.0 |          1024 |                      1.50 |\n",
		"![binary, in a window](cpu-window-binary.svg)\n![text, in a worker](cpu-worker-text.svg)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no\n%s\nin\n%s", want, got)
		}
	}
}

// Without a contestant there is nothing to judge by it.
func TestMarkdownOfSome(t *testing.T) {
	r := sample()
	r.names, r.heap = contestants[:3], nil
	for i := range r.rows {
		delete(r.rows[i].costs, ours)
	}
	got := r.markdown(false)
	for _, no := range []string{"targets met", "rows ahead", "heap", "| yes", "| NO", ".svg"} {
		if strings.Contains(got, no) {
			t.Errorf("%q without this library and without charts:\n%s", no, got)
		}
	}
}

// Without DevTools it is rates that are judged, and there are no charts.
func TestMarkdownOfRates(t *testing.T) {
	costs := map[string][]cost{javaScript: {{10, 9000}, {10, 8000}}, ours: {{12, 6000}, {12, 8000}}}
	r := &results{home: homes[1], names: []contestant{contestants[0], contestants[3]}, rows: []row{
		{traffic{inWindow, false, 16, 64}, costs},
		{traffic{inWorker, true, 64 << 10, 1}, map[string][]cost{javaScript: {{10, 1310}}, ours: {{30, 1000}}}},
	}}
	got := r.markdown(true)
	for _, want := range []string{
		"- targets met: 1 of 2\n- the furthest from it: 1.31x in worker/text/65536/1\n",
		"a headless Firefox of its own",
		"| window | binary |   16 B | 64 in flight |       8500 |         7000 |                     1.25x |    1.20x | at most 1.3x | yes |\n",
		"| worker | text   | 64 KiB | ping-pong    |       1310 |         1000 |                     1.31x |    3.00x | at most 1.3x | NO  |\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no\n%s\nin\n%s", want, got)
		}
	}
	for _, no := range []string{"headless Chrome", "DevTools", ".svg", "coder"} {
		if strings.Contains(got, no) {
			t.Errorf("%q in a report of rates:\n%s", no, got)
		}
	}
	if charts := r.charts(); len(charts) != 0 {
		t.Errorf("%d charts", len(charts))
	}
}

// A run replaces what the report says of its browser, and nothing else.
func TestMerge(t *testing.T) {
	r := &results{home: homes[1], about: []string{"a new run"}}
	const (
		title    = "# What a message costs in a browser\n"
		chromium = "\n## Chromium\n\n- a run\n\n### CPU time\n\n| a |\n"
		firefox  = "\n## Firefox\n\n- a new run\n"
		webkit   = "\n## WebKitGTK\n\n- another run\n"
	)
	for _, tt := range []struct{ before, want string }{
		{"", title + firefox},
		{title + chromium + webkit, title + chromium + firefox + webkit},
		{title + chromium + "\n## Firefox\n\n- an old run\n\n### Messages\n" + webkit, title + chromium + firefox + webkit},
		{title + firefox, title + firefox},
	} {
		if got := r.merge(tt.before); got != tt.want {
			t.Errorf("%q became\n%q, want\n%q", tt.before, got, tt.want)
		}
	}
}

// A busy neighbour slows a whole round down: the ratio is of each round, not of
// the medians.
func TestRatioPairsRounds(t *testing.T) {
	r := row{costs: map[string][]cost{
		javaScript: {{10, 0}, {100, 0}, {20, 0}},
		ours:       {{20, 0}, {150, 0}, {60, 0}},
	}}
	if got := r.ratio(ours); got != 2 {
		t.Errorf("ratio %v, want 2, the median of 2, 1.5 and 3", got)
	}
	if got := r.cpu(javaScript); got != 20 {
		t.Errorf("JavaScript's median %v, want 20", got)
	}
}

func TestWrite(t *testing.T) {
	dir, r := filepath.Join(t.TempDir(), "new", "results"), sample()
	if err := r.write(dir); err != nil {
		t.Fatal(err)
	}
	want := append(slices.Collect(maps.Keys(r.charts())), "README.md")
	for _, name := range want {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if strings.HasSuffix(name, ".svg") && !strings.Contains(string(content), "this library") {
			t.Errorf("%s does not show this library", name)
		}
	}
	if len(want) != 5 {
		t.Errorf("%d files %v, want two charts of two groups, and the text", len(want), want)
	}
}

func TestBusiest(t *testing.T) {
	before := []*systeminfo.ProcessInfo{{ID: 1, CPUTime: 50}, {ID: 2, CPUTime: 1}}
	after := []*systeminfo.ProcessInfo{{ID: 1, CPUTime: 51}, {ID: 2, CPUTime: 4}, {ID: 3, CPUTime: 2}}
	if got := busiest(before, after); got != 2 {
		t.Errorf("process %d, want 2", got)
	}
}
