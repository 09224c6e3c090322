package engine

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// The peer may end its half of the stream and read on. RFC 6455 section 7.1.1
// knows no such close, so it is an error; but what Write accepted is sent, and
// our close frame behind it.

var lostHalf = api.CloseError{Code: 1006, Cause: io.ErrUnexpectedEOF}

// TestHalfClosed replies to the first of two messages, behind which the peer
// has ended its half: the reply is held back, and sent by whatever comes next.
func TestHalfClosed(t *testing.T) {
	for name, next := range map[string]func(r *rig) (api.CloseError, error){
		"Read": func(r *rig) (api.CloseError, error) {
			r.wantRead(api.MessageText, []byte("1"))
			return lostHalf, r.startRead(background)()
		},
		"Read at once": func(r *rig) (api.CloseError, error) {
			_, s, err := r.c.Reader(background)
			if err != nil {
				return lostHalf, err
			}
			io.Copy(io.Discard, s)
			_, _, err = r.c.Reader(background)
			return lostHalf, err
		},
		"Close": func(r *rig) (api.CloseError, error) {
			return api.CloseError{Code: -1, Local: true, Cause: io.ErrUnexpectedEOF}, r.c.Close(1002, "")
		},
	} {
		for _, plain := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				bothRoles(t, Config{NoGather: plain}, func(r *rig) {
					r.send(r.text("0"), r.text("1"), r.ping("p"))
					r.p.finish()
					r.wantRead(api.MessageText, []byte("0"))
					r.write(api.MessageText, []byte("reply"))
					want, err := next(r)
					wantCloseError(r.T, name, err, want)
					r.wantFrame(true, frame.OpText, []byte("reply"))
					if name != "Close" { // which throws away what it has not read
						r.wantFrame(true, frame.OpPong, []byte("p"))
					}
					h, p := r.next()
					if h.Opcode == frame.OpPong {
						h, p = r.next()
					}
					if h.Opcode != frame.OpClose || string(p) != string(closePayload(1002, "")) {
						r.Fatalf("the peer got %v %q, want a close frame with 1002", h.Opcode, p)
					}
					r.wantEOF()
				})
			})
		}
	}
}

// TestHalfClosedBehindWriter ends the peer's half while a Write is at work that
// the peer takes slowly: it is not cut off, nor what follows it.
func TestHalfClosedBehindWriter(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(10)
		long := make([]byte, 1000)
		write := start(func() error { return r.c.Write(background, api.MessageBinary, long) })
		synctest.Wait()
		read := r.startRead(background)
		r.p.finish()
		synctest.Wait()
		time.Sleep(CloseWait - time.Second)
		r.s.limit(-1)
		r.wantFrame(true, frame.OpBinary, long)
		r.wantClose(1002, "")
		r.wantEOF()
		if err := write(); err != nil {
			r.Errorf("Write: %v", err)
		}
		wantCloseError(r.T, "Read", read(), lostHalf)
	})
}

// TestHalfClosedStuck takes nothing any more: Read is back after 5 s, or when
// its context ends, and the next one goes on.
func TestHalfClosedStuck(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.s.limit(0)
		r.p.finish()
		ctx, cancel := newContext()
		read := r.startRead(ctx)
		synctest.Wait()
		cancel()
		wantCtx(r.T, "Read", read(), ctx)
		wantCloseError(r.T, "Write", r.c.Write(background, 1, nil), lostHalf)
		begun := time.Now()
		wantCloseError(r.T, "Read", r.startRead(background)(), lostHalf)
		wantElapsed(r.T, "Read", begun, CloseWait)
	})
}

// TestHalfClosedContext ends with the connection, and has its error.
func TestHalfClosedContext(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		ctx := r.c.Context()
		r.p.finish()
		err := r.startRead(background)()
		<-ctx.Done()
		wantCloseError(r.T, "the cause", context.Cause(ctx), lostHalf)
		wantCloseError(r.T, "Read", err, lostHalf)
		wantCloseError(r.T, "the cause of one asked for later", context.Cause(r.c.Context()), lostHalf)
	})
}
