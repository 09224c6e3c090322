//go:build !js

package main

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"github.com/twinws/ws/bench/report"
)

// smokeTime bounds TestSmoke, in which most of the time goes into building and
// starting programs, on a busy machine much of it.
const smokeTime = 15 * time.Minute

// TestSmoke has all contestants run one short round, in a window and in a Worker,
// and write a few messages to the slow server.
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
	rows, err := b.speed(cases, options{rounds: 1, duration: 10 * time.Millisecond, warmUp: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(cases) {
		t.Errorf("%d rows of %d cases", len(rows), len(cases))
	}
	for _, r := range rows {
		for _, c := range contestants {
			cpu, rate := r.cpu(c.name), r.rate(c.name)
			if len(r.costs[c.name]) != 1 || !(cpu > 0 && cpu < math.Inf(1)) || !(rate > 0 && rate < math.Inf(1)) {
				t.Errorf("%s, %s: %v", r.traffic, c.name, r.costs[c.name])
			}
		}
	}
	checkHeap(t, b)
}

func checkHeap(t *testing.T, b *bench) {
	const messages = 16
	heap, err := b.heap(messages)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heap {
		// A page's own objects need some 100 KiB. More than all messages and the
		// sender's buffer would not be the messages.
		if h.heap < 100<<10 || h.heap > (messages+16)*heapSize || h.time <= 0 {
			t.Errorf("%s: %s of heap after %v", h.name, report.Size(int(h.heap)), h.time)
		}
	}
}
