package ws

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

var errFake = errors.New("the backend's error")

// fake is a backend that records what reaches it, and returns what it is told.
type fake struct {
	calls   []string
	err     error
	message []byte
	opened  chan struct{} // Reader waits for it, when it is not nil
	portable
}

// portable says what can be sent in a close frame.
type portable bool

func (p portable) CanSend(code StatusCode) bool { return !bool(p) || code.Portable() }

func (f *fake) call(name string) error {
	f.calls = append(f.calls, name)
	return f.err
}

func (f *fake) ReadAppend(_ context.Context, dst []byte) (MessageType, []byte, error) {
	err := f.call("read")
	return MessageText, append(dst, f.message...), err
}

func (f *fake) Reader(ctx context.Context) (MessageType, io.Reader, error) {
	if f.opened != nil {
		select {
		case <-f.opened:
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		}
	}
	return MessageText, strings.NewReader(string(f.message)), f.call("reader")
}

func (f *fake) Write(context.Context, MessageType, []byte) error { return f.call("write") }

func (f *fake) WritePrepared(context.Context, prepared) error { return f.call("write prepared") }

func (f *fake) Writer(context.Context, MessageType) (io.WriteCloser, error) {
	return nopWriter{f.err}, f.call("writer")
}

func (f *fake) Ping(context.Context) error { return f.call("ping") }

func (f *fake) CloseContext(_ context.Context, code StatusCode, reason string) error {
	return f.call("close " + code.String() + " " + reason)
}

func (f *fake) Fail(code StatusCode, err error) { f.call("fail " + code.String() + ": " + err.Error()) }
func (f *fake) CloseNow() error                 { return f.call("close now") }
func (f *fake) Context() context.Context        { return context.Background() }
func (f *fake) Subprotocol() string             { return "chat" }
func (f *fake) BufferedAmount() int64           { return 7 }

type nopWriter struct{ err error }

func (w nopWriter) Write(p []byte) (int, error) { return len(p), w.err }
func (w nopWriter) Close() error                { return w.err }

// What cannot be right never reaches a backend.
func TestConnChecksArguments(t *testing.T) {
	var none context.Context
	ctx := context.Background()
	for name, tt := range map[string]struct {
		call     func(*Conn) error
		argument string
	}{
		"Read without ctx":       {func(c *Conn) error { _, _, err := c.Read(none); return err }, "ctx"},
		"ReadAppend without ctx": {func(c *Conn) error { _, _, err := c.ReadAppend(none, nil); return err }, "ctx"},
		"Reader without ctx":     {func(c *Conn) error { _, _, err := c.Reader(none); return err }, "ctx"},
		"Write without ctx":      {func(c *Conn) error { return c.Write(none, MessageText, nil) }, "ctx"},
		"Writer without ctx":     {func(c *Conn) error { _, err := c.Writer(none, MessageText); return err }, "ctx"},
		"Ping without ctx":       {func(c *Conn) error { return c.Ping(none) }, "ctx"},
		"Write of no type":       {func(c *Conn) error { return c.Write(ctx, 0, nil) }, "typ"},
		"Write of a close":       {func(c *Conn) error { return c.Write(ctx, 8, nil) }, "typ"},
		"Writer of no type":      {func(c *Conn) error { _, err := c.Writer(ctx, 3); return err }, "typ"},
		"text not UTF-8":         {func(c *Conn) error { return c.Write(ctx, MessageText, []byte("\xff")) }, "p"},
		"a surrogate":            {func(c *Conn) error { return c.Write(ctx, MessageText, []byte("\xed\xa0\x80")) }, "p"},
	} {
		t.Run(name, func(t *testing.T) {
			f := new(fake)
			err := tt.call(&Conn{f})
			if e, ok := errors.AsType[*ArgumentError](err); !ok || e.Name != tt.argument {
				t.Errorf("error = %v, want an *ArgumentError about %s", err, tt.argument)
			}
			if len(f.calls) > 0 {
				t.Errorf("the backend was asked to %q", f.calls)
			}
		})
	}
}

// Each error names its operation once, and keeps what it wraps; io.EOF of a
// message's stream stays bare.
func TestConnWrapsErrors(t *testing.T) {
	ctx := context.Background()
	for name, call := range map[string]func(*Conn) error{
		"read":  func(c *Conn) error { _, _, err := c.Read(ctx); return err },
		"write": func(c *Conn) error { return c.Write(ctx, MessageBinary, []byte("\xff")) },
		"ping":  func(c *Conn) error { return c.Ping(ctx) },
		"close": func(c *Conn) error { return c.Close(StatusNormalClosure, "") },
	} {
		err := call(&Conn{&fake{err: errFake}})
		if want := "ws: " + name + ": " + errFake.Error(); !errors.Is(err, errFake) || err.Error() != want {
			t.Errorf("%s: %q, want %q", name, err, want)
		}
		if err := call(&Conn{new(fake)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (writer{w: nopWriter{errFake}}).Write(nil); err.Error() != "ws: write: "+errFake.Error() {
		t.Errorf("a stream's Write = %v", err)
	}
	if err := (writer{w: nopWriter{errFake}}).Close(); err.Error() != "ws: write: "+errFake.Error() {
		t.Errorf("a stream's Close = %v", err)
	}
	if _, err := (reader{r: strings.NewReader("")}).Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a stream's Read = %v, want io.EOF itself", err)
	}
	if err := wrap("read", nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

func TestConnRead(t *testing.T) {
	ctx := context.Background()
	c := &Conn{new(fake)}
	if _, p, err := c.Read(ctx); p == nil || len(p) != 0 || err != nil {
		t.Errorf("Read of an empty message = %#v, %v; want a slice that is not nil", p, err)
	}
	c = &Conn{&fake{message: []byte("lo")}}
	if _, p, err := c.ReadAppend(ctx, []byte("hel")); string(p) != "hello" || err != nil {
		t.Errorf("ReadAppend = %q, %v", p, err)
	}
	c = &Conn{&fake{message: []byte("lo"), err: errFake}}
	if _, p, err := c.ReadAppend(ctx, []byte("hel")); string(p) != "hel" || err == nil {
		t.Errorf("ReadAppend on error = %q, %v; want dst as it was", p, err)
	}
	if _, p, err := c.Read(ctx); p != nil || err == nil {
		t.Errorf("Read on error = %q, %v", p, err)
	}
	if c.Subprotocol() != "chat" || c.BufferedAmount() != 7 {
		t.Errorf("Subprotocol = %q, BufferedAmount = %d", c.Subprotocol(), c.BufferedAmount())
	}
}

// Close always closes: what may not be sent (RFC 6455 section 7.4, or the
// WHATWG standard's close()) is left out.
func TestConnClose(t *testing.T) {
	for name, tt := range map[string]struct {
		portable bool
		code     StatusCode
		reason   string
		sent     string
		argument string
	}{
		"normal":                 {true, 1000, "bye", "close 1000 normal closure bye", ""},
		"own code":               {true, 4999, "", "close 4999 ", ""},
		"empty frame":            {true, 1005, "", "close 1005 no status received ", ""},
		"native code":            {false, 1001, "", "close 1001 going away ", ""},
		"native code in a page":  {true, 1001, "", "close 1005 no status received ", "code"},
		"reserved, with reason":  {false, 1005, "why", "close 1005 no status received ", "code"},
		"reserved":               {false, 1006, "", "close 1005 no status received ", "code"},
		"no code":                {false, 0, "", "close 1005 no status received ", "code"},
		"too high":               {false, 5000, "", "close 1005 no status received ", "code"},
		"a reason of 123 bytes":  {true, 1000, strings.Repeat("x", 123), "close 1000 normal closure " + strings.Repeat("x", 123), ""},
		"a reason of 124 bytes":  {true, 1000, strings.Repeat("x", 124), "close 1005 no status received ", "reason"},
		"a reason not UTF-8":     {true, 1000, "\xff", "close 1005 no status received ", "reason"},
		"a reason cut in a rune": {true, 1000, strings.Repeat("x", 122) + "\xc3", "close 1005 no status received ", "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{portable: portable(tt.portable)}
			err := (&Conn{f}).Close(tt.code, tt.reason)
			if len(f.calls) != 1 || f.calls[0] != tt.sent {
				t.Errorf("the backend was asked to %q, want %q", f.calls, tt.sent)
			}
			e, ok := errors.AsType[*ArgumentError](err)
			if ok != (tt.argument != "") || ok && e.Name != tt.argument || !ok && err != nil {
				t.Errorf("error = %v, want one about %q", err, tt.argument)
			}
		})
	}
}

// CloseRead: a message fails the connection, the connection's end is the
// context's cause, and the context's end closes.
func TestConnCloseRead(t *testing.T) {
	t.Run("a message", func(t *testing.T) {
		f := &fake{message: []byte("x")}
		ctx := (&Conn{f}).CloseRead(context.Background())
		<-ctx.Done()
		cause := context.Cause(ctx)
		if e, ok := errors.AsType[*ProtocolError](cause); !ok || e.Code != StatusPolicyViolation {
			t.Errorf("cause = %v, want a *ProtocolError with 1008", cause)
		}
		if len(f.calls) != 2 || !strings.HasPrefix(f.calls[1], "fail 1008") {
			t.Errorf("the backend was asked to %q", f.calls)
		}
	})
	t.Run("the end", func(t *testing.T) {
		f := &fake{err: errFake}
		ctx := (&Conn{f}).CloseRead(context.Background())
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), errFake) || len(f.calls) != 1 {
			t.Errorf("cause = %v, and the backend was asked to %q", context.Cause(ctx), f.calls)
		}
	})
	t.Run("the context", func(t *testing.T) {
		closed := make(chan struct{})
		f := &closingFake{fake{opened: make(chan struct{})}, closed}
		parent, cancel := context.WithCancel(context.Background())
		ctx := (&Conn{f}).CloseRead(parent)
		cancel()
		<-closed
		if <-ctx.Done(); !errors.Is(context.Cause(ctx), context.Canceled) {
			t.Errorf("cause = %v", context.Cause(ctx))
		}
	})
}

// closingFake tells of CloseNow.
type closingFake struct {
	fake
	closed chan struct{}
}

func (f *closingFake) CloseNow() error {
	close(f.closed)
	return nil
}

func TestDialOptionsResolve(t *testing.T) {
	for _, tt := range []struct{ given, want int64 }{{0, 1 << 20}, {1, 1}, {-1, -1}, {-5, -1}} {
		o, err := (&DialOptions{ReadLimit: tt.given}).resolve()
		if err != nil || o.ReadLimit != tt.want {
			t.Errorf("ReadLimit %d became %d, %v; want %d", tt.given, o.ReadLimit, err, tt.want)
		}
	}
	o, err := (*DialOptions)(nil).resolve()
	if err != nil || o.ReadLimit != DefaultReadLimit {
		t.Errorf("nil options became %+v, %v", o, err)
	}
	names := []string{"a", "b"}
	if o, err = (&DialOptions{Subprotocols: names}).resolve(); err != nil {
		t.Fatal(err)
	}
	if names[0] = "c"; o.Subprotocols[0] != "a" {
		t.Error("Subprotocols are the caller's, not a copy")
	}
	for _, c := range []string{"", " ", "a b", "a,b", "a\r\n", "a\x00", "ü", "a;b", "(a)", "a/b", "a@b", "a=b", "\x7f"} {
		if _, err := (&DialOptions{Subprotocols: []string{c}}).resolve(); err == nil {
			t.Errorf("subprotocol %q was taken, and is no token (RFC 9110 section 5.6.2)", c)
		}
	}
	if _, err := (&DialOptions{Subprotocols: []string{"!#$%&'*+-.^_`|~09azAZ", "v1.chat"}}).resolve(); err != nil {
		t.Errorf("tokens were refused: %v", err)
	}
	if _, err := (&DialOptions{Subprotocols: []string{"a", "b", "a"}}).resolve(); err == nil {
		t.Error("a subprotocol was taken twice (RFC 6455 section 4.1 item 10)")
	}
}
