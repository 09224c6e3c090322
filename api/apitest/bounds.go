package apitest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/twinws/ws/api"
)

// isTimeout returns what os.IsTimeout and net.Error report.
func isTimeout(err error) bool {
	e, ok := err.(interface{ Timeout() bool })
	return ok && e.Timeout()
}

// wantOwnEnd checks the error of an operation on a connection that this side
// has ended without the peer's close frame: it must not match a lost
// connection, nor an ended context of the operation itself.
func (t *trial) wantOwnEnd(what string, err error) {
	t.Helper()
	if e := t.wantClosed(what, err); !e.Local || e.Clean || api.CloseStatus(err) != -1 {
		t.Errorf("%s returned %#v, want Local, not Clean, and no status", what, e)
	}
	if text := err.Error(); strings.Contains(text, "1006") || strings.Contains(text, "abnormal") {
		t.Errorf("%s returned %q, which reads like a failure", what, text)
	}
	t.wantNoEndedContext(what, err)
}

// wantNoEndedContext checks that the error of an ended connection does not
// match that of an ended context.
func (t *trial) wantNoEndedContext(what string, err error) {
	t.Helper()
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		t.Errorf("%s returned %v, which matches an ended context of its own", what, err)
	}
}

// wantAllEnded checks the error of every operation after this side has ended
// the connection.
func (t *trial) wantAllEnded(c api.Conn) {
	t.Helper()
	for range 2 {
		_, _, err := c.Read(t.ctx)
		t.wantOwnEnd("Read", err)
		_, _, err = c.Reader(t.ctx)
		t.wantOwnEnd("Reader", err)
		t.wantOwnEnd("Write", c.Write(t.ctx, api.MessageText, nil))
		t.wantOwnEnd("CloseNow", c.CloseNow())
		t.wantOwnEnd("Close", c.Close(1000, ""))
	}
}

var boundCases = []testCase{
	{name: "CloseContext", rule: closes,
		why: "CloseContext is Close with another time limit: if the peer answers, they do the same (RFC 6455 section 7.1.1)",
		run: func(t *trial) {
			for _, bound := range []time.Duration{caseTime, 0} {
				c, id := t.dialEcho()
				ctx, cancel := context.WithCancel(context.Background())
				if bound > 0 {
					ctx, cancel = context.WithTimeout(ctx, bound)
				}
				if err := t.codeless(4000, c.CloseContext(ctx, 4000, "bye")); err != nil {
					t.Errorf("CloseContext: %v", err)
				}
				cancel()
				t.wantSeen(id, 4000, "bye")
				t.wantEnded(c)
			}
		}},
	{name: "CloseContextEndsFirst", rule: bounded,
		why: "when ctx ends first, the connection is ended without the peer's close frame, and the error matches ctx.Err() and ErrClosed; no later one does",
		run: func(t *trial) {
			for _, want := range []error{context.DeadlineExceeded, context.Canceled} {
				c := t.dial("/silent-close")
				read := t.waitingRead(c)
				ctx, cancel := t.soon()
				if want == context.Canceled {
					ctx, cancel = context.WithCancel(t.ctx)
					time.AfterFunc(moment, cancel)
				}
				var err error
				t.wantWithin("CloseContext", promptly, func() { err = c.CloseContext(ctx, 1000, "bye") })
				cancel()
				t.wantIs("CloseContext", err, want)
				if e := t.wantClosed("CloseContext", err); !e.Local || e.Clean || api.CloseStatus(err) != -1 {
					t.Errorf("CloseContext returned %#v, want Local, not Clean, and no status", e)
				}
				if isTimeout(err) != (want == context.DeadlineExceeded) {
					t.Errorf("%v: Timeout is %v", err, isTimeout(err))
				}
				t.wantOwnEnd("the waiting Read", read())
				t.wantAllEnded(c)
			}
		}},
	{name: "CloseContextAfterItsContext", rule: closes,
		why: "Close always closes, also with a nil context or one that has ended",
		run: func(t *trial) {
			c := t.dial("/silent-close")
			t.wantIs("CloseContext", c.CloseContext(t.gone(), 1000, ""), context.Canceled)
			t.wantAllEnded(c)
			var none context.Context
			c = t.dial(t.Echo)
			t.wantArgument("CloseContext", c.CloseContext(none, 1000, ""), "ctx")
			t.wantEnded(c)
		}},
	{name: "CloseContextWithoutADeadline", rule: bounded, waits: true,
		why: "CloseContext's comment: without a deadline the limit is 5 s, which does not count as an end of the context",
		run: func(t *trial) {
			c := t.dial("/silent-close")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			begin := time.Now()
			err := c.CloseContext(ctx, 1000, "")
			if d := time.Since(begin); d < 4*time.Second || d > 8*time.Second {
				t.Errorf("CloseContext took %v, want 5 s", d)
			}
			t.wantOwnEnd("CloseContext", err)
		}},
	{name: "CloseContextIsPatient", rule: bounded, waits: true,
		why: "CloseContext's comment: the deadline may be later than in 5 s",
		run: func(t *trial) {
			c := t.dial("/silent-close")
			ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
			defer cancel()
			begin := time.Now()
			err := c.CloseContext(ctx, 1000, "")
			if t.Differs.ClosesAlone > 0 {
				if d := time.Since(begin); d < t.Differs.ClosesAlone || err == nil || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("CloseContext returned %v after %v, want the browser's own end after %v", err, d, t.Differs.ClosesAlone)
				}
				return
			}
			if d := time.Since(begin); d < 5500*time.Millisecond || d > 9*time.Second {
				t.Errorf("CloseContext took %v, want 6 s", d)
			}
			t.wantIs("CloseContext", err, context.DeadlineExceeded)
			t.wantIs("CloseContext", err, api.ErrClosed)
		}},
	{name: "ContextOfTheConnection", rule: typed,
		why: "Context ends with the connection, and the connection's error is its cause, whoever ended it",
		run: func(t *trial) {
			for by, end := range map[string]func() api.Conn{
				"the peer": func() api.Conn { c := t.dial("/close?code=4000&after=1"); return c },
				"CloseNow": func() api.Conn { return t.dial(t.Echo) },
				"Close":    func() api.Conn { return t.dial(t.Echo) },
			} {
				c := end()
				ctx := c.Context()
				if err := ctx.Err(); err != nil || c.Context() != ctx {
					t.Fatalf("the context of an open connection: %v", err)
				}
				if _, ok := ctx.Deadline(); ok {
					t.Error("the context has a deadline")
				}
				switch by {
				case "the peer":
					t.write(c, api.MessageText, nil)
					c.Read(t.ctx)
				case "CloseNow":
					c.CloseNow()
				case "Close":
					c.Close(1000, "")
				}
				<-ctx.Done()
				t.wantIs("Err after "+by, ctx.Err(), context.Canceled)
				e := t.wantClosed("the cause after "+by, context.Cause(ctx))
				if told, _ := t.told(4000, ""); e.Local == (by == "the peer") || by == "the peer" && e.Code != told {
					t.Errorf("the cause after %s is %#v", by, e)
				}
			}
			c := t.dial(t.Echo)
			c.CloseNow()
			t.wantIs("the cause, asked for after the end", context.Cause(c.Context()), api.ErrClosed)
		}},
	{name: "OwnEndIsNoFault", rule: typed,
		why: "CloseStatus is -1 when this side ended the connection without the peer's close frame: 1006 means that the connection was lost",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			t.wantEcho(c, api.MessageText, []byte("hello"))
			if err := c.CloseNow(); err != nil {
				t.Errorf("CloseNow: %v", err)
			}
			t.wantAllEnded(c)
		}},
	{name: "EndedConnectionIsNoEndedContext", rule: typed,
		why: "a loop that retries while the error is that of its context must terminate: after a context has ended a Write or a Close, later calls do not return the error of that context",
		run: func(t *trial) {
			var c api.Conn
			var err error
			for wait := 10 * moment; ; wait *= 2 { // until the context ends in the middle
				c, err = t.cutOff(wait)
				if c.Context().Err() != nil || wait > caseTime {
					break
				}
			}
			t.wantIs("the call that was cut off", err, context.DeadlineExceeded)
			if !isTimeout(err) {
				t.Errorf("%v is no time-out", err)
			}
			_, _, err = c.Read(t.ctx)
			t.wantIs("Read", err, api.ErrClosed)
			t.wantNoEndedContext("Read", err)
			err = c.Write(t.ctx, api.MessageText, nil)
			t.wantIs("Write", err, api.ErrClosed)
			t.wantNoEndedContext("Write", err)
			t.wantNoEndedContext("Close", c.Close(1000, ""))
		}},
	{name: "TimeoutOfAPassedDeadline", rule: typed,
		why: "os.IsTimeout and net.Error's Timeout are true for a passed deadline, and for nothing else",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			ctx, cancel := t.soon()
			defer cancel()
			_, _, err := c.Read(ctx)
			if !isTimeout(err) {
				t.Errorf("Read returned %#v, want Timeout", err)
			}
			if err := c.Write(ctx, api.MessageText, nil); !isTimeout(err) {
				t.Errorf("Write returned %#v, want Timeout", err)
			}
			_, err = t.try(ctx, t.Echo, Options{})
			if !isTimeout(err) {
				t.Errorf("Dial returned %#v, want Timeout", err)
			}
			t.wantHandshake("Dial", err)
			if _, _, err = c.Read(t.gone()); isTimeout(err) {
				t.Errorf("Read with a canceled context returned %#v, which is no time-out", err)
			}
			c.Close(1000, "")
			if _, _, err = c.Read(t.ctx); isTimeout(err) {
				t.Errorf("Read after the end returned %#v, which is no time-out", err)
			}
		}},
	{name: "DialTellsWhatItWaitedFor", rule: typed,
		why: "a Dial whose context ends returns a *HandshakeError that names the URL, and matches ctx.Err()",
		run: func(t *trial) {
			ctx, cancel := context.WithTimeout(t.ctx, 4*moment)
			defer cancel()
			_, err := t.try(ctx, "/hang?most=5", Options{})
			t.wantIs("Dial", err, context.DeadlineExceeded)
			if e := t.wantHandshake("Dial", err); e.Problem == "" || !strings.HasSuffix(e.URL, "/hang?most=5") {
				t.Errorf("Dial returned %#v, want the URL and the problem", e)
			}
		}},
	{name: "ReaderTakesUpTheRest", rule: cancelling,
		why: "once the context of a Reader has ended, Reader returns a stream of the rest of the message; Read returns the message if no byte of it has been read",
		run: func(t *trial) {
			for _, taken := range []int{0, 2} {
				c := t.dial(t.Echo)
				t.write(c, api.MessageText, []byte("hello"))
				ctx, cancel := context.WithCancel(t.ctx)
				_, r, err := c.Reader(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if n, err := r.Read(make([]byte, taken)); n != taken || err != nil {
					t.Fatalf("the stream: %d, %v", n, err)
				}
				t.wantUnread(c)
				cancel()
				_, err = r.Read(make([]byte, 1))
				t.wantIs("the stream", err, context.Canceled)
				if taken == 0 {
					t.wantMessage(c, api.MessageText, []byte("hello"))
					continue
				}
				_, _, err = c.Read(t.ctx)
				t.wantIs("Read", err, api.ErrUnreadMessage)
				if !strings.Contains(err.Error(), "new Reader") {
					t.Errorf("%v does not say how to go on", err)
				}
				_, r, err = c.Reader(t.ctx)
				if err != nil {
					t.Fatal(err)
				}
				t.wantUnread(c)
				t.wantRest(r, "llo")
				t.wantEcho(c, api.MessageText, []byte("the next"))
			}
		}},
}

// cutOff returns a connection that ended with a call's context, and that call's
// error: natively a Write, of which a part was on the wire if wait was long
// enough; in a browser, where no message is ever sent in part, a Close.
func (t *trial) cutOff(wait time.Duration) (api.Conn, error) {
	c := t.dial("/never-reads")
	ctx, cancel := context.WithTimeout(t.ctx, wait)
	defer cancel()
	if t.Browser {
		return c, c.CloseContext(ctx, 1000, "")
	}
	for msg := t.pattern(8<<20, 1); ; {
		if err := c.Write(ctx, t.binary(), msg); err != nil {
			return c, err
		}
	}
}
