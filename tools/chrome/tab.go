package chrome

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// pollEvery is how often Wait asks the page.
const pollEvery = 20 * time.Millisecond

// Tab is a page of a Browser. It is for the goroutine of its test alone.
type Tab struct {
	t     testing.TB
	ctx   context.Context
	close context.CancelFunc
	shown chan *page.EventFrameNavigated // of the page itself, not of its frames

	mu     sync.Mutex
	errors []string // protected by mu; what the console has said
	cache  []string // protected by mu; why the last page could not be restored
}

// Open opens url in a new tab and waits until it has loaded. The tab is closed
// after the test, if not before.
func (b *Browser) Open(t testing.TB, url string) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	p := &Tab{t: t, ctx: ctx, close: cancel, shown: make(chan *page.EventFrameNavigated, 64)}
	t.Cleanup(p.Close)
	chromedp.ListenTarget(ctx, p.listen)
	if err := chromedp.Run(ctx); err != nil { // makes the tab; its context is the tab's life
		t.Fatalf("opening a tab: %v", err)
	}
	// A tab that thinks it has no focus would not take keys.
	p.run("opening a tab", emulation.SetFocusEmulationEnabled(true))
	p.Goto(url)
	return p
}

// Close closes the tab. It may be called twice.
func (p *Tab) Close() { p.close() }

// Goto leads the tab to url and waits until it has loaded.
func (p *Tab) Goto(url string) {
	p.t.Helper()
	p.run("going to "+url, chromedp.Navigate(url))
}

// Back goes back in the tab's history. It reports whether the page came, with
// its JavaScript as it stood, from the back/forward cache, and if not, why.
func (p *Tab) Back() (restored bool, why []string) {
	p.t.Helper()
	for len(p.shown) > 0 {
		<-p.shown
	}
	p.mu.Lock()
	p.cache = nil
	p.mu.Unlock()
	var current int64
	var entries []*page.NavigationEntry
	p.run("reading the history", chromedp.NavigationEntries(&current, &entries))
	if current < 1 {
		p.t.Fatal("there is no page to go back to")
	}
	p.run("going back", page.NavigateToHistoryEntry(entries[current-1].ID))
	late := time.NewTimer(Patience)
	defer late.Stop()
	select {
	case e := <-p.shown:
		restored = e.Type == page.NavigationTypeBackForwardCacheRestore
	case <-late.C:
		p.t.Fatalf("going back took longer than %v", Patience)
	}
	p.Wait(`document.readyState == "complete"`)
	p.mu.Lock()
	defer p.mu.Unlock()
	return restored, p.cache
}

// Eval evaluates a JavaScript expression in the tab, awaits it if it is a
// promise, and returns its value, which goes by JSON; undefined is as null. An
// exception ends the test.
func Eval[T any](p *Tab, expression string) T {
	p.t.Helper()
	v, err := p.eval(expression)
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	var result T
	if len(v) > 0 {
		if err := json.Unmarshal(v, &result); err != nil {
			p.t.Fatalf("%s: got %s: %v", expression, v, err)
		}
	}
	return result
}

// Do evaluates an expression for what it does.
func (p *Tab) Do(expression string) {
	p.t.Helper()
	Eval[json.RawMessage](p, "(async()=>{"+expression+"\n})()")
}

// Wait waits until a JavaScript expression is true. Exceptions count as false,
// so that it can ask for what is not there yet.
func (p *Tab) Wait(condition string) {
	p.t.Helper()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var v json.RawMessage
	var err error
	for end := time.Now().Add(Patience); time.Now().Before(end); <-tick.C {
		if v, err = p.eval("!!(" + condition + ")"); err == nil && string(v) == "true" {
			return
		}
	}
	p.t.Fatalf("after %v it does not hold that %s (%s, %v); the console: %q", Patience, condition, v, err, p.Errors())
}

func (p *Tab) eval(expression string) (v json.RawMessage, err error) {
	err = p.try(chromedp.ActionFunc(func(ctx context.Context) error {
		o, thrown, err := runtime.Evaluate(expression).WithAwaitPromise(true).WithReturnByValue(true).WithUserGesture(true).Do(ctx)
		if err == nil && thrown != nil {
			err = fmt.Errorf("it threw: %s", exception(thrown))
		}
		if err == nil {
			v = json.RawMessage(o.Value)
		}
		return err
	}))
	return v, err
}

// run does actions, or ends the test.
func (p *Tab) run(what string, actions ...chromedp.Action) {
	p.t.Helper()
	if err := p.try(actions...); err != nil {
		p.t.Fatalf("%s: %v; the console: %q", what, err, p.Errors())
	}
}

func (p *Tab) try(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// navigated notes which page the tab shows.
func (p *Tab) navigated(e *page.EventFrameNavigated) {
	if e.Frame.ParentID != cdp.FrameID("") {
		return
	}
	select {
	case p.shown <- e:
	default: // nobody has gone back for 64 pages
	}
}

func (p *Tab) notCached(e *page.EventBackForwardCacheNotUsed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range e.NotRestoredExplanations {
		p.cache = append(p.cache, string(x.Reason))
	}
}
