//go:build !js

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// post is what the page does: it posts what the last call came to, and returns
// the response.
func post(c *caller, outcome string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest("POST", "/calls/1", strings.NewReader(outcome)))
	return w
}

// pageOf answers calls as page/calls.js does, until ctx ends.
func pageOf(ctx context.Context, c *caller, answer func(fetched) string) {
	outcome := `{"value":"an agent"}`
	for ctx.Err() == nil {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(ctx, "POST", "/calls/1", strings.NewReader(outcome))
		c.ServeHTTP(w, r)
		outcome = ""
		var call fetched
		if w.Code == http.StatusOK && json.Unmarshal(w.Body.Bytes(), &call) == nil {
			outcome = answer(call)
		}
	}
}

func TestCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		c := newCaller()
		go pageOf(ctx, c, func(call fetched) string {
			switch string(call.Args) {
			case `["run",250]`:
				return `{"value":{"target":"` + call.Target + `"}}`
			case `["close"]`:
				return `{}`
			case `["odd"]`:
				return `no JSON`
			}
			return `{"error":"TypeError: host[method] is not a function"}`
		})
		var agent string
		if err := c.await(ctx, &agent); err != nil || agent != "an agent" {
			t.Errorf("the browser is %q, %v", agent, err)
		}
		time.Sleep(3 * callsPause) // the page asks again and again
		var done struct{ Target string }
		if err := c.do(ctx, "inWorker", []byte(`["run",250]`), &done); err != nil || done.Target != "inWorker" {
			t.Errorf("run = %v, %v", done, err)
		}
		if err := c.do(ctx, "inWindow", []byte(`["close"]`), nil); err != nil {
			t.Error(err)
		}
		for args, want := range map[string]string{`["gone"]`: "host[method] is not a function", `["odd"]`: "no JSON"} {
			if err := c.do(ctx, "inWindow", []byte(args), &done); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error with %q", args, err, want)
			}
		}
	})
}

// A call ends with the page, and tells why that ended.
func TestCallerWithoutPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("the browser has ended")
		for _, fetches := range []bool{false, true} {
			ctx, cancel := context.WithCancelCause(t.Context())
			c := newCaller()
			if fetches {
				go post(c, "") // and never again
			}
			time.AfterFunc(time.Second, func() { cancel(gone) })
			if err := c.do(ctx, "inWindow", []byte("[]"), nil); err != gone {
				t.Errorf("a call that is fetched (%v) = %v, want %v", fetches, err, gone)
			}
		}
	})
}

func TestCallerAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, start := newCaller(), time.Now()
		if w := post(c, `{"value":1}`); w.Code != http.StatusNoContent || time.Since(start) != callsPause {
			t.Errorf("without a call: status %d after %v, want 204 after %v", w.Code, time.Since(start), callsPause)
		}
		if w := post(c, `{"value":2}`); w.Code != http.StatusConflict {
			t.Errorf("an outcome that nobody waits for: status %d, want 409", w.Code)
		}
		go c.do(t.Context(), "inWindow", []byte(`["load","ws"]`), nil)
		w := post(c, "")
		body, _ := io.ReadAll(w.Body)
		if want := `{"target":"inWindow","args":["load","ws"]}` + "\n"; w.Code != http.StatusOK || string(body) != want {
			t.Errorf("a call: status %d, %q; want %q", w.Code, body, want)
		}
	})
}
