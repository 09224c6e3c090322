package browser

import (
	"context"
	"io"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

func reader(t *testing.T, ctx context.Context, c *Conn) io.Reader {
	t.Helper()
	_, r, err := c.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantRest(t *testing.T, r io.Reader, want string) {
	t.Helper()
	p, err := io.ReadAll(r)
	if err != nil || string(p) != want {
		t.Errorf("stream gave %q, %v; want %q", p, err, want)
	}
}

func wantBytes(t *testing.T, r io.Reader, want string) {
	t.Helper()
	p := make([]byte, len(want))
	if _, err := io.ReadFull(r, p); err != nil || string(p) != want {
		t.Errorf("stream gave %q, %v; want %q", p, err, want)
	}
}

func TestReaderStreams(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		f.fire(text("a whole message"), text(""), text("next"))
		r := reader(t, t.Context(), c)
		if err := iotest.TestReader(r, []byte("a whole message")); err != nil {
			t.Error(err)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("Read after the end = %d, %v; want io.EOF again", n, err)
		}
		wantRest(t, reader(t, t.Context(), c), "")
		wantRead(t, c, "next")
	})
}

func TestReaderUnread(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		f.fire(text("abcd"), text("next"))
		r := reader(t, t.Context(), c)
		for _, part := range []string{"", "ab", "cd"} { // also after the last byte: io.EOF counts
			wantBytes(t, r, part)
			if err := readErr(t.Context(), c); err != api.ErrUnreadMessage {
				t.Errorf("ReadAppend after %q = %v, want ErrUnreadMessage", part, err)
			}
			if _, _, err := c.Reader(t.Context()); err != api.ErrUnreadMessage {
				t.Errorf("Reader after %q = %v, want ErrUnreadMessage", part, err)
			}
		}
		wantRest(t, r, "")
		wantRead(t, c, "next")
	})
}

func TestReaderCancelledInTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		f.fire(text("abcdef"), text("next"))
		ctx, cancel := context.WithCancel(t.Context())
		r := reader(t, ctx, c)
		wantBytes(t, r, "ab")
		cancel()
		if _, err := r.Read(make([]byte, 1)); err != context.Canceled {
			t.Errorf("the stream of an ended context = %v", err)
		}
		if err := readErr(t.Context(), c); err != api.ErrUnreadMessage {
			t.Errorf("ReadAppend = %v, want ErrUnreadMessage: two bytes are gone", err)
		}
		if _, _, err := c.Reader(ctx); err != context.Canceled {
			t.Errorf("Reader with the ended context = %v", err)
		}
		rest := reader(t, t.Context(), c)
		if _, err := r.Read(make([]byte, 1)); err != context.Canceled {
			t.Errorf("the old stream = %v, want its context's error", err)
		}
		wantRest(t, rest, "cdef")
		wantRead(t, c, "next")
	})
}

func TestReaderCancelledBeforeTheFirstByte(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		defer c.CloseNow()
		f.fire(text("abc"), text("next"))
		ctx, cancel := context.WithCancel(t.Context())
		r := reader(t, ctx, c)
		if n, err := r.Read(nil); n != 0 || err != nil {
			t.Errorf("Read(nil) = %d, %v", n, err)
		}
		cancel()
		typ, p, err := c.ReadAppend(t.Context(), []byte("> "))
		if typ != api.MessageText || string(p) != "> abc" || err != nil {
			t.Errorf("ReadAppend = %v, %q, %v; want the whole message", typ, p, err)
		}
		if _, err := r.Read(make([]byte, 1)); err != context.Canceled {
			t.Errorf("the old stream = %v, want its context's error", err)
		}
		wantRead(t, c, "next")
	})
}

func TestReaderAcrossTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.fire(text("abcd"))
		r := reader(t, t.Context(), c)
		wantBytes(t, r, "ab")
		f.fire(text("last"), closed(1001, ""))
		wantRest(t, r, "cd") // the peer's close comes after its messages
		wantRead(t, c, "last")
		wantClose(t, readErr(t.Context(), c), api.CloseError{Code: 1001, Clean: true})
	})
}

func TestReaderAfterLocalClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.onClose = answer(4000)
		f.fire(text("abcd"))
		r := reader(t, t.Context(), c)
		wantBytes(t, r, "ab")
		if err := c.Close(4000, ""); err != nil {
			t.Fatal(err)
		}
		_, err := r.Read(make([]byte, 1))
		wantClose(t, err, api.CloseError{Code: 4000, Reason: "answered", Local: true, Clean: true})
	})
}

// While a Close is in progress the stream waits for the code, as Read does.
func TestReaderDuringLocalClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		f.fire(text("abcd"))
		r := reader(t, t.Context(), c)
		go c.Close(4000, "")
		synctest.Wait()
		done := make(chan error)
		go func() {
			_, err := r.Read(make([]byte, 1))
			done <- err
		}()
		synctest.Wait()
		f.fire(closed(4000, ""))
		wantClose(t, <-done, api.CloseError{Code: 4000, Local: true, Clean: true})
	})
}

// A Close while Reader copies a message discards that message like any other.
func TestReaderClosedWhileCopying(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, f := open(t, -1)
		m := &fakeMessage{typ: api.MessageText, p: "abcd", onCopy: func() { c.CloseNow() }}
		f.fire(event.Event{Kind: event.Received, Message: m})
		r := reader(t, t.Context(), c)
		_, err := r.Read(make([]byte, 1))
		wantClose(t, err, api.CloseError{Code: -1, Local: true})
	})
}
