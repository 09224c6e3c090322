package browser

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// fakeSocket is a WebSocket object whose events the test fires.
type fakeSocket struct {
	mu       sync.Mutex
	queue    []event.Event
	wake     func()
	armed    bool // Next has reported false
	state    event.State
	protocol string
	sent     []sent
	buffered int64
	looks    int
	closes   []string
	released bool
	sendErr  error
	closeErr error               // of CloseWith
	stands   bool                // the event loop is blocked
	onClose  func(f *fakeSocket) // called inside of HangUp and CloseWith, as the peer's answer
	onSend   func(f *fakeSocket) // called inside of Send
}

type sent struct {
	typ  api.MessageType
	text string
}

func (f *fakeSocket) Next() (event.Event, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		f.armed = true
		return event.Event{}, false
	}
	e := f.queue[0]
	f.queue = f.queue[1:]
	return e, true
}

func (f *fakeSocket) Wake(wake func()) { f.wake = wake }

func (f *fakeSocket) Poke() {
	if !f.stands {
		go f.wake()
	}
}

// fire fires events in one task: all are queued before the connection can
// handle the first.
func (f *fakeSocket) fire(events ...event.Event) {
	f.mu.Lock()
	for _, e := range events {
		switch e.Kind {
		case event.Opened:
			f.state = event.Open
		case event.Ended:
			f.state = event.Closed
		}
	}
	if f.released {
		f.mu.Unlock()
		return
	}
	f.queue = append(f.queue, events...)
	armed := f.armed
	f.armed = false
	f.mu.Unlock()
	if armed {
		f.wake()
	}
}

func (f *fakeSocket) State() event.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

func (f *fakeSocket) setState(s event.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = s
}

func (f *fakeSocket) SendPrepared(m event.Prepared) error {
	p := m.(fakePrepared)
	return f.Send(p.typ, []byte(p.text))
}

// fakePrepared is a prepared message of a fakeSocket.
type fakePrepared sent

func (p fakePrepared) Size() int { return len(p.text) }

func (f *fakeSocket) Send(typ api.MessageType, p []byte) error {
	f.mu.Lock()
	if f.state != event.Open {
		f.mu.Unlock()
		return nil // dropped silently, as the standard requires
	}
	if f.sendErr == nil {
		f.sent = append(f.sent, sent{typ, string(p)})
	}
	err, onSend := f.sendErr, f.onSend
	f.mu.Unlock()
	if onSend != nil {
		onSend(f)
	}
	return err
}

func (f *fakeSocket) HangUp() { f.hangUp("close()") }

func (f *fakeSocket) CloseWith(code api.StatusCode, reason string) error {
	if f.closeErr != nil {
		return f.closeErr
	}
	f.hangUp("close(" + strconv.Itoa(int(code)) + ", " + strconv.Quote(reason) + ")")
	return nil
}

func (f *fakeSocket) hangUp(call string) {
	f.mu.Lock()
	f.closes = append(f.closes, call)
	f.state = max(f.state, event.Closing)
	onClose := f.onClose
	f.mu.Unlock()
	if onClose != nil {
		onClose(f)
	}
}

func (f *fakeSocket) BufferedAmount() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	return f.buffered
}

// looked returns how often BufferedAmount was called.
func (f *fakeSocket) looked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.looks
}

// buffer sets what BufferedAmount returns.
func (f *fakeSocket) buffer(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.buffered = n
}

func (f *fakeSocket) Protocol() string   { return f.protocol }
func (f *fakeSocket) URL() string        { return "wss://user:secret@example.com/path" }
func (f *fakeSocket) Extensions() string { return "permessage-deflate" }

func (f *fakeSocket) Forget() {}

func (f *fakeSocket) Release() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.released, f.queue, f.armed = true, nil, false
}

// check compares the calls of the socket's methods, once all goroutines are
// blocked: events may be handled on another goroutine.
func (f *fakeSocket) check(t *testing.T, released bool, closes ...string) {
	t.Helper()
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.released != released {
		t.Errorf("released: %v, want %v", f.released, released)
	}
	if !slices.Equal(f.closes, closes) {
		t.Errorf("calls of close: %q, want %q", f.closes, closes)
	}
}

func (f *fakeSocket) messages() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

// fakeMessage counts the calls of its methods.
type fakeMessage struct {
	typ    api.MessageType
	p      string
	units  int // UTF-16 units of a text; 0 means len(p)
	sized  int // calls of AppendTo with a limit
	copied int
	onCopy func()
	err    error
}

func (m *fakeMessage) Type() api.MessageType { return m.typ }

func (m *fakeMessage) MinSize() int {
	if m.units > 0 {
		return m.units
	}
	return len(m.p)
}

func (m *fakeMessage) AppendTo(dst []byte, limit int64) ([]byte, bool, error) {
	if m.err != nil {
		return dst, true, m.err
	}
	if limit >= 0 {
		m.sized++
		if int64(len(m.p)) > limit {
			return dst, false, nil
		}
	}
	m.copied++
	if m.onCopy != nil {
		m.onCopy()
	}
	return append(dst, m.p...), true, nil
}

func text(s string) event.Event {
	return event.Event{Kind: event.Received, Message: &fakeMessage{typ: api.MessageText, p: s}}
}

func closed(code api.StatusCode, reason string) event.Event {
	return event.Event{Kind: event.Ended, Code: code, Reason: reason, Clean: code != api.StatusAbnormalClosure}
}

// open returns a connection that is open and has a read limit, -1 for none.
func open(t *testing.T, limit int64) (*Conn, *fakeSocket) {
	t.Helper()
	return openWith(t, Options{ReadLimit: limit, ReadBuffer: -1, WriteBuffer: -1})
}

func openWith(t *testing.T, o Options) (*Conn, *fakeSocket) {
	t.Helper()
	f := new(fakeSocket)
	f.fire(event.Event{Kind: event.Opened})
	c, err := Dial(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait() // for the wake-up of Poke, which holds the lock
	return c, f
}

// answer acts as a peer that completes the closing handshake.
func answer(code api.StatusCode) func(*fakeSocket) {
	return func(f *fakeSocket) { go f.fire(closed(code, "answered")) }
}

func wantClose(t *testing.T, err error, want api.CloseError) {
	t.Helper()
	e, ok := errors.AsType[*api.CloseError](err)
	if !ok {
		t.Fatalf("error %v, want a CloseError", err)
	}
	got := *e
	got.Cause = nil
	if got != want {
		t.Errorf("error %+v, want %+v", got, want)
	}
	if !errors.Is(err, api.ErrClosed) {
		t.Errorf("%v does not match ErrClosed", err)
	}
}

func wantRead(t *testing.T, c *Conn, want string) {
	t.Helper()
	_, p, err := c.ReadAppend(t.Context(), nil)
	if err != nil || string(p) != want {
		t.Errorf("read %q, %v; want %q", p, err, want)
	}
}

func readErr(ctx context.Context, c *Conn) error {
	_, _, err := c.ReadAppend(ctx, nil)
	return err
}

// bubble runs f with a fake clock; every goroutine must end.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}
