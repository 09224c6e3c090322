//go:build !js

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/twinws/ws/bench/report"
)

// The program that the heap is measured of: it writes one buffer again and again,
// to a server that reads slowly.
const (
	heapMessages = 500
	heapSize     = 1 << 20 // bytes of a message
	heapBudget   = 64 << 20
	heapInterval = 20 * time.Millisecond // between two looks at the heap
)

// heapRow is the memory that one contestant took, in bytes.
type heapRow struct {
	contestant
	heap float64 // the most that JavaScript's heap and its buffers held
	rss  int64   // the most that the process held, 0 where not known
	time time.Duration
}

// heap measures all contestants, in a fresh window each.
func (b *bench) heap() (rows []heapRow, err error) {
	for _, c := range b.names {
		r, err := b.heapOf(c)
		if err != nil {
			return nil, fmt.Errorf("heap of %s: %w", c.name, err)
		}
		fmt.Fprintf(os.Stderr, "heap  %s %s MiB, written after %v\n", c.name, mebi(r.heap), r.time.Round(time.Millisecond))
		rows = append(rows, r)
	}
	return rows, nil
}

func (b *bench) heapOf(c contestant) (r heapRow, err error) {
	before, err := b.chrome.renderers()
	if err != nil {
		return r, err
	}
	_ = before
	t, err := b.open(c.name, inWindow)
	if err != nil {
		return r, err
	}
	defer t.cancel()
	if err := b.connect(t, "/sink", traffic{inWindow, false, heapSize, 1}); err != nil {
		return r, err
	}
	r.contestant = c
	begin := time.Now()
	written := make(chan error, 1)
	go func() { written <- t.call(nil, "fill", heapMessages) }()
	look := time.NewTicker(heapInterval)
	defer look.Stop()
	for done := false; !done; {
		select {
		case err = <-written:
			done, r.time = true, time.Since(begin)
		case <-look.C:
		}
		now, usageErr := t.heapUsage()
		if err == nil {
			err = usageErr
		}
		if err != nil {
			return r, err
		}
		r.heap = max(r.heap, now)
	}
	return r, nil
}

// heapUsage returns what JavaScript's heap and the memory of its ArrayBuffers hold
// at the moment, garbage included, in bytes.
func (t *tab) heapUsage() (bytes float64, err error) {
	err = chromedp.Run(t.ctx, chromedp.ActionFunc(func(ctx context.Context) error {
		used, total, embedder, buffers, err := runtime.GetHeapUsage().Do(ctx)
		fmt.Fprintln(os.Stderr, used, total, embedder, buffers)
		bytes = used + buffers
		return err
	}))
	return bytes, err
}

func mebi(bytes float64) string { return report.Number(bytes / (1 << 20)) }
