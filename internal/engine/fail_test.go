package engine

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestFailEndedContext breaks a rule for a reader whose context has ended: the
// code is on the wire all the same, and nothing is waited for.
func TestFailEndedContext(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		begun := time.Now()
		in, err := r.c.lockReading(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		defer in.release()
		_, err = in.conclude(gone(), errFragments)
		if err != errFragments {
			r.Errorf("fail: %v", err)
		}
		wantElapsed(r.T, "fail", begun, 0)
		h, _ := r.next()
		if h.Opcode != frame.OpClose {
			r.Errorf("got %v", h.Opcode)
		}
		r.wantEOF()
	})
}

// TestFailLingers fails a peer that does not end the stream. The reader is told
// at once; the stream is closed when the peer ends it, after 1 s, or after 1
// MiB of what it still sends.
func TestFailLingers(t *testing.T) {
	for _, c := range []string{"for 1 s", "until the peer ends", "until 1 MiB came"} {
		t.Run(c, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				begun := time.Now()
				r.send(header(r, 0x83, 0))
				if c == "until 1 MiB came" {
					r.send(make([]byte, lingerBytes+smallBlock))
				}
				r.wantProtocolError("Read", r.startRead(background)(), 1002)
				wantElapsed(t, "Read", begun, 0)
				if c != "until 1 MiB came" {
					r.wantLingers(c == "until the peer ends")
				} else if synctest.Wait(); !r.s.over() {
					t.Error("the stream is not closed")
				}
			})
		})
	}
}

// TestFailStuckWriter fails a peer that takes nothing: the code waits for 1 s.
func TestFailStuckWriter(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		r.send(header(r, 0x83, 0))
		r.s.limit(1)
		go r.c.Write(background, 1, []byte("stuck"))
		synctest.Wait()
		begun := time.Now()
		r.wantProtocolError("Read", r.startRead(background)(), 1002)
		wantElapsed(r.T, "Read", begun, lingerWait)
	})
}

// TestFailHalfCloses ends the sending half at once where the stream can, so
// that the peer sees the close frame and the end and ends its own half.
func TestFailHalfCloses(t *testing.T) {
	for _, client := range []bool{true, false} {
		bubble(t, role(client), func(t *testing.T) {
			r := newRig(t, Config{Client: client})
			r.c.transport = halfEnd{r.s}
			r.send(header(r, 0x83, 0))
			read := r.startRead(background)
			if h, _ := r.next(); h.Opcode != frame.OpClose {
				t.Errorf("got %v", h.Opcode)
			}
			r.wantEOF()
			synctest.Wait()
			if r.s.over() {
				t.Error("the stream was closed before the peer ended it")
			}
			r.p.finish()
			r.wantProtocolError("Read", read(), 1002)
		})
	}
}

// TestFail fails the connection from outside, with and without a reader.
func TestFail(t *testing.T) {
	for _, reading := range []bool{true, false} {
		bothRoles(t, Config{}, func(r *rig) {
			failure := &api.ProtocolError{Code: 1008, Rule: "no messages here"}
			read := func() error { return r.startRead(background)() }
			if reading {
				read = r.startRead(background)
				synctest.Wait()
			}
			begun := time.Now()
			wait := start(func() error {
				r.c.Fail(1008, failure)
				return nil
			})
			r.wantClose(1008, "no messages here")
			if wait(); time.Since(begun) > lingerWait {
				r.Errorf("Fail took %v", time.Since(begun))
			}
			if err := read(); err != failure {
				r.Errorf("Read: %v", err)
			}
			if err := r.c.Close(1000, ""); err != failure {
				r.Errorf("Close: %v", err)
			}
			r.wantEOF()
		})
	}
}

// TestViolationWhileClosing breaks a rule where only the peer's close frame is
// awaited: one of ours is out already, and no second one follows.
func TestViolationWhileClosing(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		wait := start(func() error { return r.c.Close(1000, "") })
		r.wantClose(1000, "")
		r.send(header(r, 0x83, 0))
		r.p.finish()
		err := wait()
		e, _ := errors.AsType[*api.ProtocolError](err)
		if e == nil {
			r.Fatalf("Close: %v, want the violation as its cause", err)
		}
		wantCloseError(r.T, "Close", err, api.CloseError{Code: -1, Local: true, Cause: e})
		r.wantEOF()
	})
}
