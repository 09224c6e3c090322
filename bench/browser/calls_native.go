//go:build !js

package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// callsPause is after what time a page without a call is to ask again: browsers
// give a request up that nothing answers, Firefox after 5 minutes.
const callsPause = 30 * time.Second

// caller is the server's side of page/calls.js: a page that fetches its calls.
// One call is under way at a time.
type caller struct {
	calls    chan fetched // for the page
	outcomes chan outcome // from it: first its browser's name, then one for each call
}

// fetched is a call as the page fetches it.
type fetched struct {
	Target string          `json:"target"`
	Args   json.RawMessage `json:"args"`
}

// outcome is what a call came to.
type outcome struct {
	Value json.RawMessage `json:"value"`
	Error string          `json:"error"`
}

func newCaller() *caller {
	return &caller{make(chan fetched), make(chan outcome, 1)}
}

// ServeHTTP takes a call's outcome, if the request has one, and answers with
// the next call, or with 204 when there is none for a while.
func (c *caller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		var o outcome
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			o = outcome{Error: "the page's answer is no JSON: " + err.Error()}
		}
		select {
		case c.outcomes <- o:
		default: // of a call that nobody waits for any more
			http.Error(w, "two outcomes of one call", http.StatusConflict)
			return
		}
	}
	pause := time.NewTimer(callsPause)
	defer pause.Stop()
	select {
	case call := <-c.calls:
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(call) // a page that is gone has no answer to it
	case <-pause.C:
		w.WriteHeader(http.StatusNoContent)
	case <-r.Context().Done():
	}
}

// do makes one call.
func (c *caller) do(ctx context.Context, target string, args []byte, result any) error {
	select {
	case c.calls <- fetched{target, args}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return c.await(ctx, result)
}

// await waits for what a call came to.
func (c *caller) await(ctx context.Context, result any) error {
	select {
	case o := <-c.outcomes:
		if o.Error != "" {
			return errors.New(o.Error)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(o.Value, result)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
