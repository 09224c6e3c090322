//go:build !js

package hostile

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
)

// background is for operations that the test's peer ends.
var background = context.Background()

// reading reads messages until there is an error, elsewhere. The function it
// returns waits for that.
func reading(c *ws.Conn) (wait func() (messages [][]byte, err error)) {
	type result struct {
		messages [][]byte
		err      error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		for r.err == nil {
			var p []byte
			if _, p, r.err = c.Read(background); r.err == nil {
				r.messages = append(r.messages, p)
			}
		}
		done <- r
	}()
	return func() ([][]byte, error) {
		r := <-done
		return r.messages, r.err
	}
}

// wantFailure sends what breaks the connection, and holds it to all that
// "fails" means. It returns the messages that were delivered before.
func (p *peer) wantFailure(c *ws.Conn, code int, sent ...[]byte) (messages [][]byte) {
	p.Helper()
	read := reading(c)
	go p.send(sent...)
	p.wantClose(code)
	p.wantEnd()
	p.conn.Close()
	messages, err := read()
	wantFailed(p, "Read", err, code)
	_, _, err = c.Read(background)
	wantFailed(p, "the next Read", err, code)
	wantFailed(p, "Write", c.Write(background, ws.MessageText, nil), code)
	wantFailed(p, "Ping", c.Ping(background), code)
	wantFailed(p, "Close", c.Close(ws.StatusNormalClosure, ""), code)
	return messages
}

// wantFailed compares the error of a connection that was failed with code.
func wantFailed(t testing.TB, what string, err error, code int) {
	t.Helper()
	if code == int(ws.StatusMessageTooBig) {
		if _, ok := errors.AsType[*ws.MessageTooBigError](err); !ok || !errors.Is(err, ws.ErrMessageTooBig) {
			t.Errorf("%s: %v, want a *MessageTooBigError", what, err)
		}
	} else if e, ok := errors.AsType[*ws.ProtocolError](err); !ok || int(e.Code) != code || e.Rule == "" {
		t.Errorf("%s: %v, want a *ProtocolError with code %d", what, err, code)
	}
	if !errors.Is(err, ws.ErrClosed) {
		t.Errorf("%s: %v does not match ErrClosed", what, err)
	}
}

// wantCause compares the error of a connection that ended without a close
// frame.
func wantCause(t testing.TB, what string, err, cause error) {
	t.Helper()
	if ws.CloseStatus(err) != ws.StatusAbnormalClosure || !errors.Is(err, cause) || !errors.Is(err, ws.ErrClosed) {
		t.Errorf("%s: %v, want a *CloseError with 1006 and the cause %v", what, err, cause)
	}
}

// leavesNothing looks, at the test's end, for goroutines that are in the
// library.
func leavesNothing(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for end := time.Now().Add(patience); ; <-tick.C {
			left := inLibrary()
			if left == "" {
				return
			}
			if time.Now().After(end) {
				t.Errorf("goroutines were left at work:\n%s", left)
				return
			}
		}
	})
}

// inLibrary returns the stacks of goroutines with a function of the library.
func inLibrary() (left string) {
	b := make([]byte, 1<<20)
	b = b[:runtime.Stack(b, true)]
	for g := range strings.SplitSeq(string(b), "\n\n") {
		for _, name := range []string{"ws.(*Conn)", "ws.Accept", "ws.Upgrade", "ws.(*Dialer)", "internal/engine."} {
			if strings.Contains(g, name) {
				left += g + "\n\n"
				break
			}
		}
	}
	return left
}

// allocated returns how many bytes are allocated while f runs.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// heap returns the bytes in use after a collection.
func heap() int {
	runtime.GC()
	runtime.GC() // what pools held, too
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// less is n, or a tenth of it under the race detector, which is ten times
// slower.
func less(n int) int {
	info, ok := debug.ReadBuildInfo()
	if ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return n / 10
	}
	return n
}

// wantMemory compares a number of bytes with the most there may be.
func wantMemory(t testing.TB, what string, got, most int) {
	t.Helper()
	if got > most {
		t.Errorf("%s: %d bytes, want %d at most", what, got, most)
	}
}
