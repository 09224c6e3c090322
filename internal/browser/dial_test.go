package browser

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

func TestDialOpens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := &fakeSocket{buffered: 42, protocol: "chat"}
		time.AfterFunc(time.Second, func() { f.fire(event.Event{Kind: event.Opened}) })
		c, err := Dial(t.Context(), f, Options{Subprotocols: []string{"other", "chat"}, ReadLimit: -1, ReadBuffer: -1, WriteBuffer: -1})
		if err != nil {
			t.Fatal(err)
		}
		if c.Subprotocol() != "chat" || c.BufferedAmount() != 42 {
			t.Errorf("subprotocol %q, buffered %d; want the socket's", c.Subprotocol(), c.BufferedAmount())
		}
		f.check(t, false)
		c.CloseNow()
	})
}

// WebSockets standard section 2.2, step 11, and RFC 6455 section 4.1: Dial
// fails if the server selects a subprotocol that was not offered, or none of
// those offered. Firefox, WebKit, Deno and workerd open such connections.
func TestDialChecksTheSubprotocol(t *testing.T) {
	tests := []struct {
		offered []string
		chosen  string
		problem string
	}{
		{nil, "", ""},
		{[]string{"a", "b"}, "b", ""},
		{[]string{"a", "b"}, "", "the server chose none of the subprotocols offered"},
		{[]string{"a"}, "A", "the server chose a subprotocol that was not offered: \"A\""},
		{[]string{"a"}, "a, a", "the server chose a subprotocol that was not offered: \"a, a\""},
		{nil, "a", "the server chose a subprotocol that was not offered: \"a\""},
		{nil, strings.Repeat("a", 20_000), "the server chose a subprotocol that was not offered: " + strconv.Quote(strings.Repeat("a", 100))},
	}
	for _, test := range tests {
		bubble(t, func(t *testing.T) {
			f := &fakeSocket{protocol: test.chosen}
			f.fire(event.Event{Kind: event.Opened}, text("never read"))
			c, err := Dial(t.Context(), f, Options{URL: "ws://x/", Subprotocols: test.offered, ReadLimit: -1, ReadBuffer: -1})
			if test.problem == "" {
				if err != nil {
					t.Fatalf("%q, %q: %v", test.offered, test.chosen, err)
				}
				c.CloseNow()
				return
			}
			if e, ok := errors.AsType[*api.HandshakeError](err); c != nil || !ok || e.Problem != test.problem || e.URL != "ws://x/" {
				t.Errorf("%q, %q: Dial = %v, %v; want %q", test.offered, test.chosen, c, err, test.problem)
			}
			f.check(t, true, "close()")
		})
	}
}

// Firefox may report a close frame right behind the handshake without "open"
// before: the code and the reason are the server's.
func TestDialEndsWithACode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := new(fakeSocket)
		f.fire(event.Event{Kind: event.Failed}, closed(4001, "full"))
		c, err := Dial(t.Context(), f, Options{URL: "ws://x/"})
		if e, ok := errors.AsType[*api.HandshakeError](err); c != nil || !ok || e.URL != "ws://x/" {
			t.Fatalf("Dial = %v, %v; want a HandshakeError", c, err)
		}
		wantClose(t, err, api.CloseError{Code: 4001, Reason: "full", Clean: true})
		if api.CloseStatus(err) != 4001 {
			t.Errorf("CloseStatus(%v) = %v", err, api.CloseStatus(err))
		}
		f.check(t, true)
	})
}

// The context bounds the handshake only: WebSockets standard section 3.1 has no
// time limit for an open connection.
func TestDialContextEndsLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := new(fakeSocket)
		f.fire(event.Event{Kind: event.Opened})
		ctx, cancel := context.WithCancel(t.Context())
		c, err := Dial(ctx, f, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: -1})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		f.fire(text("still here"))
		wantRead(t, c, "still here")
		c.CloseNow()
	})
}

func TestDialFails(t *testing.T) {
	const url = "wss://me:secret@example.com/chat?x=@"
	tests := []struct {
		name    string
		why     string
		events  func(f *fakeSocket)
		problem string
		after   time.Duration
	}{
		{"refused", "WebSockets standard section 4, fail the connection: error, then close 1006",
			func(f *fakeSocket) { f.fire(event.Event{Kind: event.Failed}, closed(1006, "")) }, hidden, 0},
		{"close in a later task", "the same in two tasks",
			func(f *fakeSocket) {
				f.setState(event.Closed)
				f.fire(event.Event{Kind: event.Failed})
				time.AfterFunc(10*time.Millisecond, func() { f.fire(closed(1006, "")) })
			}, hidden, 10 * time.Millisecond},
		{"policy", "CSP level 3 connect-src: Chromium fires error and never close",
			func(f *fakeSocket) {
				f.setState(event.Closed)
				f.fire(event.Event{Kind: event.Failed})
			}, denied, closeGrace},
		{"Node.js", "Node.js 22 fires error, and leaves readyState at CONNECTING",
			func(f *fakeSocket) { f.fire(event.Event{Kind: event.Failed}) }, hidden, errorGrace},
		{"silent", "no answer, no deadline: bounded by 10 s",
			func(*fakeSocket) {}, errUnanswered.Error(), HandshakeTimeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := new(fakeSocket)
				start := time.Now()
				go test.events(f)
				c, err := Dial(t.Context(), f, Options{URL: url})
				e, ok := errors.AsType[*api.HandshakeError](err)
				if !ok || c != nil {
					t.Fatalf("%s: Dial = %v, %v; want a HandshakeError", test.why, c, err)
				}
				if timeout := errors.Is(err, context.DeadlineExceeded); timeout != (test.after == HandshakeTimeout) {
					t.Errorf("%s: matches DeadlineExceeded: %v", test.why, timeout)
				}
				if e.Problem != test.problem || e.URL != "wss://example.com/chat?x=@" {
					t.Errorf("%s: problem %q of %q, want %q", test.why, e.Problem, e.URL, test.problem)
				}
				if d := time.Since(start); d != test.after {
					t.Errorf("%s: took %v, want %v", test.why, d, test.after)
				}
				synctest.Wait()
				if f.State() < event.Closing || !f.released {
					t.Errorf("%s: the socket is left in state %d, released %v", test.why, f.State(), f.released)
				}
			})
		})
	}
}

// If a socket opens after an "error", it is open.
func TestDialOpensAfterAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := new(fakeSocket)
		f.fire(event.Event{Kind: event.Failed})
		time.AfterFunc(errorGrace/2, func() { f.setState(event.Open); f.fire(event.Event{Kind: event.Opened}) })
		c, err := Dial(t.Context(), f, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: -1})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * errorGrace)
		synctest.Wait()
		if err := c.terminal(); err != nil {
			t.Errorf("then it ended: %v", err)
		}
		c.CloseNow()
	})
}

// RFC 6455 section 4.1 step 2: only one connection to a host may be CONNECTING,
// so a cancelled Dial must not leave one.
func TestDialGivenUp(t *testing.T) {
	tests := []struct {
		name    string
		onClose func(*fakeSocket)
	}{
		{"events in a later task", func(f *fakeSocket) { go f.fire(event.Event{Kind: event.Failed}, closed(1006, "")) }},
		{"events from within close", func(f *fakeSocket) { f.fire(event.Event{Kind: event.Failed}, closed(1006, "")) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				f := &fakeSocket{onClose: test.onClose}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := Dial(ctx, f, Options{URL: "ws://me@example.com/"})
				e, ok := errors.AsType[*api.HandshakeError](err)
				if !ok || !errors.Is(err, context.DeadlineExceeded) || e.Problem != errAbandoned.Error() || e.URL != "ws://example.com/" {
					t.Fatalf("Dial = %v, want a HandshakeError with the URL and the context's error", err)
				}
				f.check(t, true, "close()")
			})
		})
	}
}

// If a connection opens when Dial's context ends, Dial returns either an error
// or an open connection, never one that has ended.
func TestDialOpensAtTheEnd(t *testing.T) {
	for i := range 100 {
		bubble(t, func(t *testing.T) {
			f := new(fakeSocket)
			ctx, after := t.Context(), HandshakeTimeout
			if i%2 == 0 {
				c, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				ctx, after = c, time.Second
			}
			time.AfterFunc(after, func() { f.fire(event.Event{Kind: event.Opened}) })
			c, err := Dial(ctx, f, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: -1})
			if err != nil {
				return
			}
			synctest.Wait()
			if err := c.terminal(); err != nil {
				t.Errorf("round %d: Dial returned a connection that has ended: %v", i, err)
			}
			c.CloseNow()
		})
	}
}

func TestDialOpenedAndEndedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for range 50 { // whichever case select chooses
			f := new(fakeSocket)
			f.fire(event.Event{Kind: event.Opened}, text("a"), text("b"), closed(4001, "bye"))
			c, err := Dial(t.Context(), f, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: -1})
			if err != nil {
				t.Fatalf("Dial = %v: the connection was open", err)
			}
			wantRead(t, c, "a")
			wantRead(t, c, "b")
			wantClose(t, readErr(t.Context(), c), api.CloseError{Code: 4001, Reason: "bye", Clean: true})
		}
	})
}

func TestRefusedNamesNoUserinfo(t *testing.T) {
	tests := []struct{ url, want string }{
		{"ws://example.com", "ws://example.com"},
		{"ws://me@example.com/", "ws://example.com/"},
		{"ws://me:p@ss@example.com:81", "ws://example.com:81"},
		{"ws://example.com/a@b", "ws://example.com/a@b"},
		{"ws://example.com?q=//a@b", "ws://example.com?q=//a@b"},
		{"ws://me:pw@example.com#f@g", "ws://example.com#f@g"},
		{`ws://example.com\a@b`, `ws://example.com\a@b`}, // the URL standard takes \ for /
		{"//me@example.com/x", "//example.com/x"},
		{"/chat@home", "/chat@home"},
		{"", ""},
	}
	for _, test := range tests {
		err := Refused(test.url, "", nil).(*api.HandshakeError)
		if err.URL != test.want {
			t.Errorf("Refused(%q) names %q, want %q", test.url, err.URL, test.want)
		}
	}
}
