package browser

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// wantGone checks the error of calls after a Close that ended the connection
// without the peer's close frame: it does not match the ended context of that
// Close.
func wantGone(t *testing.T, c *Conn, cause error) {
	t.Helper()
	for _, err := range []error{readErr(t.Context(), c), c.Write(t.Context(), api.MessageText, nil), c.CloseNow()} {
		wantClose(t, err, api.CloseError{Code: -1, Local: true})
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%v looks like an ended context of its own call", err)
		}
		if !errors.Is(err, cause) {
			t.Errorf("%v has not the cause %v", err, cause)
		}
	}
}

// RFC 6455 section 7.1.1 sets no limit on the wait for the peer's close frame.
func TestCloseContext(t *testing.T) {
	tests := []struct {
		name  string
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		after time.Duration
		want  error
		cause error
	}{
		{"a deadline before 5 s", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		},
			time.Second, context.DeadlineExceeded, errGivenUp},
		{"a deadline after 5 s", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		},
			time.Minute, context.DeadlineExceeded, errGivenUp},
		{"a deadline in the past", func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, -1) },
			0, context.DeadlineExceeded, errGivenUp},
		{"canceled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(2*time.Second, cancel)
			return ctx, cancel
		}, 2 * time.Second, context.Canceled, errGivenUp},
		{"no deadline", context.WithCancel, CloseTimeout, nil, errSilent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := open(t, -1)
				read := make(chan error, 1)
				go func() { read <- readErr(t.Context(), c) }()
				synctest.Wait()
				ctx, cancel := test.ctx(t.Context())
				defer cancel()
				start := time.Now()
				err := c.CloseContext(ctx, 4000, "bye")
				if d := time.Since(start); d != test.after {
					t.Errorf("took %v, want %v", d, test.after)
				}
				wantClose(t, err, api.CloseError{Code: -1, Local: true})
				for _, ended := range []error{context.DeadlineExceeded, context.Canceled} {
					if got := errors.Is(err, ended); got != (ended == test.want) {
						t.Errorf("%v matches %v: %v", err, ended, got)
					}
				}
				wantClose(t, <-read, api.CloseError{Code: -1, Local: true})
				wantGone(t, c, test.cause)
				f.check(t, true, `close(4000, "bye")`, "close()")
			})
		})
	}
}

// The context's deadline holds, also if other calls wait for the end.
func TestCloseContextIsPatient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		time.AfterFunc(time.Minute, func() { f.fire(closed(4000, "")) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		write := make(chan error, 1)
		go func() {
			time.Sleep(time.Second)
			write <- c.Write(t.Context(), api.MessageText, nil)
		}()
		if err := c.CloseContext(ctx, 4000, ""); err != nil {
			t.Errorf("Close = %v", err)
		}
		wantClose(t, <-write, api.CloseError{Code: 4000, Local: true, Clean: true})
	})
}

// Of several time limits the shortest holds for all calls.
func TestCloseContextShortest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := open(t, -1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		patient := make(chan error, 1)
		go func() { patient <- c.CloseContext(ctx, 4000, "") }()
		synctest.Wait()
		start := time.Now()
		wantClose(t, c.Close(4000, ""), api.CloseError{Code: -1, Local: true})
		err := <-patient
		wantClose(t, err, api.CloseError{Code: -1, Local: true})
		if errors.Is(err, context.DeadlineExceeded) || time.Since(start) != CloseTimeout {
			t.Errorf("%v after %v, want the end after %v that was not this context's", err, time.Since(start), CloseTimeout)
		}
	})
}

// In a js.FuncOf callback the event loop is blocked, but Go's timers fire.
func TestEventLoopStandsStill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, bounded := range []bool{false, true} {
			within := func() (context.Context, context.CancelFunc) {
				if bounded {
					return context.WithTimeout(t.Context(), time.Second)
				}
				return context.WithCancel(t.Context())
			}
			ctx, cancel := within()
			defer cancel()
			start := time.Now()
			_, err := Dial(ctx, &fakeSocket{stands: true}, Options{})
			e, ok := errors.AsType[*api.HandshakeError](err)
			if !ok || e.Problem != errBlocked.Error() || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "js.FuncOf") {
				t.Errorf("Dial = %v, want a HandshakeError that says why", err)
			}
			if d := time.Since(start); d != HandshakeTimeout && !bounded || d != time.Second && bounded {
				t.Errorf("Dial took %v", d)
			}
			c, f := open(t, -1)
			synctest.Wait() // for Dial's check of the event loop
			f.stands = true
			ctx, cancel = within()
			defer cancel()
			err = c.CloseContext(ctx, 1000, "")
			wantClose(t, err, api.CloseError{Code: -1, Local: true})
			if !errors.Is(err, errBlocked) || errors.Is(err, context.DeadlineExceeded) != bounded {
				t.Errorf("Close = %v, want one that says why", err)
			}
		}
	})
}

// A Context ends with the connection, whose error is its cause. It needs no
// goroutine: the bubble fails if one is left.
func TestContext(t *testing.T) {
	ends := map[string]struct {
		end  func(c *Conn, f *fakeSocket)
		want api.CloseError
	}{
		"the peer's close": {func(c *Conn, f *fakeSocket) { f.fire(text("unread"), closed(4001, "bye")) }, api.CloseError{Code: 4001, Reason: "bye", Clean: true}},
		"a loss":           {func(c *Conn, f *fakeSocket) { f.fire(event.Event{Kind: event.Failed}, closed(1006, "")) }, api.CloseError{Code: 1006}},
		"CloseNow":         {func(c *Conn, f *fakeSocket) { c.CloseNow() }, api.CloseError{Code: -1, Local: true}},
		"Close":            {func(c *Conn, f *fakeSocket) { f.onClose = answer(1000); c.Close(1000, "") }, api.CloseError{Code: 1000, Reason: "answered", Local: true, Clean: true}},
	}
	for name, test := range ends {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := open(t, -1)
				ctx := c.Context()
				if ctx.Err() != nil || ctx != c.Context() {
					t.Fatalf("the context of an open connection: %v", ctx.Err())
				}
				child, cancel := context.WithCancel(ctx)
				defer cancel()
				test.end(c, f)
				<-child.Done()
				wantClose(t, context.Cause(ctx), test.want)
				if ctx.Err() != context.Canceled {
					t.Errorf("Err = %v, want context.Canceled", ctx.Err())
				}

				c, f = open(t, -1) // asked for afterwards
				test.end(c, f)
				synctest.Wait()
				wantClose(t, context.Cause(c.Context()), test.want)
			})
		})
	}
	bubble(t, func(t *testing.T) { // one that nobody ends
		c, _ := open(t, -1)
		c.Context()
	})
}

func TestURLAndExtensions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := open(t, -1)
		defer c.CloseNow()
		if c.URL() != "wss://example.com/path" || c.Extensions() != "permessage-deflate" {
			t.Errorf("URL %q, extensions %q; want the socket's, without userinfo", c.URL(), c.Extensions())
		}
	})
}
