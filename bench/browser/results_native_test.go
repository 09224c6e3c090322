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
