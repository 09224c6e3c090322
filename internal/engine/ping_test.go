package engine

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

var errReset = error(syscall.ECONNRESET)

// startPing starts a Ping and returns its payload, as the peer got it.
func (r *rig) startPing(ctx context.Context) (payload string, wait func() error) {
	r.Helper()
	wait = start(func() error { return r.c.Ping(ctx) })
	h, p := r.next()
	if h.Opcode != frame.OpPing || !h.Fin || len(p) != 8 {
		r.Fatalf("got %v %q, want a ping of 8 bytes", h.Opcode, p)
	}
	return string(p), wait
}

// TestPingAlone pings with no reader: Ping reads by itself.
func TestPingAlone(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		for range 3 {
			p, wait := r.startPing(background)
			r.send(r.ping("p"), r.pong(p))
			if err := wait(); err != nil {
				r.Fatalf("Ping: %v", err)
			}
			r.wantFrame(true, frame.OpPong, []byte("p"))
		}
	})
}

// TestPingMany lets one pong answer all pings before it (RFC 6455 section
// 5.5.3: only the most recent ping may be answered).
func TestPingMany(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		read := r.startRead(background)
		var payloads []string
		var waits []func() error
		for range 4 {
			p, wait := r.startPing(background)
			payloads, waits = append(payloads, p), append(waits, wait)
		}
		ctx, cancel := context.WithCancel(background)
		_, dropped := r.startPing(ctx)
		cancel()
		wantCtx(r.T, "the cancelled Ping", dropped(), ctx)
		r.send(r.pong(payloads[2]))
		for _, wait := range waits[:3] {
			if err := wait(); err != nil {
				r.Errorf("Ping: %v", err)
			}
		}
		r.send(r.pong(payloads[0]), r.pong(payloads[3]), r.text("."))
		if err := errors.Join(waits[3](), read()); err != nil {
			r.Error(err)
		}
		if n := len(r.c.more().pings.wait); n != 0 {
			r.Errorf("%d pings still wait", n)
		}
	})
}

// TestPingBeforeMessage checks that Ping reads no further than a message's
// start, wherever the stream is cut, and that the message is then read whole.
func TestPingBeforeMessage(t *testing.T) {
	for _, c := range []struct {
		name string
		send func(r *rig) [][]byte
		want string
	}{
		{"one frame", func(r *rig) [][]byte { return [][]byte{r.text("message")} }, "message"},
		{"empty", func(r *rig) [][]byte { return [][]byte{r.text("")} }, ""},
		{"fragments", func(r *rig) [][]byte {
			return [][]byte{r.frame(false, frame.OpText, []byte("mes")), r.frame(true, 0, []byte("sage"))}
		}, "message"},
		{"half a frame", func(r *rig) [][]byte { return [][]byte{r.text("message")[:4]} }, "message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{ReadLimit: 7}, func(r *rig) {
				p, wait := r.startPing(background)
				r.send(c.send(r)...)
				synctest.Wait()
				p2, another := r.startPing(background)
				synctest.Wait()
				if c.name == "half a frame" {
					r.send(r.text("message")[4:])
				}
				r.send(r.pong(p))
				synctest.Wait()
				r.wantRead(api.MessageText, []byte(c.want))
				r.send(r.text("next"))
				r.wantRead(api.MessageText, []byte("next"))
				if err := wait(); err != nil {
					r.Errorf("Ping: %v", err)
				}
				r.send(r.pong(p2))
				if err := another(); err != nil {
					r.Errorf("another Ping: %v", err)
				}
			})
		})
	}
}

// TestPingBetweenFragments pings while a message is half read.
func TestPingBetweenFragments(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.frame(false, frame.OpText, []byte("one ")))
		ctx, cancel := context.WithCancel(background)
		read := r.startRead(ctx)
		synctest.Wait()
		cancel()
		wantCtx(r.T, "Read", read(), ctx)
		for _, op := range []frame.Opcode{frame.OpContinuation} {
			p, wait := r.startPing(background)
			r.send(r.pong(p))
			if err := wait(); err != nil {
				r.Fatalf("Ping: %v", err)
			}
			p, wait = r.startPing(background)
			r.send(r.frame(false, op, nil), r.frame(true, op, []byte("two")), r.pong(p))
			synctest.Wait()
			r.wantRead(api.MessageText, []byte("one two"))
			r.send(r.text("."))
			r.wantRead(api.MessageText, []byte("."))
			if err := wait(); err != nil {
				r.Errorf("Ping: %v", err)
			}
		}
	})
}

// TestPingContext ends a Ping's context: the connection stays as it was.
func TestPingContext(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		if err := r.c.Ping(gone()); err != context.Canceled {
			r.Errorf("with an ended context: %v", err)
		}
		ctx, cancel := context.WithTimeoutCause(background, time.Second, errReset)
		defer cancel()
		begun := time.Now()
		wantCtx(r.T, "Ping", r.c.Ping(ctx), ctx)
		wantElapsed(r.T, "Ping", begun, time.Second)
		r.wantFrame(true, frame.OpPing, []byte("\x00\x00\x00\x00\x00\x00\x00\x02"))
		r.send(r.text("."))
		r.wantRead(api.MessageText, []byte("."))
	})
}

// TestPingEnds checks what Ping returns when the connection ends meanwhile.
func TestPingEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(r *rig)
		want api.CloseError
	}{
		{"CloseNow", func(r *rig) { r.c.CloseNow() }, api.CloseError{Code: -1, Local: true}},
		{"the peer closes", func(r *rig) { r.send(r.close(1001, "")); r.p.finish() }, api.CloseError{Code: 1001, Clean: true}},
		{"the stream breaks", func(r *rig) { r.p.reset(errReset) }, api.CloseError{Code: 1006, Cause: errReset}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				_, first := r.startPing(background)
				_, second := r.startPing(background)
				synctest.Wait()
				c.end(r)
				wantCloseError(t, "Ping", first(), c.want)
				wantCloseError(t, "another Ping", second(), c.want)
				wantCloseError(t, "a later Ping", r.c.Ping(background), c.want)
			})
		})
	}
}
