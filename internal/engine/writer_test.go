package engine

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

func (r *rig) writer(ctx context.Context, typ api.MessageType) io.WriteCloser {
	r.Helper()
	w, err := r.c.Writer(ctx, typ)
	if err != nil {
		r.Fatalf("Writer: %v", err)
	}
	return w
}

// TestWriterFragments checks where a stream of bytes is cut: a message of up
// to 16 KiB is one frame, a longer one has fragments of that size.
func TestWriterFragments(t *testing.T) {
	for _, c := range []struct {
		total, piece int
		frames       []int
	}{
		{0, 1, []int{0}},
		{1, 1, []int{1}},
		{middleBlock - 1, 100, []int{middleBlock - 1}},
		{middleBlock, middleBlock, []int{middleBlock}},
		{middleBlock + 1, 1000, []int{middleBlock, 1}},
		{2 * middleBlock, 1 << 20, []int{middleBlock, middleBlock}},
		{50_000, 7, []int{middleBlock, middleBlock, middleBlock, 848}},
	} {
		bothRoles(t, Config{}, func(r *rig) {
			p := pattern(c.total, 1)
			w := r.writer(background, api.MessageBinary)
			for rest := p; len(rest) > 0; {
				n, err := w.Write(rest[:min(c.piece, len(rest))])
				if err != nil || n != min(c.piece, len(rest)) {
					r.Fatalf("Write = %d, %v", n, err)
				}
				rest = rest[n:]
			}
			if n, most := r.c.BufferedAmount(), int64(middleBlock); n > most || c.total > 0 && n == 0 {
				r.Errorf("BufferedAmount before the end is %d", n)
			}
			if err := w.Close(); err != nil {
				r.Fatalf("Close: %v", err)
			}
			for i, n := range c.frames {
				op := frame.OpContinuation
				if i == 0 {
					op = frame.OpBinary
				}
				r.wantFrame(i == len(c.frames)-1, op, p[:n])
				p = p[n:]
			}
			if n := r.p.waiting() + int(r.c.BufferedAmount()); n != 0 {
				r.Errorf("%d bytes too many were sent, or are held", n)
			}
			if _, err := w.Write([]byte("x")); err != errWriterClosed || w.Close() != errWriterClosed {
				r.Errorf("after Close: %v", err)
			}
		})
	}
}

// TestWriterHoldsOthers checks that other messages wait for the stream's end,
// while pongs, pings and the close frame go between its fragments (RFC 6455
// section 5.4).
func TestWriterHoldsOthers(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		w := r.writer(background, api.MessageBinary)
		big := make([]byte, middleBlock+10)
		if _, err := w.Write(big); err != nil {
			r.Fatal(err)
		}
		r.wantFrame(false, frame.OpBinary, big[:middleBlock])
		other := start(func() error { return r.c.Write(background, api.MessageText, []byte("other")) })
		short, stop := context.WithTimeout(background, time.Second)
		defer stop()
		wantCtx(r.T, "a Write that gives up", r.c.Write(short, api.MessageText, nil), short)
		_, err := r.c.Writer(short, api.MessageText)
		wantCtx(r.T, "a Writer that gives up", err, short)

		read := r.startRead(background)
		r.send(r.ping("p"))
		r.wantFrame(true, frame.OpPong, []byte("p"))
		ping := start(func() error { return r.c.Ping(background) })
		h, p := r.next()
		if h.Opcode != frame.OpPing {
			r.Fatalf("got %v, want a ping", h.Opcode)
		}
		r.send(r.pong(string(p)))
		if err := ping(); err != nil {
			r.Errorf("Ping: %v", err)
		}
		if err := w.Close(); err != nil {
			r.Errorf("the stream's Close: %v", err)
		}
		r.wantFrame(true, frame.OpContinuation, big[:10])
		r.wantFrame(true, frame.OpText, []byte("other"))
		if err := other(); err != nil {
			r.Errorf("the other Write: %v", err)
		}
		r.send(r.text("end"))
		if err := read(); err != nil {
			r.Errorf("Read: %v", err)
		}
	})
}

// TestWriterClose begins a close in the middle of a stream: the handshake is
// completed, and the stream learns of it.
func TestWriterClose(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		w := r.writer(background, api.MessageBinary)
		if _, err := w.Write(make([]byte, middleBlock+1)); err != nil {
			r.Fatal(err)
		}
		r.next()
		end := start(func() error { return r.c.Close(1000, "") })
		r.wantClose(1000, "")
		_, err := w.Write(make([]byte, middleBlock))
		wantIs(r.T, "the stream's Write", err, api.ErrClosed)
		wantIs(r.T, "the stream's Close", w.Close(), api.ErrClosed)
		if r.s.over() {
			r.Fatal("the stream's Close cut the closing handshake short")
		}
		r.send(r.close(1000, ""))
		r.p.Close()
		if err := end(); err != nil {
			r.Errorf("Close: %v", err)
		}
	})
}

// TestWriterPeerCloses is the same with the peer's close frame, whose answer
// still waits for room.
func TestWriterPeerCloses(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		w := r.writer(background, api.MessageBinary)
		if _, err := w.Write(make([]byte, middleBlock+1)); err != nil {
			r.Fatal(err)
		}
		r.next()
		r.s.limit(0)
		r.send(r.close(1001, "away"))
		read := r.startRead(background)
		synctest.Wait()
		closed := start(w.Close)
		synctest.Wait()
		r.s.limit(-1)
		wantIs(r.T, "the stream's Close", closed(), api.ErrClosed)
		r.wantClose(1001, "")
		r.p.Close()
		wantCloseError(r.T, "Read", read(), api.CloseError{Code: 1001, Reason: "away", Clean: true})
	})
}

// TestWriterText checks text as it comes (RFC 6455 section 8.1).
func TestWriterText(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		w := r.writer(background, api.MessageText)
		for _, s := range []string{"水"[:1], "水"[1:], "ok"} {
			if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
				r.Fatalf("Write(%q) = %d, %v", s, n, err)
			}
		}
		for _, s := range []string{"\xff", "a\xc0\x80", "\xed\xa0\x80"} {
			n, err := w.Write([]byte(s))
			if _, ok := errors.AsType[*api.ArgumentError](err); n != 0 || !ok {
				r.Errorf("Write(%q) = %d, %v", s, n, err)
			}
		}
		// What was refused is not part of the message.
		if _, err := w.Write([]byte("!")); err != nil || w.Close() != nil {
			r.Errorf("after refused bytes: %v", err)
		}
		r.wantFrame(true, frame.OpText, []byte("水ok!"))
	})
}

// TestWriterIncompleteCharacter ends text inside a character. Of a message
// that was not begun nothing is sent; one that was begun cannot be taken back.
func TestWriterIncompleteCharacter(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		w := r.writer(background, api.MessageText)
		w.Write([]byte("abc\xe6\xb0"))
		err := w.Close()
		if _, ok := errors.AsType[*api.ArgumentError](err); !ok {
			r.Errorf("Close: %v", err)
		}
		r.write(api.MessageText, []byte("next"))
		r.wantFrame(true, frame.OpText, []byte("next"))

		w = r.writer(background, api.MessageText)
		w.Write([]byte(strings.Repeat("x", middleBlock) + "\xe6\xb0"))
		r.next()
		err = w.Close()
		a, ok := errors.AsType[*api.ArgumentError](err)
		if !ok || !r.s.over() {
			r.Fatalf("Close: %v, the stream is closed: %v", err, r.s.over())
		}
		wantCloseError(r.T, "Close", err, api.CloseError{Code: -1, Local: true, Cause: a})
		if n := r.c.BufferedAmount(); n != 0 {
			r.Errorf("BufferedAmount is %d", n)
		}
	})
}

// TestWriterContext ends the stream's context, before and after a fragment.
func TestWriterContext(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		ctx, cancel := context.WithCancel(background)
		w := r.writer(ctx, api.MessageBinary)
		w.Write([]byte("never sent"))
		cancel()
		wantCtx(r.T, "Close", w.Close(), ctx)
		if err := w.Close(); err != errWriterClosed {
			r.Errorf("the second Close: %v", err)
		}
		r.write(api.MessageText, []byte("usable"))
		r.wantFrame(true, frame.OpText, []byte("usable"))

		ctx, cancel = context.WithCancel(background)
		w = r.writer(ctx, api.MessageBinary)
		w.Write(make([]byte, middleBlock+1))
		r.next()
		cancel()
		want := api.CloseError{Code: -1, Local: true, Cause: context.Canceled}
		_, err := w.Write(make([]byte, middleBlock))
		wantCloseError(r.T, "Write", err, want)
		wantCloseError(r.T, "Close", w.Close(), want)
		_, err = r.c.Writer(background, api.MessageText)
		wantCloseError(r.T, "Writer", err, want)
		if n := r.c.BufferedAmount(); n != 0 || !r.s.over() {
			r.Errorf("BufferedAmount is %d, the stream is closed: %v", n, r.s.over())
		}
	})
}
