package apitest

import (
	"bytes"
	"errors"
	"io"
	"testing/iotest"

	"github.com/twinws/ws/api"
)

var streamCases = []testCase{
	{name: "WriterAndReaderStream", rule: whole,
		why: "RFC 6455 section 5.4: a message of unknown length is sent in fragments, whose boundaries have no meaning",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			msg := t.pattern(1<<20, 5)
			w, err := c.Writer(t.ctx, t.binary())
			if err != nil {
				t.Fatal(err)
			}
			for rest, n := msg, 1; len(rest) > 0; n = n*3 + 1 {
				n = min(n, len(rest))
				if got, err := w.Write(rest[:n]); got != n || err != nil {
					t.Fatalf("write of %d: %d, %v", n, got, err)
				}
				rest = rest[n:]
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			typ, r, err := c.Reader(t.ctx)
			if err != nil || typ != t.binary() {
				t.Fatalf("Reader: %v, %v", typ, err)
			}
			got, err := io.ReadAll(iotest.HalfReader(r))
			if err != nil || !bytes.Equal(got, msg) {
				t.Errorf("got %s, %v", brief(got), err)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("after the end: %d, %v, want a bare io.EOF", n, err)
			}
		}},
	{name: "EmptyStreams", rule: whole,
		why: "RFC 6455 section 5.4: a message may be empty, in one fragment or several",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for writes := range 3 {
				w, err := c.Writer(t.ctx, api.MessageText)
				if err != nil {
					t.Fatal(err)
				}
				for range writes {
					if _, err := w.Write(nil); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				typ, r, err := c.Reader(t.ctx)
				if err != nil || typ != api.MessageText {
					t.Fatalf("Reader: %v, %v", typ, err)
				}
				if n, err := r.Read(make([]byte, 8)); n != 0 || err != io.EOF {
					t.Errorf("%d writes: %d, %v, want io.EOF", writes, n, err)
				}
			}
		}},
	{name: "UnreadMessage", rule: typed,
		why: "Reader's comment: until its stream has returned io.EOF other reads return ErrUnreadMessage, and lose nothing",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			t.write(c, api.MessageText, []byte("first"))
			t.write(c, api.MessageText, []byte("second"))
			_, r, err := c.Reader(t.ctx)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 5)
			for i := range got {
				t.wantUnread(c)
				if _, err := io.ReadFull(r, got[i:i+1]); err != nil {
					t.Fatal(err)
				}
			}
			if string(got) != "first" {
				t.Errorf("got %q", got)
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("at the end: %d, %v", n, err)
			}
			t.wantMessage(c, api.MessageText, []byte("second"))
		}},
	{name: "ReaderGoesOnAfterItsContext", rule: cancelling,
		why: "Cancelling is not closing: when ctx ends in the middle, Reader called again returns a stream of the rest",
		run: func(t *trial) {
			c := t.dial(t.raw("hex=0103"+"68656c"+"&hex=8002"+"6c6f", "hex=00"+"68656c"+"&hex=6c6f"+"ff"))
			ctx, cancel := t.soon()
			defer cancel()
			var got []byte
			_, r, err := c.Reader(ctx)
			if err == nil {
				got, err = io.ReadAll(r)
			}
			t.wantIs("the stream", err, ctx.Err())
			if want := map[bool]string{false: "hel", true: ""}[t.Browser]; string(got) != want {
				t.Errorf("before its context ended the stream gave %q, want %q", got, want)
			}
			t.write(c, api.MessageText, nil)
			typ, r, err := c.Reader(t.ctx)
			if err != nil || typ != api.MessageText {
				t.Fatalf("Reader again: %v, %v", typ, err)
			}
			rest, err := io.ReadAll(r)
			if err != nil || string(got)+string(rest) != "hello" {
				t.Errorf("%q and then %q, %v, want hello in all", got, rest, err)
			}
		}},
	{name: "WriterHoldsOthersBack", rule: whole,
		why: "RFC 6455 section 5.4: fragments of one message are not interleaved with another's",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			w, err := c.Writer(t.ctx, t.binary())
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := t.soon()
			defer cancel()
			if _, err := w.Write([]byte("one ")); err != nil {
				t.Fatal(err)
			}
			t.wantIs("Write behind a Writer", c.Write(ctx, api.MessageText, []byte("never sent")), ctx.Err())
			_, err = c.Writer(ctx, api.MessageText)
			t.wantIs("Writer behind a Writer", err, ctx.Err())
			after := start(func() error { return c.Write(t.ctx, api.MessageText, []byte("after")) })
			if _, err := w.Write([]byte("message")); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := after(); err != nil {
				t.Fatal(err)
			}
			t.wantMessage(c, t.binary(), []byte("one message"))
			t.wantMessage(c, api.MessageText, []byte("after"))
		}},
	{name: "WriterAfterItsClose", rule: typed,
		why: "io.Closer and Writer's comment: Close ends the message; nothing can be added after it",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			w, err := c.Writer(t.ctx, api.MessageText)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte("all of it")); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte("more")); err == nil {
				t.Error("a Write after Close returned nil")
			}
			t.wantMessage(c, api.MessageText, []byte("all of it"))
			t.wantEcho(c, api.MessageText, []byte("the next"))
		}},
}

// wantRest reads a stream to its end and compares the bytes.
func (t *trial) wantRest(r io.Reader, want string) {
	t.Helper()
	if p, err := io.ReadAll(r); err != nil || string(p) != want {
		t.Errorf("the stream gave %q, %v, want %q", p, err, want)
	}
}

// wantUnread checks that other reads return ErrUnreadMessage.
func (t *trial) wantUnread(c api.Conn) {
	t.Helper()
	_, _, err := c.Read(t.ctx)
	t.wantIs("Read", err, api.ErrUnreadMessage)
	_, p, err := c.ReadAppend(t.ctx, []byte("dst"))
	t.wantIs("ReadAppend", err, api.ErrUnreadMessage)
	if string(p) != "dst" {
		t.Errorf("ReadAppend returned %q, want dst as it was", p)
	}
	_, _, err = c.Reader(t.ctx)
	t.wantIs("Reader", err, api.ErrUnreadMessage)
	if errors.Is(err, api.ErrClosed) {
		t.Error("ErrUnreadMessage must not match ErrClosed")
	}
}
