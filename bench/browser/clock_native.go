//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"
)

// clock reads CPU time: only differences mean something.
type clock interface {
	read() (time.Duration, error)
	// what says whose time it is.
	what() string
}

// mainThread is the clock of a page's main thread, from the DevTools protocol.
type mainThread struct{ ctx context.Context }

func (m mainThread) what() string {
	return "main thread, by ThreadTime of the DevTools protocol's Performance.getMetrics"
}

func (m mainThread) read() (time.Duration, error) {
	var metrics []*performance.Metric
	err := chromedp.Run(m.ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		metrics, err = performance.GetMetrics().Do(ctx)
		return err
	}))
	if err != nil {
		return 0, err
	}
	for _, v := range metrics {
		if v.Name == "ThreadTime" {
			return time.Duration(v.Value * float64(time.Second)), nil
		}
	}
	return 0, errors.New("Performance.getMetrics has no ThreadTime")
}

// renderers is the clock of all of Chrome's renderer processes together. Only
// one of them is at work, but with all of its threads.
type renderers struct{ c *chrome }

func (r renderers) what() string {
	return "all threads of the renderer process, by the DevTools protocol's SystemInfo.getProcessInfo"
}

func (r renderers) read() (time.Duration, error) {
	list, err := r.c.renderers()
	sum := 0.0
	for _, p := range list {
		sum += p.CPUTime
	}
	return time.Duration(sum * float64(time.Second)), err
}

// renderers returns Chrome's renderer processes.
func (c *chrome) renderers() (list []*systeminfo.ProcessInfo, err error) {
	err = c.do(func(ctx context.Context) error {
		all, err := systeminfo.GetProcessInfo().Do(ctx)
		for _, p := range all {
			if p.Type == "renderer" {
				list = append(list, p)
			}
		}
		return err
	})
	return list, err
}

// workerClock returns the clock of the Worker that appeared since the threads
// before were listed. DevTools has no clock for a Worker; Linux has one for
// each thread, elsewhere its process's has to do.
func (c *chrome) workerClock(before map[thread]bool) (clock, error) {
	if !hasThreadClocks() {
		return renderers{c}, nil
	}
	after, err := c.workers()
	if err != nil {
		return nil, err
	}
	var found []thread
	for t := range after {
		if !before[t] {
			found = append(found, t)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d threads of Workers appeared with one Worker", len(found))
	}
	return found[0], nil
}

// workers returns the threads of all Workers, none where threads cannot be
// listed.
func (c *chrome) workers() (map[thread]bool, error) {
	list, err := c.renderers()
	found := map[thread]bool{}
	for _, p := range list {
		for _, t := range workerThreads(int(p.ID)) {
			found[t] = true
		}
	}
	return found, err
}
