//go:build !js

package main

import (
	"context"
	"fmt"

	cdpbrowser "github.com/chromedp/cdproto/browser"
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

// chrome is a running headless Chrome, driven over the DevTools protocol.
type chrome struct {
	ctx     context.Context
	cancel  context.CancelFunc
	url     string // of the page
	version string // such as "Chrome/156.0.0.0"
}

func (c *chrome) about() string { return c.version }

// startChrome starts the first Chrome or Chromium on the PATH. For root,
// chromedp adds --no-sandbox by itself.
func startChrome(ctx context.Context, s *server) (browser, error) {
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("enable-precise-memory-info", true), chromedp.WSURLReadTimeout(startTime))
	ctx, cancel := chromedp.NewExecAllocator(ctx, flags...)
	ctx, _ = chromedp.NewContext(ctx)
	c := &chrome{ctx: ctx, cancel: cancel, url: s.URL + "/"}
	if err := chromedp.Run(ctx); err != nil {
		cancel()
		return nil, fmt.Errorf("starting Chrome: %w", err)
	}
	err := c.do(func(ctx context.Context) (err error) {
		_, c.version, _, _, _, err = cdpbrowser.GetVersion().Do(ctx)
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

// devTools is a page that is called over the DevTools protocol.
type devTools struct{}

func (devTools) do(ctx context.Context, target string, args []byte, result any) error {
	return chromedp.Run(ctx, chromedp.Evaluate(fmt.Sprintf("%s(...%s)", target, args), result,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

// open opens a window, has it load the contestant, and finds its clock.
func (c *chrome) open(name string, p place) (*tab, error) {
	before, err := c.workers()
	if err != nil {
		return nil, err
	}
	t, err := c.window(p)
	if err != nil {
		return nil, err
	}
	if err = t.call(nil, "load", name); err == nil {
		if t.clock = (mainThread{t.ctx}); p == inWorker {
			t.clock, err = c.workerClock(before)
		}
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// window opens the page in a browser context of its own: pages of the same site
// may otherwise share a process, and with it JavaScript's heap and its
// collections.
func (c *chrome) window(p place) (*tab, error) {
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
	t := &tab{page: devTools{}, ctx: ctx, close: cancel, place: p}
	// What chromedp enables by itself reports each frame of a WebSocket and
	// attaches to each Worker: none of that may be measured.
	err = chromedp.Run(ctx,
		network.Disable(), css.Disable(), dom.Disable(), log.Disable(),
		target.SetAutoAttach(false, false),
		performance.Enable().WithTimeDomain(performance.EnableTimeDomainThreadTicks),
		chromedp.Navigate(c.url),
	)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("opening %s: %w", c.url, err)
	}
	return t, nil
}
