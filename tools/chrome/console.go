package chrome

import (
	"strings"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// Errors returns what the page has complained about since the last call:
// console.error and failed assertions, exceptions nobody caught, and what the
// browser itself reported, such as failed requests and violations of a policy.
func (p *Tab) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.errors
	p.errors = nil
	return all
}

// WaitError waits for a complaint that contains part, takes it and every one
// before it, and returns it: what the browser reports comes a little later than
// what JavaScript sees.
func (p *Tab) WaitError(part string) string {
	p.t.Helper()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for end := time.Now().Add(Patience); time.Now().Before(end); <-tick.C {
		if e, ok := p.takeError(part); ok {
			return e
		}
	}
	p.t.Fatalf("after %v the console has said nothing of %q, but %q", Patience, part, p.Errors())
	return ""
}

func (p *Tab) takeError(part string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, e := range p.errors {
		if strings.Contains(e, part) {
			p.errors = p.errors[i+1:]
			return e, true
		}
	}
	return "", false
}

func (p *Tab) complain(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.errors = append(p.errors, what)
}

// listen takes the tab's events. It must not call the browser.
func (p *Tab) listen(event any) {
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		p.navigated(e)
	case *page.EventBackForwardCacheNotUsed:
		p.notCached(e)
	case *runtime.EventExceptionThrown:
		p.complain("uncaught: " + exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeAssert {
			p.complain("console." + string(e.Type) + ": " + arguments(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			p.complain(strings.TrimSpace(string(e.Entry.Source) + ": " + e.Entry.Text + " " + e.Entry.URL))
		}
	}
}

// exception is an exception in the page's own words, with its stack.
func exception(e *runtime.ExceptionDetails) string {
	if e.Exception != nil {
		return e.Text + " " + arguments([]*runtime.RemoteObject{e.Exception})
	}
	return e.Text
}

// arguments are values as the console would print them.
func arguments(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		switch {
		case a.Description != "":
			all = append(all, a.Description)
		default:
			all = append(all, strings.Trim(string(a.Value), `"`))
		}
	}
	return strings.Join(all, " ")
}
