package browser

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// The object cannot be paused (WebSockets standard section 3.1), so the unread
// messages are bounded by failing the connection.
func TestReadBuffer(t *testing.T) {
	message := func(typ api.MessageType, n int) event.Event {
		return event.Event{Kind: event.Received, Message: &fakeMessage{typ: typ, p: strings.Repeat("m", n)}}
	}
	binary := func(n int) event.Event { return message(api.MessageBinary, n) }
	tests := []struct {
		name   string
		bound  int64
		events []event.Event
		ok     int // messages that are delivered
		full   bool
	}{
		{"at the bound", 10, []event.Event{binary(4), binary(5), binary(5)}, 3, false},
		{"over it", 10, []event.Event{binary(4), binary(5), binary(6)}, 2, true},
		{"what comes after is not looked at", 10, []event.Event{binary(4), binary(11), binary(1), closed(1000, "")}, 1, true},
		{"the message to be read next does not count", 10, []event.Event{binary(1000), binary(10)}, 2, false},
		{"nor is it refused", 1, []event.Event{binary(1000)}, 1, false},
		{"text counts too", 10, []event.Event{binary(0), message(api.MessageText, 11)}, 1, true},
		{"empty messages cost nothing", 1, []event.Event{binary(0), binary(0), binary(0), binary(1)}, 4, false},
		{"no bound", -1, []event.Event{binary(1 << 20), binary(1 << 20), binary(1 << 20)}, 3, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: test.bound})
				for _, e := range test.events { // nobody reads
					f.fire(e)
				}
				if test.full {
					f.check(t, true, `close(4008, "1008 policy violation")`)
				}
				for i := range test.ok {
					want := test.events[i].Message.MinSize()
					if _, p, err := c.ReadAppend(t.Context(), nil); len(p) != want || err != nil {
						t.Fatalf("message %d: %d bytes, %v; want %d", i, len(p), err, want)
					}
				}
				if !test.full {
					f.check(t, false)
					c.CloseNow()
					return
				}
				for range 2 {
					err := readErr(t.Context(), c)
					e, ok := errors.AsType[*api.ReadBufferFullError](err)
					if !ok || e.Limit != test.bound || !errors.Is(err, api.ErrReadBufferFull) || !errors.Is(err, api.ErrClosed) {
						t.Errorf("Read = %v, want a ReadBufferFullError", err)
					}
				}
				if err := c.Write(t.Context(), api.MessageText, nil); !errors.Is(err, api.ErrReadBufferFull) {
					t.Errorf("Write = %v, want the same", err)
				}
			})
		})
	}
}

// Messages of no or few bytes occupy memory too: their number is bounded, and
// grows with ReadBuffer.
func TestReadBufferCountsMessages(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const most = fewMessages + 10
		c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: 10 * messageCost})
		empty := event.Event{Kind: event.Received, Message: &fakeMessage{typ: api.MessageBinary}}
		for range most { // nobody reads
			f.fire(empty)
		}
		f.check(t, false)
		f.fire(empty)
		f.check(t, true, `close(4008, "1008 policy violation")`)
		for range most {
			if _, p, err := c.ReadAppend(t.Context(), nil); len(p) != 0 || err != nil {
				t.Fatalf("%d bytes, %v", len(p), err)
			}
		}
		if err := readErr(t.Context(), c); !errors.Is(err, api.ErrReadBufferFull) {
			t.Errorf("Read = %v, want a ReadBufferFullError", err)
		}
	})
}

// Reading a message makes room, and ReadBuffered returns how much is left.
func TestReadBufferedGoesDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: 10})
		want := func(n int64) {
			t.Helper()
			if got := c.ReadBuffered(); got != n {
				t.Errorf("ReadBuffered = %d, want %d", got, n)
			}
		}
		want(0)
		f.fire(text("12345"))
		for range 100 {
			f.fire(text("1234567890"))
			wantRead(t, c, "12345")
			want(10)
			f.fire(text("12345"))
			want(15)
			wantRead(t, c, "1234567890")
		}
		_, r, err := c.Reader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		io.ReadFull(r, make([]byte, 2))
		want(3)
		io.Copy(io.Discard, r)
		want(0)
		f.fire(text("12345"))
		c.CloseNow()
		want(0)
	})
}

// A message over the read limit fails the connection when it arrives, without a
// Read: its memory is freed.
func TestReadLimitOnArrival(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := openWith(t, Options{ReadLimit: 5, ReadBuffer: -1})
		f.fire(text("12345"), text("123456"), text("after"))
		f.check(t, true, `close(4009, "1009 message too big")`)
		wantRead(t, c, "12345")
		if err := readErr(t.Context(), c); !errors.Is(err, api.ErrMessageTooBig) {
			t.Errorf("Read = %v, want ErrMessageTooBig", err)
		}
	})
}

func TestWriteWaitsForRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: 10})
		defer c.CloseNow()
		write := func(n int) error { return c.Write(t.Context(), api.MessageBinary, make([]byte, n)) }
		for _, n := range []int{10, 1000} { // at the bound one more message of any size is accepted
			if err := write(n); err != nil {
				t.Error(err)
			}
			f.buffer(10)
		}
		f.buffer(11)
		time.AfterFunc(time.Second/2, func() { f.buffer(6) })
		time.AfterFunc(time.Second, func() { f.buffer(5) }) // half of it
		start := time.Now()
		if err := write(1); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d < time.Second || d > time.Second+lastPause {
			t.Errorf("Write waited %v, want 1 s and the last pause at most", d)
		}
		if n := len(f.messages()); n != 3 {
			t.Errorf("%d messages were sent, want 3", n)
		}
	})
}

// bufferedAmount is polled after 4, 8, 16, 16 ms, and at once when a message
// arrives.
func TestWriteLooksAgain(t *testing.T) {
	tests := []struct {
		name string
		room time.Duration
		want time.Duration
		echo time.Duration // a message arrives
	}{
		{"first", 1, 4 * time.Millisecond, time.Hour},
		{"second", 5 * time.Millisecond, 12 * time.Millisecond, time.Hour},
		{"third", 13 * time.Millisecond, 28 * time.Millisecond, time.Hour},
		{"fourth", 29 * time.Millisecond, 44 * time.Millisecond, time.Hour},
		{"a message", 13 * time.Millisecond, 14 * time.Millisecond, 14 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: 1})
				defer c.CloseNow()
				f.buffer(2)
				if err := c.Write(t.Context(), api.MessageText, []byte("12")); err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				time.AfterFunc(test.room, func() { f.buffer(0) })
				time.AfterFunc(test.echo, func() { f.fire(text("echo")) })
				if err := c.Write(t.Context(), api.MessageText, nil); err != nil {
					t.Error(err)
				}
				if d := time.Since(start); d != test.want {
					t.Errorf("Write returned after %v, want %v", d, test.want)
				}
			})
		})
	}
}

// A blocked Write ends with its context, and nothing was sent, or with the
// connection. It blocks neither CloseNow nor Read.
func TestWriteWaitingEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: 0})
		f.buffer(1)
		if err := c.Write(t.Context(), api.MessageText, []byte("1")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := c.Write(ctx, api.MessageText, nil); err != context.DeadlineExceeded || time.Since(start) != time.Second {
			t.Errorf("Write = %v after %v, want the context's error after 1 s", err, time.Since(start))
		}
		f.fire(text("read me"))
		waiting := make(chan error)
		go func() { waiting <- c.Write(t.Context(), api.MessageText, nil) }()
		synctest.Wait()
		wantRead(t, c, "read me")
		c.CloseNow()
		wantClose(t, <-waiting, api.CloseError{Code: -1, Local: true})
		wantSent(t, f, sent{api.MessageText, "1"})
	})
}

func TestWriterWaitsForRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: 1})
		defer c.CloseNow()
		f.buffer(2)
		c.Write(t.Context(), api.MessageText, []byte("12"))
		w := writerOf(t, t.Context(), c, api.MessageText)
		start := time.Now()
		io.WriteString(w, "collected") // does not wait
		if d := time.Since(start); d != 0 {
			t.Errorf("the stream's Write waited %v", d)
		}
		time.AfterFunc(time.Second, func() { f.buffer(0) })
		if err := w.Close(); err != nil || time.Since(start) < time.Second {
			t.Errorf("Close = %v after %v, want it to wait for room", err, time.Since(start))
		}
		wantSent(t, f, sent{api.MessageText, "12"}, sent{api.MessageText, "collected"})

		f.buffer(2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w = writerOf(t, ctx, c, api.MessageText)
		io.WriteString(w, "never")
		if err := w.Close(); err != context.DeadlineExceeded {
			t.Errorf("Close = %v, want the context's error", err)
		}
		f.buffer(0)
		if err := c.Write(t.Context(), api.MessageText, []byte("next")); err != nil {
			t.Error(err)
		}
		wantSent(t, f, sent{api.MessageText, "12"}, sent{api.MessageText, "collected"}, sent{api.MessageText, "next"})
	})
}

// bufferedAmount is not read while it cannot be over the bound: reading it
// costs as much as a small message.
func TestWriteLooksOnlyWhenItMatters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := openWith(t, Options{ReadLimit: -1, ReadBuffer: -1, WriteBuffer: 1000})
		defer c.CloseNow()
		for range 105 {
			if err := c.Write(t.Context(), api.MessageBinary, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		if n := f.looked(); n != 9 { // after each 1,100 bytes
			t.Errorf("bufferedAmount was read %d times by 105 writes, want 9", n)
		}
	})
}

// A prepared message waits for room like any other, and is counted.
func TestWritePreparedWaitsForRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := openWith(t, Options{WriteBuffer: 10})
		m := fakePrepared{api.MessageText, "prepared once"}
		if err := c.WritePrepared(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		f.buffer(11)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.WritePrepared(ctx, m); err != context.DeadlineExceeded {
			t.Errorf("WritePrepared without room = %v", err)
		}
		f.buffer(10)
		if err := c.WritePrepared(t.Context(), m); err != nil {
			t.Error(err)
		}
		if got := len(f.sent); got != 2 {
			t.Errorf("%d messages were sent, want 2", got)
		}
		c.CloseNow()
		if err := c.WritePrepared(t.Context(), m); !errors.Is(err, api.ErrClosed) {
			t.Errorf("WritePrepared after the end = %v", err)
		}
	})
}
