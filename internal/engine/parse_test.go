package engine

import (
	"errors"
	"io"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// parse reads messages as ReadAppend does, up to the first error, which it
// does not act on. Whoever calls it has to conclude with it.
func (r *rig) parse() (*input, error) {
	r.Helper()
	in, err := r.c.lockReading(background)
	if err != nil {
		r.Fatal(err)
	}
	for {
		if in, err = in.awaitMessage(background); err == nil {
			_, err = in.readMessage(background, nil)
			in.msg = message{}
		}
		if err != nil {
			return in, err
		}
	}
}

// untouched checks that nothing has happened to the connection.
func (r *rig) untouched(when string) {
	r.Helper()
	synctest.Wait()
	r.c.mu.Lock()
	state := r.c.closing.state()
	r.c.mu.Unlock()
	if state != stateOpen || !r.c.open.Load() || r.s.over() {
		r.Errorf("%s: the state is %v, the transport is closed: %v", when, state, r.s.over())
	}
	if n := r.p.waiting(); n != 0 {
		r.Errorf("%s: %d bytes were sent", when, n)
	}
}

// TestParserOnlyReports breaks every rule of RFC 6455: the parser returns the
// error with its code and leaves the connection alone. conclude is what sends
// the close frame and ends the transport (section 7.1.7).
func TestParserOnlyReports(t *testing.T) {
	for _, v := range violations {
		t.Run(v.why, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				r.send(r.text("before"), v.send(r))
				r.p.finish()
				in, err := r.parse()
				if e, ok := err.(*api.ProtocolError); !ok || int(e.Code) != v.code {
					t.Errorf("the parser returns %v (%T), want a *ProtocolError with code %d", err, err, v.code)
				}
				r.untouched("before conclude")
				in, err = in.conclude(background, err)
				in.release()
				e := r.wantProtocolError("conclude", err, v.code)
				r.wantClose(v.code, e.Rule[:min(len(e.Rule), api.MaxReason)])
				r.wantEOF()
			})
		})
	}
}

// TestParserReports does the same for a limit, and for the ends of the
// transport.
func TestParserReports(t *testing.T) {
	for name, c := range map[string]struct {
		send func(r *rig)
		is   func(err error) bool
		want int // the code that is sent, 0 for none
	}{
		"a limit": {func(r *rig) { r.send(r.text("12345")) }, func(err error) bool {
			_, ok := err.(*api.MessageTooBigError)
			return ok
		}, 1009},
		"the peer's half": {func(r *rig) { r.p.finish() }, func(err error) bool { return err == errInputEnd }, 1002},
		"a reset": {func(r *rig) { r.p.reset(syscall.ECONNRESET) }, func(err error) bool {
			e, ok := err.(*lostError)
			return ok && errors.Is(e.err, syscall.ECONNRESET)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bothRoles(t, Config{ReadLimit: 4}, func(r *rig) {
				c.send(r)
				in, err := r.parse()
				if !c.is(err) {
					t.Errorf("the parser returns %v (%T)", err, err)
				}
				r.untouched("before conclude")
				in, err = in.conclude(background, err)
				in.release()
				if err == nil || err == io.EOF || errors.Is(err, errInputEnd) {
					t.Errorf("conclude: %v", err)
				}
				if c.want != 0 {
					if h, p := r.next(); h.Opcode != frame.OpClose || int(p[0])<<8|int(p[1]) != c.want {
						t.Errorf("got %v %x, want a close frame with code %d", h.Opcode, p, c.want)
					}
				}
				if r.c.open.Load() {
					t.Error("the connection is open")
				}
			})
		})
	}
}

// TestParserAtRest handles the control frames between messages. At rest the
// parser returns, instead of waiting with the memory for a message.
func TestParserAtRest(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(r.ping("1"), r.ping("2"))
		in, err := r.c.lockReading(background)
		if err != nil {
			r.Fatal(err)
		}
		if in, _, err = in.readTransport(background, nil); err != nil {
			r.Fatal(err)
		}
		if err := in.nextFrame(background); err != errAtRest {
			r.Errorf("after two pings: %v, want %v", err, errAtRest)
		}
		if _, err := in.readMessage(background, nil); err != errAtRest || !in.atRest() {
			r.Errorf("again: %v, want %v", err, errAtRest)
		}
		in.release()
		r.wantFrame(true, frame.OpPong, []byte("1"))
		r.wantFrame(true, frame.OpPong, []byte("2"))
	})
}
