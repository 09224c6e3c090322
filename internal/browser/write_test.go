package browser

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

func wantSent(t *testing.T, f *fakeSocket, want ...sent) {
	t.Helper()
	if got := f.messages(); !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestWrite(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		for _, err := range []error{
			c.Write(t.Context(), api.MessageText, []byte("one")),
			c.Write(t.Context(), api.MessageBinary, nil),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Write(ctx, api.MessageText, []byte("never")); err != context.Canceled {
			t.Errorf("Write with an ended context = %v", err)
		}
		wantSent(t, f, sent{api.MessageText, "one"}, sent{api.MessageBinary, ""})
	})
}

// An exception of send fails that message only (a RangeError, if memory is
// short).
func TestWriteRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		f.sendErr = errors.New("RangeError")
		if err := c.Write(t.Context(), api.MessageText, nil); err != f.sendErr {
			t.Errorf("Write = %v, want what send threw", err)
		}
		f.sendErr = nil
		if err := c.Write(t.Context(), api.MessageText, []byte("again")); err != nil {
			t.Error(err)
		}
		wantSent(t, f, sent{api.MessageText, "again"})
	})
}

// WebSockets standard section 3.1, send: when CLOSING or CLOSED the data is
// dropped silently, so Write must return an error.
func TestWriteOnceClosing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.setState(event.Closing) // the peer's close frame has arrived, its event has not
		time.AfterFunc(time.Second, func() { f.fire(closed(4005, "peer")) })
		want := api.CloseError{Code: 4005, Reason: "peer", Clean: true}
		wantClose(t, c.Write(t.Context(), api.MessageText, []byte("lost")), want)
		wantClose(t, c.Write(t.Context(), api.MessageText, []byte("lost")), want)
		_, err := c.Writer(t.Context(), api.MessageText)
		wantClose(t, err, want)
		wantSent(t, f)
	})
}

func TestWriteOnceClosingIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.setState(event.Closing)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Write(ctx, api.MessageText, nil); err != context.DeadlineExceeded {
			t.Errorf("Write = %v, want the context's error", err)
		}
		start := time.Now()
		wantClose(t, c.Write(t.Context(), api.MessageText, nil), api.CloseError{Code: -1, Local: true})
		if d := time.Since(start); d != CloseTimeout {
			t.Errorf("Write waited %v, want %v", d, CloseTimeout)
		}
		f.check(t, true, "close()")
	})
}

func TestWriteManyGoroutines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 50 {
					w, err := c.Writer(t.Context(), api.MessageText)
					if err != nil {
						t.Error(err)
						return
					}
					for range 3 {
						io.WriteString(w, string(rune('a'+i)))
					}
					if err := w.Close(); err != nil {
						t.Error(err)
					}
					if err := c.Write(t.Context(), api.MessageText, []byte{byte('a' + i), byte('a' + i), byte('a' + i)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		got := f.messages()
		if len(got) != 800 {
			t.Errorf("sent %d messages, want 800", len(got))
		}
		for _, m := range got {
			if len(m.text) != 3 || strings.Count(m.text, m.text[:1]) != 3 {
				t.Fatalf("sent %q: messages were mixed", m.text)
			}
		}
	})
}

func writerOf(t *testing.T, ctx context.Context, c *Conn, typ api.MessageType) io.WriteCloser {
	t.Helper()
	w, err := c.Writer(ctx, typ)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWriterIsOneMessage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		w := writerOf(t, t.Context(), c, api.MessageBinary)
		p := []byte("ab")
		w.Write(p)
		copy(p, "XX") // p was copied
		done := make(chan error)
		go func() { done <- c.Write(t.Context(), api.MessageText, []byte("second")) }()
		synctest.Wait()
		wantSent(t, f) // nothing before Close, and the other message waits
		w.Write([]byte("cd"))
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		wantSent(t, f, sent{api.MessageBinary, "abcd"}, sent{api.MessageText, "second"})
		if err := w.Close(); err == nil {
			t.Error("a second Close returned nil")
		}
		if _, err := w.Write(p); err == nil {
			t.Error("Write after Close returned nil")
		}
		wantSent(t, f, sent{api.MessageBinary, "abcd"}, sent{api.MessageText, "second"})
	})
}

func TestWriterHoldsUpOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		writerOf(t, context.Background(), c, api.MessageBinary)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Write(ctx, api.MessageText, nil); err != context.DeadlineExceeded {
			t.Errorf("Write behind a Writer = %v, want the context's error", err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Write(t.Context(), api.MessageText, nil) }()
		synctest.Wait()
		f.fire(closed(4001, "")) // the Writer is never closed
		wantClose(t, <-done, api.CloseError{Code: 4001, Clean: true})
	})
}

// A closed Writer leaves no goroutine, even if its context and the connection
// do not end.
func TestWriterLeavesNoGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := open(t, -1)
		defer c.CloseNow()
		before := goroutines()
		for range 10 {
			if err := writerOf(t, t.Context(), c, api.MessageText).Close(); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if n := goroutines(); n > before {
			t.Errorf("%d goroutines, %d before", n, before)
		}
	})
}

// goroutines counts those that this package started. runtime.NumGoroutine would
// also count the runtime's own, and those about to end.
func goroutines() int {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	return bytes.Count(all, []byte("\ncreated by github.com/twinws/ws/internal/browser."))
}

// An ended context unlocks writing even if the Writer is never closed.
func TestWriterCancelled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		ctx, cancel := context.WithCancel(t.Context())
		w := writerOf(t, ctx, c, api.MessageText)
		w.Write([]byte("never sent"))
		cancel()
		if err := c.Write(t.Context(), api.MessageText, []byte("next")); err != nil {
			t.Error(err)
		}
		if _, err := w.Write(nil); err != context.Canceled {
			t.Errorf("Write = %v, want the context's error", err)
		}
		if err := w.Close(); err != context.Canceled {
			t.Errorf("Close = %v, want the context's error", err)
		}
		if err := c.Write(t.Context(), api.MessageText, []byte("last")); err != nil {
			t.Error(err)
		}
		wantSent(t, f, sent{api.MessageText, "next"}, sent{api.MessageText, "last"})
	})
}

func TestWriterOnEndedConn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		w := writerOf(t, t.Context(), c, api.MessageText)
		f.fire(closed(4001, ""))
		want := api.CloseError{Code: 4001, Clean: true}
		_, err := w.Write([]byte("x"))
		wantClose(t, err, want)
		wantClose(t, w.Close(), want)
		_, err = c.Writer(t.Context(), api.MessageText)
		wantClose(t, err, want)
		wantSent(t, f)
	})
}

// RFC 6455 section 5.6: text is UTF-8, wherever it is split between calls of
// Write.
func TestWriterUTF8(t *testing.T) {
	tests := []struct {
		name   string
		writes []string
		bad    int // the Write that fails, -1 for none
		sent   string
		whole  bool // Close succeeds
	}{
		{"cut in every character", []string{"h\xc3", "\xa4\xe2", "\x82", "\xac\xf0\x9f", "\x98", "\x80"}, -1, "hä€😀", true},
		{"empty writes between", []string{"\xc3", "", "\xa4"}, -1, "ä", true},
		{"refused and gone on", []string{"a", "b\xff", "c"}, 1, "ac", true},
		{"a bad second half", []string{"a\xe2", "x", "\x82\xac"}, 1, "a€", true},
		{"overlong, RFC 3629 section 3", []string{"\xc0", "a"}, 0, "a", true},
		{"surrogate cut behind its lead", []string{"\xed", "\xa0\x80", "\x9f\xbf"}, 1, "\ud7ff", true},
		{"above U+10FFFF", []string{"\xf4", "\x90", "\x8f\xbf\xbf"}, 1, "\U0010ffff", true},
		{"four stray continuation bytes", []string{"\x80\x80\x80\x80"}, 0, "", true},
		{"ends inside a character", []string{"a", "\xe2\x82"}, -1, "", false},
		{"leading U+FEFF", []string{"\ufeffa"}, -1, "\ufeffa", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := open(t, -1)
				defer c.CloseNow()
				w := writerOf(t, t.Context(), c, api.MessageText)
				for i, s := range test.writes {
					n, err := io.WriteString(w, s)
					if i != test.bad && (n != len(s) || err != nil) {
						t.Errorf("Write %d of %q = %d, %v", i, s, n, err)
					}
					if _, ok := errors.AsType[*api.ArgumentError](err); i == test.bad && (n != 0 || !ok) {
						t.Errorf("Write %d of %q = %d, %v; want an ArgumentError", i, s, n, err)
					}
				}
				err := w.Close()
				if !test.whole {
					if _, ok := errors.AsType[*api.ArgumentError](err); !ok {
						t.Errorf("Close = %v, want an ArgumentError", err)
					}
					err = c.Write(t.Context(), api.MessageText, nil) // the connection stays
				}
				if err != nil {
					t.Error(err)
				}
				wantSent(t, f, sent{api.MessageText, test.sent})
			})
		})
	}
}

// FuzzWholeRunes compares the validation of a text in two parts, split
// anywhere, with that of the whole text.
func FuzzWholeRunes(f *testing.F) {
	for _, s := range []string{"", "a€😀", "\xf0\x9f\x98", "\xed\xa0\x80", "\x80", "a\xff", "\xf4\x90\x80\x80"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		for cut := range len(p) + 1 {
			n, ok := wholeRunes(p[:cut])
			if n > cut || ok && !utf8.Valid(p[:n]) {
				t.Fatalf("wholeRunes(%q) = %d, %v", p[:cut], n, ok)
			}
			m, ok2 := 0, false
			if ok {
				m, ok2 = wholeRunes(p[n:])
			}
			if valid := ok2 && n+m == len(p); valid != utf8.Valid(p) {
				t.Fatalf("%q cut at %d: valid %v, want %v", p, cut, valid, utf8.Valid(p))
			}
		}
	})
}

func TestPing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := open(t, -1)
		if err := c.Ping(t.Context()); !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, api.ErrClosed) {
			t.Errorf("Ping = %v, want ErrUnsupported", err)
		}
		c.CloseNow()
		wantClose(t, c.Ping(t.Context()), api.CloseError{Code: -1, Local: true})
	})
}
