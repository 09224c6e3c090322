//go:build !js

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// startTime bounds the start of a browser. chromedp has 20 s for Chrome's.
	startTime = 3 * time.Minute
	// patience bounds each thing that is asked of a page.
	patience = time.Minute
)

// browser is one of the browsers. There are two ways to have the benchmark's
// page in it: chrome is driven over the DevTools protocol; visited opens the
// page by its URL, and the page then asks the server for what it is to do.
type browser interface {
	// open opens the benchmark's page in a process of its own, with the
	// contestant of that name in p.
	open(name string, p place) (*tab, error)
	// about says which browser it is, in one line, once a page was opened.
	about() string
	// close ends what the browser has left running after all tabs were closed.
	close() error
}

// page is the benchmark's page, however one speaks to it.
type page interface {
	// do calls the page's function target with the list of arguments, which is
	// JSON, waits for its Promise, and decodes what that came to into result
	// unless it is nil.
	do(ctx context.Context, target string, args []byte, result any) error
}

// tab is one page with one contestant, in a process of its own.
type tab struct {
	page
	ctx   context.Context // ends with the page
	close func()
	place place
	clock clock
}

// call calls a method of the page's host and waits for its result, which it
// puts into result unless that is nil.
func (t *tab) call(result any, method string, args ...any) error {
	list, err := json.Marshal(append([]any{method}, args...))
	if err != nil {
		return err
	}
	target := "inWindow"
	if t.place == inWorker {
		target = "inWorker"
	}
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := t.do(ctx, target, list, result); err != nil {
		return fmt.Errorf("%s in the %s: %w", method, t.place, err)
	}
	return nil
}
