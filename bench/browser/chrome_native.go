//go:build !js

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/css"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

const (
	// startTime bounds the start of Chrome, for which chromedp has 20 s.
	startTime = 3 * time.Minute
	// patience bounds each thing that is asked of Chrome.
	patience = time.Minute
)

// chrome is a running headless Chrome.
type chrome struct {
	ctx     context.Context
	cancel  context.CancelFunc
	version string // such as "Chrome/156.0.0.0"
}

// startChrome starts the first Chrome or Chromium on the PATH. For root,
// chromedp adds --no-sandbox by itself.
func startChrome(ctx context.Context) (*chrome, error) {
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("enable-precise-memory-info", true), chromedp.WSURLReadTimeout(startTime))
	ctx, cancel := chromedp.NewExecAllocator(ctx, flags...)
	ctx, _ = chromedp.NewContext(ctx)
	c := &chrome{ctx: ctx, cancel: cancel}
	if err := chromedp.Run(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("starting Chrome: %w", err)
	}
	err := c.do(func(ctx context.Context) (err error) {
		_, c.version, _, _, _, err = browser.GetVersion().Do(ctx)
		return err
	})
	if err != nil {
		cancel()
		return nil, err
	}
	return c, nil
}

// do runs f with a context for commands to the browser itself.
func (c *chrome) do(f func(ctx context.Context) error) error {
	return f(cdp.WithExecutor(c.ctx, chromedp.FromContext(c.ctx).Browser))
}

// close ends Chrome and removes its profile.
func (c *chrome) close() error {
	defer c.cancel()
	return chromedp.Cancel(c.ctx)
}

// tab is one page with one contestant, in a renderer process of its own.
type tab struct {
	ctx    context.Context
	cancel context.CancelFunc
	place  place
	clock  clock
}

// open opens the page at url in a browser context of its own: pages of the same
// site may otherwise share a process, and with it JavaScript's heap and its
// collections.
func (c *chrome) open(url string, p place) (*tab, error) {
	var id target.ID
	err := c.do(func(ctx context.Context) error {
		own, err := target.CreateBrowserContext().WithDisposeOnDetach(true).Do(ctx)
		if err != nil {
			return err
		}
		id, err = target.CreateTarget("about:blank").WithBrowserContextID(own).WithNewWindow(true).Do(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("opening a window: %w", err)
	}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithTargetID(id))
	t := &tab{ctx: ctx, cancel: cancel, place: p}
	// What chromedp enables by itself reports each frame of a WebSocket and
	// attaches to each Worker: none of that may be measured.
	err = chromedp.Run(ctx,
		network.Disable(), css.Disable(), dom.Disable(), log.Disable(),
		target.SetAutoAttach(false, false),
		performance.Enable().WithTimeDomain(performance.EnableTimeDomainThreadTicks),
		chromedp.Navigate(url),
	)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("opening %s: %w", url, err)
	}
	return t, nil
}

// call calls a method of the page's host and waits for its result, which it
// puts into result unless that is nil.
func (t *tab) call(result any, method string, args ...any) error {
	list, err := json.Marshal(append([]any{method}, args...))
	if err != nil {
		return err
	}
	function := "inWindow"
	if t.place == inWorker {
		function = "inWorker"
	}
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	err = chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf("%s(...%s)", function, list), result,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	if err != nil {
		return fmt.Errorf("%s in the %s: %w", method, t.place, err)
	}
	return nil
}
