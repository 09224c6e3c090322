package engine

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

func newContext() (context.Context, context.CancelFunc) { return context.WithCancel(background) }

// TestPeerCloses reads what came before the peer's close frame, and then gets
// its code and reason, again and again. What follows it is ignored (RFC 6455
// section 1.4).
func TestPeerCloses(t *testing.T) {
	for _, c := range []struct {
		code   int
		reason string
		want   api.StatusCode
	}{
		{1000, "bye", 1000}, {0, "", api.StatusNoStatusRcvd}, {1001, "", 1001}, {1014, "水", 1014},
		{3000, strings.Repeat("x", 123), 3000}, {4999, "", 4999},
	} {
		bothRoles(t, Config{}, func(r *rig) {
			r.send(r.text("a"), r.frame(false, frame.OpBinary, []byte("b")), r.ping("p"), r.frame(true, 0, []byte("c")),
				r.close(c.code, c.reason), r.text("after the close"), []byte("\xff\xff\xff"))
			r.p.finish()
			r.wantRead(api.MessageText, []byte("a"))
			r.wantRead(api.MessageBinary, []byte("bc"))
			r.wantFrame(true, frame.OpPong, []byte("p"))
			want := api.CloseError{Code: c.want, Reason: c.reason, Clean: true}
			for range 3 {
				_, _, err := r.c.ReadAppend(background, nil)
				wantCloseError(r.T, "Read", err, want)
			}
			wantCloseError(r.T, "Write", r.c.Write(background, 1, nil), want)
			if err := r.c.Close(1000, ""); err != nil {
				r.Errorf("Close after the peer's: %v", err)
			}
			// Section 5.5.1: the answer has the peer's code.
			r.wantClose(c.code, "")
			r.wantEOF()
		})
	}
}

// TestPeerClosesInMessage closes in the middle of a message, which is never
// delivered: not by Read, not by a stream as if it had ended.
func TestPeerClosesInMessage(t *testing.T) {
	for _, streamed := range []bool{false, true} {
		bothRoles(t, Config{}, func(r *rig) {
			r.send(r.frame(false, frame.OpText, []byte("half")), r.close(1001, ""))
			r.p.finish()
			want := api.CloseError{Code: 1001, Clean: true}
			if !streamed {
				wantCloseError(r.T, "Read", r.startRead(background)(), want)
				return
			}
			_, s, err := r.c.Reader(background)
			if err != nil {
				r.Fatal(err)
			}
			p := make([]byte, 10)
			if n, err := s.Read(p); string(p[:n]) != "half" || err != nil {
				r.Errorf("the stream gives %q, %v", p[:n], err)
			}
			for range 2 {
				_, err = s.Read(p)
				wantCloseError(r.T, "the stream", err, want)
			}
		})
	}
}

// TestWhoEndsStream checks RFC 6455 section 7.1.1: the server ends the stream
// at once, the client waits for that in the background, 1 s at most. Read and
// Close are back as soon as both close frames are exchanged.
func TestWhoEndsStream(t *testing.T) {
	for _, begins := range []string{"the peer", "this side"} {
		for _, obliging := range []bool{true, false} {
			bothRoles(t, Config{}, func(r *rig) {
				begun := time.Now()
				wait := r.startRead(background)
				if begins == "this side" {
					wait = start(func() error { return r.c.Close(1000, "") })
					r.wantClose(1000, "")
				}
				r.send(r.close(1000, ""))
				if begins == "the peer" {
					r.wantClose(1000, "")
				}
				if err := wait(); (err == nil) != (begins == "this side") {
					r.Errorf("it ended with %v", err)
				}
				wantElapsed(r.T, "the end", begun, 0)
				synctest.Wait()
				if r.s.over() == r.client {
					r.Fatalf("the stream is closed: %v", r.s.over())
				}
				if r.client {
					// After CloseNow, too, which a defer mostly calls.
					r.c.CloseNow()
					r.wantLingers(obliging)
				}
			})
		}
	}
}

// wantLingers checks that the stream is closed when the peer ends it, or after
// 1 s.
func (r *rig) wantLingers(obliging bool) {
	r.Helper()
	time.Sleep(lingerWait - time.Millisecond)
	synctest.Wait()
	if r.s.over() {
		r.Errorf("the stream was closed before the peer ended it")
	}
	if obliging {
		r.p.finish()
	} else {
		time.Sleep(time.Millisecond)
	}
	synctest.Wait()
	if !r.s.over() {
		r.Errorf("the stream is not closed, and the peer's end is waited for in vain")
	}
}

// TestFinishResumed ends the reader's context at every stage of answering the
// peer's close. The next operation goes on, and the answer is sent once.
func TestFinishResumed(t *testing.T) {
	want := api.CloseError{Code: 4000, Reason: "r", Clean: true}
	next := map[string]func(r *rig) error{
		"Read": func(r *rig) error {
			return r.startRead(background)()
		},
		// A Ping that began before the close was heard reads on after it.
		"Ping": func(r *rig) error {
			r.c.readControl(background)
			return r.c.Ping(background)
		},
		"Close": func(r *rig) error {
			if err := r.c.Close(1000, ""); err != nil {
				return err
			}
			return r.c.CloseNow()
		},
	}
	for name, next := range next {
		t.Run(name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				r.s.limit(0)
				for i := range len(r.close(4000, "r")) {
					r.send(r.close(4000, "r")[i : i+1])
					ctx, cancel := newContext()
					read := r.startRead(ctx)
					synctest.Wait()
					cancel()
					wantCtx(t, "Read", read(), ctx)
				}
				wantIs(t, "Write", r.c.Write(background, 1, nil), api.ErrClosed)
				wantIs(t, "Ping", r.c.Ping(background), api.ErrClosed)
				r.s.limit(-1)
				r.p.finish()
				wantCloseError(t, name, next(r), want)
				r.wantClose(4000, "")
				r.wantEOF()
			})
		})
	}
}

// TestFinishCutOff ends the reader's context when a part of the answer is on
// the wire: the rest goes out all the same, once, when the peer takes it (RFC
// 6455 section 5.5.1), and the end is clean.
func TestFinishCutOff(t *testing.T) {
	for _, takes := range []bool{true, false} {
		bothRoles(t, Config{}, func(r *rig) {
			r.s.limit(1)
			r.send(r.close(1000, ""))
			ctx, cancel := newContext()
			read := r.startRead(ctx)
			synctest.Wait()
			cancel()
			wantCtx(r.T, "Read", read(), ctx)
			begun := time.Now()
			if !takes {
				_, _, err := r.c.ReadAppend(background, nil)
				wantCloseError(r.T, "Read", err, api.CloseError{Code: 1000, Cause: errNotTaken})
				wantElapsed(r.T, "Read", begun, CloseWait)
				return
			}
			r.s.limit(-1)
			r.p.finish()
			wantCloseError(r.T, "Read", r.startRead(background)(), api.CloseError{Code: 1000, Clean: true})
			r.wantClose(1000, "")
			r.wantEOF()
		})
	}
}

// TestFinishStuck cannot answer the peer's close, since it takes nothing: 5 s.
func TestFinishStuck(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(0)
		r.send(r.close(1000, ""))
		begun := time.Now()
		err := r.startRead(background)()
		wantCloseError(r.T, "Read", err, api.CloseError{Code: 1000, Cause: errNotTaken})
		if errors.Is(err, context.DeadlineExceeded) {
			r.Errorf("the error blames a context that the caller does not know: %v", err)
		}
		wantElapsed(r.T, "Read", begun, CloseWait)
	})
}

// TestWriteSideBroken reads the peer's messages and close frame, though
// nothing can be written any more.
func TestWriteSideBroken(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.text("a"), r.ping("p"), r.close(1012, "restart"))
		r.p.finish()
		r.s.fault = syscall.EPIPE
		broken := api.CloseError{Code: 1006, Cause: syscall.EPIPE}
		wantCloseError(r.T, "Write", r.c.Write(background, 1, []byte("x")), broken)
		wantCloseError(r.T, "Ping", r.c.Ping(background), broken)
		r.wantRead(api.MessageText, []byte("a"))
		want := api.CloseError{Code: 1012, Reason: "restart", Cause: syscall.EPIPE}
		_, _, err := r.c.ReadAppend(background, nil)
		wantCloseError(r.T, "Read", err, want)
		wantCloseError(r.T, "Close", r.c.Close(1000, ""), want)
	})
}

// TestCloseWriteSideBroken closes a connection that cannot send its close
// frame: what the peer said is told, and nothing is called clean.
func TestCloseWriteSideBroken(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.fault = syscall.EPIPE
		r.send(r.close(1012, "restart"))
		r.p.finish()
		wantCloseError(r.T, "Close", r.c.Close(1000, ""), api.CloseError{Code: 1012, Reason: "restart", Local: true, Cause: syscall.EPIPE})
	})
	bothRoles(t, Config{}, func(r *rig) {
		r.s.fault = syscall.EPIPE
		begun := time.Now()
		wantCloseError(r.T, "Close", r.c.Close(1000, ""), api.CloseError{Code: -1, Local: true, Cause: syscall.EPIPE})
		wantElapsed(r.T, "Close", begun, CloseWait)
	})
}

// TestWriterWriteSideBroken breaks the write side in the middle of a stream:
// the peer's close frame is still read.
func TestWriterWriteSideBroken(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		w := r.writer(background, api.MessageBinary)
		w.Write(make([]byte, middleBlock+1))
		r.s.fault = syscall.EPIPE
		wantCloseError(r.T, "the stream's Close", w.Close(), api.CloseError{Code: 1006, Cause: syscall.EPIPE})
		r.send(r.close(1001, ""))
		r.p.finish()
		wantCloseError(r.T, "Read", r.startRead(background)(), api.CloseError{Code: 1001, Cause: syscall.EPIPE})
	})
}

// brittle is an end that cannot be written any more after a write deadline has
// passed in the middle, as TLS.
type brittle struct {
	*end
	broken bool
}

var errBrittle = errors.New("an earlier write was cut off")

func (b *brittle) Write(p []byte) (int, error) {
	if b.broken {
		return 0, errBrittle
	}
	n, err := b.end.Write(p)
	b.broken = err != nil
	return n, err
}

// TestAnswerGoesOn cancels Reads that answer the peer's close over a stream on
// which nothing can be cut off: the answer goes out whole, and the next Read
// finds it so.
func TestAnswerGoesOn(t *testing.T) {
	for _, room := range []int{0, 1} {
		for _, client := range []bool{true, false} {
			bubble(t, role(client), func(t *testing.T) {
				cfg := Config{Client: client, CutOffBreaks: true}
				r := newRigOver(t, cfg, func(e *end) Transport { return &brittle{end: e} })
				r.s.limit(room)
				r.send(r.close(1000, "bye"))
				for range 3 {
					ctx, cancel := context.WithTimeout(background, time.Second)
					wantCtx(t, "Read", r.startRead(ctx)(), ctx)
					cancel()
				}
				r.s.limit(-1)
				read := r.startRead(background)
				r.wantClose(1000, "")
				wantCloseError(t, "Read", read(), api.CloseError{Code: 1000, Reason: "bye", Clean: true})
			})
			bubble(t, role(client)+", and it is never taken", func(t *testing.T) {
				cfg := Config{Client: client, CutOffBreaks: true}
				r := newRigOver(t, cfg, func(e *end) Transport { return &brittle{end: e} })
				r.s.limit(room)
				r.send(r.close(1000, "bye"))
				ctx, cancel := context.WithTimeout(background, time.Second)
				defer cancel()
				begun := time.Now()
				wantCtx(t, "Read", r.startRead(ctx)(), ctx)
				ctx, cancel = context.WithTimeout(background, time.Hour)
				defer cancel()
				err := r.startRead(ctx)()
				wantIs(t, "the next Read", err, api.ErrClosed)
				if took := time.Since(begun); took > time.Second+CloseWait {
					t.Errorf("took %v", took)
				}
				wantCloseError(t, "Read", err, api.CloseError{Code: 1000, Reason: "bye", Cause: errNotTaken})
			})
		}
	}
}
