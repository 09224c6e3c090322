//go:build !js

package main

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/bench/report"
)

// smokeTime bounds TestSmoke, in which most of the time goes into building and
// starting programs, on a busy machine much of it.
const smokeTime = 15 * time.Minute

// TestSmokeVisited has JavaScript and this library run short rounds in the
// browsers that are not driven.
func TestSmokeVisited(t *testing.T) {
	for _, name := range []string{"WS_NO_BROWSER", "WS_NO_HOMES"} {
		if os.Getenv(name) == "1" {
			t.Logf("left out, as %s=1 asks: the benchmark in Firefox and in WebKit", name)
			return
		}
	}
	for _, h := range homes[1:] {
		t.Run(h.name, func(t *testing.T) { smoke(t, h, "window/text/16/64,worker/binary/65536/1") })
	}
}

func smoke(t *testing.T, h home, patterns string) {
	ctx, cancel := context.WithTimeout(t.Context(), smokeTime)
	defer cancel()
	o := h.defaults(options{rounds: 2, duration: 20 * time.Millisecond, warmUp: 2 * time.Millisecond})
	names, err := selectContestants(o.who)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := selectCases(patterns)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBench(ctx, h, names)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	rows, err := b.speed(cases, o)
	if err != nil {
		t.Fatalf("%v; scripts/need.sh homes installs what is missing, WS_NO_HOMES=1 leaves this test out", err)
	}
	checkRows(t, rows, cases, names, o)
	if _, err := b.heap(1); err == nil || !strings.Contains(err.Error(), "-in chromium") {
		t.Errorf("the heap = %v, want an error that names what can", err)
	}
	if about := b.about(o)[0]; !strings.Contains(about, h.title) {
		t.Errorf("about %q, want the version of %s", about, h.title)
	}
}

// checkRows has a figure of each contestant for each round of each case.
func checkRows(t *testing.T, rows []row, cases []traffic, names []contestant, o options) {
	t.Helper()
	if len(rows) != len(cases) {
		t.Errorf("%d rows of %d cases", len(rows), len(cases))
	}
	for _, r := range rows {
		for _, c := range names {
			cpu, rate := r.cpu(c.name), r.rate(c.name)
			if cpu == 0 && !hasThreadClocks() { // a visited browser elsewhere than on Linux
				cpu = 1
			}
			if len(r.costs[c.name]) != o.rounds || !(cpu > 0 && cpu < math.Inf(1)) || !(rate > 0 && rate < math.Inf(1)) {
				t.Errorf("%s, %s: %v", r.traffic, c.name, r.costs[c.name])
			}
		}
	}
}

// TestSmoke has all contestants run one short round, in a window and in a
// Worker, and write a few messages to the slow server.
func TestSmoke(t *testing.T) {
	if os.Getenv("WS_NO_BROWSER") == "1" {
		t.Log("left out, as WS_NO_BROWSER=1 asks: the benchmark in a browser")
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), smokeTime)
	defer cancel()
	b, err := newBench(ctx, homes[0], contestants)
	if err != nil {
		t.Fatalf("%v; install Chromium (Debian: apt-get install chromium), or set WS_NO_BROWSER=1", err)
	}
	defer b.close()
	cases, err := selectCases("window/binary/65536/1,window/text/16/64,worker/binary/16/64,worker/text/1024/1")
	if err != nil {
		t.Fatal(err)
	}
	o := options{rounds: 1, duration: 10 * time.Millisecond, warmUp: 2 * time.Millisecond}
	rows, err := b.speed(cases, o)
	if err != nil {
		t.Fatal(err)
	}
	checkRows(t, rows, cases, contestants, o)
	checkHeap(t, b)
}

func checkHeap(t *testing.T, b *bench) {
	const messages = 16
	heap, err := b.heap(messages)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heap {
		// A page's own objects need some 100 KiB. More than all messages and
		// the sender's buffer would not be the messages.
		if h.heap < 100<<10 || h.heap > (messages+16)*heapSize || h.time <= 0 {
			t.Errorf("%s: %s of heap after %v", h.name, report.Size(int(h.heap)), h.time)
		}
	}
}
