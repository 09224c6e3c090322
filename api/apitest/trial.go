package apitest

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twinws/ws/api"
)

const (
	// caseTime bounds every wait of a case. It is long, since busy machines are
	// slow, but less than the minute for which the test server keeps a hanging
	// connection.
	caseTime = 40 * time.Second
	// moment is the deadline of calls that are expected to exceed it.
	moment = 30 * time.Millisecond
	// promptly is the longest that a call may take that has nothing to wait
	// for. A call that waits as Close does takes longer.
	promptly = 5 * time.Second
)

// trial is one run of a case.
type trial struct {
	*testing.T
	Backend
	ctx context.Context

	mu    sync.Mutex
	conns []api.Conn // protected by mu; opened by the case, ended after it
}

// try runs one case, and fails if it leaks a goroutine.
func try(t *testing.T, b Backend, c testCase) {
	ctx, cancel := context.WithTimeout(context.Background(), caseTime)
	r := &trial{T: t, Backend: b, ctx: ctx}
	label := watch(t.Name())
	defer func() {
		for _, conn := range r.conns {
			conn.CloseNow()
		}
		cancel()
		if left := label.left(caseTime); left != "" {
			t.Errorf("goroutines of this case are left:\n%s", left)
		}
		if t.Failed() {
			t.Logf("why: %s: %s", c.rule, c.why)
		}
	}()
	c.run(r)
}

// soon returns a context that ends after moment.
func (t *trial) soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.ctx, moment)
}

// gone returns a context that has ended.
func (t *trial) gone() context.Context {
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	return ctx
}

// try dials path.
func (t *trial) try(ctx context.Context, path string, o Options) (api.Conn, error) {
	c, err := t.Backend.Dial(ctx, t.URL+path, o)
	if err == nil {
		t.mu.Lock()
		t.conns = append(t.conns, c)
		t.mu.Unlock()
	}
	return c, err
}

// dial dials path with at most one Options.
func (t *trial) dial(path string, o ...Options) api.Conn {
	t.Helper()
	c, err := t.try(t.ctx, path, append(o, Options{})[0])
	if err != nil {
		t.Fatalf("dial %s: %v", path, err)
	}
	return c
}

// dialEcho dials the echo with an id for seen.
func (t *trial) dialEcho(o ...Options) (c api.Conn, id string) {
	t.Helper()
	id = newID()
	return t.dial(t.Echo+"?id="+id, o...), id
}

func newID() string { return strconv.FormatUint(rand.Uint64(), 36) }

// seen waits until the server has seen the end of connection id, and returns
// the code and reason of the client's close frame.
func (t *trial) seen(id string) (api.StatusCode, string) {
	t.Helper()
	c := t.dial("/seen?id=" + id)
	defer c.CloseNow()
	_, p := t.read(c)
	code, reason, _ := strings.Cut(string(p), " ")
	n, err := strconv.Atoi(code)
	if err != nil {
		t.Fatalf("/seen sent %q", p)
	}
	return api.StatusCode(n), reason
}

// wantSeen compares what the server saw with a code and a reason.
func (t *trial) wantSeen(id string, code api.StatusCode, reason string) {
	t.Helper()
	code, reason = t.told(code, reason)
	if c, r := t.seen(id); c != code || r != reason {
		t.Errorf("the server saw %v %q, want %v %q", c, r, code, reason)
	}
}

func (t *trial) write(c api.Conn, typ api.MessageType, p []byte) {
	t.Helper()
	if err := c.Write(t.ctx, typ, p); err != nil {
		t.Fatalf("write of %d bytes of %v: %v", len(p), typ, err)
	}
}

func (t *trial) read(c api.Conn) (api.MessageType, []byte) {
	t.Helper()
	typ, p, err := c.Read(t.ctx)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return typ, p
}

// wantMessage reads a message and compares it.
func (t *trial) wantMessage(c api.Conn, typ api.MessageType, p []byte) {
	t.Helper()
	gotTyp, got := t.read(c)
	if gotTyp != typ || !bytes.Equal(got, p) {
		t.Fatalf("got %v %s, want %v %s", gotTyp, brief(got), typ, brief(p))
	}
}

// wantEcho sends a message and compares what comes back.
func (t *trial) wantEcho(c api.Conn, typ api.MessageType, p []byte) {
	t.Helper()
	t.write(c, typ, p)
	t.wantMessage(c, typ, p)
}

// brief shows the beginning of a message.
func brief(p []byte) string {
	if len(p) <= 40 {
		return strconv.Quote(string(p))
	}
	return strconv.Quote(string(p[:40])) + "... (" + strconv.Itoa(len(p)) + " bytes)"
}

// wantIs checks that err matches target.
func (t *trial) wantIs(what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s returned %v, want an error that matches %q", what, err, target)
	}
}

// wantClosed checks that err is a *CloseError and returns it.
func (t *trial) wantClosed(what string, err error) *api.CloseError {
	t.Helper()
	e, ok := errors.AsType[*api.CloseError](err)
	if !ok {
		t.Fatalf("%s returned %v, want a *CloseError", what, err)
	}
	t.wantIs(what, err, api.ErrClosed)
	return e
}

// wantArgument checks that err is an *ArgumentError about the argument name, or
// a part of it: Header["X"] is a part of Header. "" stands for any.
func (t *trial) wantArgument(what string, err error, name string) {
	t.Helper()
	e, ok := errors.AsType[*api.ArgumentError](err)
	if !ok {
		t.Errorf("%s returned %v, want an *ArgumentError", what, err)
		return
	}
	if !strings.HasPrefix(e.Name, name) {
		t.Errorf("%s names %q (%v), want %q", what, e.Name, err, name)
	}
}

// wantWithin checks how long f takes.
func (t *trial) wantWithin(what string, most time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d > most {
		t.Errorf("%s took %v, want at most %v", what, d, most)
	}
}

// start runs f on a goroutine; the returned function waits for its error.
func start(f func() error) (wait func() error) {
	done := make(chan error, 1)
	go func() { done <- f() }()
	return func() error { return <-done }
}

// waitingRead starts a Read; the returned function waits for its error.
func (t *trial) waitingRead(c api.Conn) (wait func() error) {
	return start(func() error {
		_, _, err := c.Read(t.ctx)
		return err
	})
}

// pattern returns n pseudo-random bytes, the same for the same seed.
func pattern(n int, seed byte) []byte {
	p := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(p)
	return p
}

// words returns n bytes of UTF-8 with characters of every length, and ASCII at
// the end.
func words(n int) []byte {
	const s = "aé水🌊"
	p := bytes.Repeat([]byte(s), n/len(s))
	return append(p, "~~~~~~~~~~"[:n-len(p)]...)
}
