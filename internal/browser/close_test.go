package browser

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// RFC 6455 section 7.1.5: the code of a connection is that of the peer's frame.
func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.onClose = answer(4002)
		f.fire(text("never read"))
		read := make(chan error, 1)
		if err := c.Close(4001, "bye"); err != nil {
			t.Errorf("Close = %v", err)
		}
		go func() { read <- readErr(t.Context(), c) }()
		wantClose(t, <-read, api.CloseError{Code: 4002, Reason: "answered", Local: true, Clean: true})
		if err := c.Close(1000, "again"); err != nil {
			t.Errorf("a second Close = %v", err)
		}
		f.check(t, true, `close(4001, "bye")`)
	})
}

func TestCloseWithoutCode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.onClose = answer(api.StatusNoStatusRcvd)
		if err := c.Close(api.StatusNoStatusRcvd, ""); err != nil {
			t.Errorf("Close = %v", err)
		}
		f.check(t, true, "close()")
	})
}

// The peer's answer may arrive during the object's close method.
func TestCloseAnsweredAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.onClose = func(f *fakeSocket) { f.fire(closed(1000, "")) }
		if err := c.Close(1000, ""); err != nil {
			t.Errorf("Close = %v", err)
		}
		f.check(t, true, `close(1000, "")`)
	})
}

func TestCloseWhileReading(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		read := make(chan error, 1)
		go func() { read <- readErr(t.Context(), c) }()
		synctest.Wait()
		time.AfterFunc(time.Second, func() { f.fire(text("too late"), closed(1000, "")) })
		if err := c.Close(1000, ""); err != nil {
			t.Errorf("Close = %v", err)
		}
		wantClose(t, <-read, api.CloseError{Code: 1000, Local: true, Clean: true})
	})
}

func TestCloseAfterPeer(t *testing.T) {
	tests := []struct {
		name  string
		end   event.Event
		state event.State // at Close
		clean bool
		local bool
	}{
		{"cleanly", closed(4001, "peer"), event.Closed, true, false},
		{"without a close frame", closed(1006, ""), event.Closed, false, false},
		{"its frame is here, the event is not", closed(4001, "peer"), event.Closing, true, false},
		{"both at once", closed(4001, "peer"), event.Open, true, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := open(t, -1)
				f.fire(text("unread"))
				if test.state == event.Closed {
					f.fire(test.end)
				} else {
					f.setState(test.state)
					time.AfterFunc(time.Second, func() { f.fire(test.end) })
				}
				err := c.Close(1000, "")
				want := api.CloseError{Code: test.end.Code, Reason: test.end.Reason, Local: test.local, Clean: test.clean}
				if !test.clean {
					wantClose(t, err, want)
				} else if err != nil {
					t.Errorf("Close = %v", err)
				}
				wantClose(t, readErr(t.Context(), c), want) // "unread" is discarded
			})
		})
	}
}

// RFC 6455 section 7.1.1 sets no time limit; Chromium's is 60 s.
func TestCloseSilentPeer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		read := make(chan error, 1)
		go func() { read <- readErr(t.Context(), c) }()
		synctest.Wait()
		start := time.Now()
		want := api.CloseError{Code: -1, Local: true}
		wantClose(t, c.Close(1000, ""), want)
		if d := time.Since(start); d != CloseTimeout {
			t.Errorf("Close took %v, want %v", d, CloseTimeout)
		}
		wantClose(t, <-read, want)
		wantClose(t, c.Close(1000, ""), want)
		f.check(t, true, `close(1000, "")`, "close()")
		if d := time.Since(start); d != CloseTimeout {
			t.Errorf("all took %v, want %v", d, CloseTimeout)
		}
	})
}

func TestCloseManyAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for range 200 {
			c, f := open(t, -1)
			f.onClose = answer(1000)
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if err := c.Close(1000, ""); err != nil {
						t.Errorf("Close = %v", err)
					}
				})
				wg.Go(func() {
					wantClose(t, readErr(t.Context(), c), api.CloseError{Code: 1000, Reason: "answered", Local: true, Clean: true})
				})
				wg.Go(func() {
					if err := c.Write(t.Context(), api.MessageText, nil); err != nil && !errors.Is(err, api.ErrClosed) {
						t.Errorf("Write = %v", err)
					}
				})
			}
			wg.Wait()
			f.check(t, true, `close(1000, "")`)
		}
	})
}

// Close closes even if the browser rejects a code that the standard allows.
func TestCloseRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.onClose, f.closeErr = answer(api.StatusNoStatusRcvd), errors.New("InvalidAccessError")
		if err := c.Close(4000, ""); err != f.closeErr {
			t.Errorf("Close = %v, want what close threw", err)
		}
		f.check(t, true, "close()")

		c, f = open(t, -1)
		f.closeErr = errors.New("InvalidAccessError")
		c.Fail(api.StatusMessageTooBig, &api.MessageTooBigError{Limit: 1})
		f.check(t, true, "close()")
	})
}

func TestCloseNow(t *testing.T) {
	want := api.CloseError{Code: -1, Local: true}
	tests := []struct {
		name    string
		onClose func(*fakeSocket)
	}{
		{"peer answers", answer(1005)},
		{"events from within close", func(f *fakeSocket) { f.fire(event.Event{Kind: event.Failed}, closed(1006, "")) }},
		{"peer is silent", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := open(t, -1)
				f.onClose = test.onClose
				read := make(chan error, 1)
				go func() { read <- readErr(t.Context(), c) }()
				synctest.Wait()
				start := time.Now()
				if err := c.CloseNow(); err != nil {
					t.Errorf("CloseNow = %v", err)
				}
				wantClose(t, <-read, want)
				wantClose(t, c.CloseNow(), want)
				wantClose(t, c.Close(1000, ""), want)
				wantClose(t, c.Write(t.Context(), api.MessageText, nil), want)
				if d := time.Since(start); d != 0 {
					t.Errorf("CloseNow and the rest took %v", d)
				}
				f.check(t, true, "close()")
			})
		})
	}
}

func TestCloseNowDiscards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.fire(text("unread"))
		c.CloseNow()
		wantClose(t, readErr(t.Context(), c), api.CloseError{Code: -1, Local: true})

		c, f = open(t, -1)
		f.fire(text("unread"), closed(4001, ""))
		want := api.CloseError{Code: 4001, Clean: true}
		wantClose(t, c.CloseNow(), want)
		wantClose(t, readErr(t.Context(), c), want)
	})
}

func TestCloseNowEndsClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		done := make(chan error, 1)
		go func() { done <- c.Close(1000, "") }()
		synctest.Wait()
		if err := c.CloseNow(); err != nil {
			t.Errorf("CloseNow = %v", err)
		}
		wantClose(t, <-done, api.CloseError{Code: -1, Local: true})
		f.check(t, true, `close(1000, "")`, "close()")
	})
}

func TestFail(t *testing.T) {
	err := &api.ProtocolError{Code: api.StatusPolicyViolation, Rule: "of the test"}
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.fire(text("unread"))
		c.Fail(api.StatusPolicyViolation, err)
		for _, got := range []error{readErr(t.Context(), c), c.CloseNow(), c.Close(1000, ""), c.Ping(t.Context())} {
			if got != err {
				t.Errorf("error %v, want that of Fail", got)
			}
		}
		f.check(t, true, `close(4008, "1008 policy violation")`)

		c, f = open(t, -1)
		c.Fail(4321, err) // a code that a page may send
		f.check(t, true, `close(4321, "4321")`)

		c, f = open(t, -1)
		c.CloseNow()
		c.Fail(api.StatusPolicyViolation, err) // the first end counts
		wantClose(t, readErr(t.Context(), c), api.CloseError{Code: -1, Local: true})
		f.check(t, true, "close()")
	})
}

func TestCanSend(t *testing.T) {
	for code, want := range map[api.StatusCode]bool{999: false, 1000: true, 1001: false, 1005: false, 1009: false, 2999: false, 3000: true, 4999: true, 5000: false} {
		if got := new(Conn).CanSend(code); got != want {
			t.Errorf("CanSend(%d) = %v, want %v", code, got, want)
		}
	}
}

// TestEverythingAtOnce: no order of calls and events may deadlock, race or lose
// the terminal error. The bubble fails if a goroutine is left.
func TestEverythingAtOnce(t *testing.T) {
	for i := range 300 {
		bubble(t, func(t *testing.T) {
			c, f := open(t, 10)
			f.onClose = answer(1000)
			ctx, cancel := context.WithCancel(t.Context())
			for range 3 {
				go readErr(ctx, c)
				go readErr(t.Context(), c)
				go c.Write(ctx, api.MessageText, nil)
				go func() {
					if w, err := c.Writer(ctx, api.MessageText); err == nil {
						w.Write([]byte("x"))
						w.Close()
					}
				}()
				go f.fire(text("message"))
			}
			go cancel()
			switch i % 5 {
			case 0:
				go f.fire(closed(1001, ""))
			case 1:
				go f.fire(text("a message over the limit"))
			case 2:
				go c.CloseNow()
			case 3:
				go c.Fail(api.StatusPolicyViolation, &api.ProtocolError{})
			}
			go c.Close(1000, "")
			synctest.Wait()
			if err := c.terminal(); !errors.Is(err, api.ErrClosed) {
				t.Errorf("round %d: terminal error %v", i, err)
			}
			f.check(t, true, f.closes...)
		})
	}
}
