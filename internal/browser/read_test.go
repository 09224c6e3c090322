package browser

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

func TestReadDrainsBeforeClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		for i := range 50 {
			f.fire(text(strconv.Itoa(i)))
		}
		f.fire(closed(4001, "because"))
		// The end is handled without a Read, and the functions are released.
		f.check(t, true)
		for i := range 50 {
			wantRead(t, c, strconv.Itoa(i))
		}
		for range 3 { // every time
			wantClose(t, readErr(t.Context(), c), api.CloseError{Code: 4001, Reason: "because", Clean: true})
		}
		wantClose(t, c.Write(t.Context(), api.MessageText, nil), api.CloseError{Code: 4001, Reason: "because", Clean: true})
		wantClose(t, c.Ping(t.Context()), api.CloseError{Code: 4001, Reason: "because", Clean: true})
	})
}

func TestReadWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		time.AfterFunc(time.Hour, func() {
			f.fire(event.Event{Kind: event.Received, Message: &fakeMessage{typ: api.MessageBinary, p: "late"}})
		})
		typ, p, err := c.ReadAppend(t.Context(), []byte("so "))
		if typ != api.MessageBinary || string(p) != "so late" || err != nil {
			t.Errorf("ReadAppend = %v, %q, %v", typ, p, err)
		}
		time.AfterFunc(time.Hour, func() { f.fire(closed(1006, "")) })
		wantClose(t, readErr(t.Context(), c), api.CloseError{Code: 1006})
	})
}

func TestReadCancelled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, p, err := c.ReadAppend(ctx, []byte("mine"))
		if err != context.DeadlineExceeded || string(p) != "mine" {
			t.Errorf("ReadAppend = %q, %v; want dst as it was and the context's error", p, err)
		}
		f.fire(text("one"))
		if err := readErr(ctx, c); err != context.DeadlineExceeded {
			t.Errorf("Read with an ended context = %v", err)
		}
		wantRead(t, c, "one")
		c.CloseNow()
	})
}

// TestReadCancelRace: a message that arrives when the context ends is returned
// once, by this Read or the next.
func TestReadCancelRace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		for i := range 3000 {
			want := strconv.Itoa(i)
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			go f.fire(text(want))
			_, p, err := c.ReadAppend(ctx, nil)
			if err == context.Canceled {
				_, p, err = c.ReadAppend(t.Context(), nil)
			}
			if err != nil || string(p) != want {
				t.Fatalf("message %d: read %q, %v", i, p, err)
			}
		}
	})
}

// TestReadersShare: each message is returned by one of many Reads; all of them
// end with the close, none before the queue is empty.
func TestReadersShare(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const readers, messages = 8, 2000
		c, f := open(t, -1)
		var mu sync.Mutex
		seen := make(map[string]int)
		var wg sync.WaitGroup
		for range readers {
			wg.Go(func() {
				for {
					_, p, err := c.ReadAppend(t.Context(), nil)
					if err != nil {
						if !errors.Is(err, api.ErrClosed) {
							t.Error(err)
						}
						return
					}
					mu.Lock()
					seen[string(p)]++
					mu.Unlock()
				}
			})
		}
		for i := range messages - 100 {
			f.fire(text(strconv.Itoa(i)))
		}
		rest := []event.Event{}
		for i := messages - 100; i < messages; i++ {
			rest = append(rest, text(strconv.Itoa(i)))
		}
		f.fire(append(rest, closed(1000, ""))...)
		wg.Wait()
		if len(seen) != messages {
			t.Errorf("%d messages were read, want %d", len(seen), messages)
		}
		for m, n := range seen {
			if n != 1 {
				t.Errorf("message %s was read %d times", m, n)
			}
		}
	})
}

func TestReadLimit(t *testing.T) {
	tests := []struct {
		name  string
		m     fakeMessage
		limit int64
		sized int // calls of Size
		ok    bool
	}{
		{"binary at the limit", fakeMessage{typ: api.MessageBinary, p: "12345"}, 5, 1, true},
		{"binary over it", fakeMessage{typ: api.MessageBinary, p: "123456"}, 5, 0, false},
		{"text over it in UTF-16 units", fakeMessage{typ: api.MessageText, p: "123456"}, 5, 0, false},
		{"text over it in bytes alone", fakeMessage{typ: api.MessageText, p: "äöü", units: 3}, 5, 1, false},
		{"text at the limit in bytes", fakeMessage{typ: api.MessageText, p: "äöü", units: 3}, 6, 1, true},
		{"no limit", fakeMessage{typ: api.MessageBinary, p: "123456"}, -1, 0, true},
		{"empty under a limit of 1", fakeMessage{typ: api.MessageText}, 1, 1, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := open(t, test.limit)
				m := test.m
				f.fire(text(""), event.Event{Kind: event.Received, Message: &m}, text("after"))
				wantRead(t, c, "")
				_, p, err := c.ReadAppend(t.Context(), []byte("x"))
				if m.sized != test.sized {
					t.Errorf("sized %d times, want %d", m.sized, test.sized)
				}
				if test.ok {
					if err != nil || string(p) != "x"+m.p || m.copied != 1 {
						t.Errorf("ReadAppend = %q, %v, copied %d times", p, err, m.copied)
					}
					c.CloseNow()
					return
				}
				if m.copied != 0 || string(p) != "x" {
					t.Errorf("a message over the limit was copied: %q", p)
				}
				for range 2 {
					e, ok := errors.AsType[*api.MessageTooBigError](err)
					if !ok || e.Limit != test.limit {
						t.Fatalf("error %v, want a MessageTooBigError", err)
					}
					err = readErr(t.Context(), c)
				}
				f.check(t, true, `close(4009, "1009 message too big")`)
			})
		})
	}
}

// The limit also holds for messages that arrived before the peer's close.
func TestReadLimitAfterPeerClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, 3)
		f.fire(text("ok"), text("long"), closed(1000, ""))
		wantRead(t, c, "ok")
		for range 2 {
			if err := readErr(t.Context(), c); !errors.Is(err, api.ErrMessageTooBig) {
				t.Errorf("Read = %v, want ErrMessageTooBig", err)
			}
		}
		// The message is refused before the close event is handled: close does
		// nothing then.
		f.check(t, true, `close(4009, "1009 message too big")`)
	})
}

func TestReadUnreadableMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		broken := errors.New("no memory")
		for _, limit := range []int64{-1, 10} {
			c, f := open(t, limit)
			f.fire(event.Event{Kind: event.Received, Message: &fakeMessage{typ: api.MessageText, err: broken}})
			err := readErr(t.Context(), c)
			wantClose(t, err, api.CloseError{Code: -1, Local: true})
			if !errors.Is(err, broken) {
				t.Errorf("%v has no cause", err)
			}
			f.check(t, true, `close(4011, "1011 internal error")`)
		}
	})
}

// A lost connection fires "error" and "close"; after a page was restored from
// the history the "close" may be missing.
func TestReadBrokenConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.fire(text("before"), event.Event{Kind: event.Failed}, closed(1006, ""))
		wantRead(t, c, "before")
		wantClose(t, readErr(t.Context(), c), api.CloseError{Code: 1006})

		c, f = open(t, -1)
		f.setState(event.Closed)
		f.fire(text("before"), event.Event{Kind: event.Failed})
		wantRead(t, c, "before")
		start := time.Now()
		wantClose(t, readErr(t.Context(), c), api.CloseError{Code: 1006})
		if d := time.Since(start); d != closeGrace {
			t.Errorf("the end was reported after %v, want %v", d, closeGrace)
		}
		synctest.Wait()
		f.check(t, true, "close()")
	})
}
