//go:build !js

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"

	"github.com/twinws/ws/bench/report"
)

// The program that the heap is measured of: it writes one buffer again and
// again, to a server that reads slowly.
const (
	heapMessages = 500
	heapSize     = 1 << 20 // bytes of a message
	heapBudget   = 64 << 20
	heapInterval = 20 * time.Millisecond // between two looks at the heap
)

// heapRow is the memory that one contestant took, in bytes.
type heapRow struct {
	contestant
	heap    float64       // the most that JavaScript's heap and its buffers held
	process int64         // the most that the process held, 0 where not known
	time    time.Duration // until the last write had returned
}

// heap measures all contestants, in a fresh window each. It takes the DevTools
// protocol to see a heap.
func (b *bench) heap(messages int) (rows []heapRow, err error) {
	chrome, ok := b.browser.(*chrome)
	if !ok {
		return nil, fmt.Errorf("the heap of %s cannot be looked at: only that of Chromium can, with -in chromium", b.home.title)
	}
	for _, c := range b.names {
		r, err := b.heapOf(chrome, c, messages)
		if err != nil {
			return nil, fmt.Errorf("heap of %s: %w", c.name, err)
		}
		fmt.Fprintf(os.Stderr, "heap  %s %s MiB, written after %v\n", c.name, mebi(r.heap), r.time.Round(time.Millisecond))
		rows = append(rows, r)
	}
	return rows, nil
}

// heapOf has one contestant write, and looks at its memory until it has.
func (b *bench) heapOf(chrome *chrome, c contestant, messages int) (r heapRow, err error) {
	t, err := chrome.open(c.name, inWindow)
	if err != nil {
		return r, err
	}
	defer t.close()
	if err := b.connect(t, "/sink", traffic{inWindow, false, heapSize, 1}); err != nil {
		return r, err
	}
	before, err := chrome.renderers()
	if err != nil {
		return r, err
	}
	r.contestant = c
	begin := time.Now()
	written := make(chan error, 1)
	go func() { written <- t.call(nil, "fill", messages) }()
	look := time.NewTicker(heapInterval)
	defer look.Stop()
	for done := false; !done; {
		select {
		case err := <-written:
			if err != nil {
				return r, err
			}
			done, r.time = true, time.Since(begin)
		case <-look.C:
		}
		now, err := t.heapUsage()
		if err != nil {
			return r, err
		}
		r.heap = max(r.heap, now)
	}
	after, err := chrome.renderers()
	r.process = peakMemory(busiest(before, after))
	return r, err
}

// busiest returns the process that used most of the CPU between two lists of
// them.
func busiest(before, after []*systeminfo.ProcessInfo) (pid int) {
	used, most := map[int64]float64{}, 0.0
	for _, p := range before {
		used[p.ID] = p.CPUTime
	}
	for _, p := range after {
		if d := p.CPUTime - used[p.ID]; d > most {
			pid, most = int(p.ID), d
		}
	}
	return pid
}

// heapUsage returns what JavaScript's heap and the memory of its ArrayBuffers
// hold at the moment, garbage included, in bytes.
func (t *tab) heapUsage() (bytes float64, err error) {
	err = chromedp.Run(t.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		used, _, _, buffers, err := runtime.GetHeapUsage().Do(ctx)
		bytes = used + buffers
		return err
	}))
	return bytes, err
}

func mebi(bytes float64) string { return report.Number(bytes / (1 << 20)) }
