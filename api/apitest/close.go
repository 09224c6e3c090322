package apitest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// wantEnded checks that this side has ended c, and that it stays ended.
func (t *trial) wantEnded(c api.Conn) {
	t.Helper()
	for range 2 {
		_, _, err := c.Read(t.ctx)
		if e := t.wantClosed("Read", err); !e.Local {
			t.Errorf("Read returned %v, want Local", err)
		}
	}
	t.wantIs("CloseNow", c.CloseNow(), api.ErrClosed)
}

// closeArguments are arguments of Close, and whether they can be sent.
func closeArguments() []struct {
	code     api.StatusCode
	reason   string
	sendable bool
} {
	type row = struct {
		code     api.StatusCode
		reason   string
		sendable bool
	}
	long := strings.Repeat("r", api.MaxReason)
	rows := []row{
		{1000, "bye", true}, {1000, long, true}, {3000, "", true}, {4999, "é水🌊", true}, {4999, strings.Repeat("é", 61), true},
		{4000, strings.Repeat("水", 41), true}, {4000, "\ufeffkept", true},
		{1005, "", true}, // requests the empty close frame
		{1000, long + "r", false}, {4000, strings.Repeat("é", 62), false}, {4000, strings.Repeat("水", 41) + "a", false}, {1000, "\xff", false}, {1000, "\xe2\x82", false},
		{1005, "with a reason", false},
	}
	for _, code := range []api.StatusCode{1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014} {
		rows = append(rows, row{code, "native", true})
	}
	for _, code := range []api.StatusCode{-1, 0, 1, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65535, 65536 + 1000} {
		rows = append(rows, row{code, "reserved", false})
	}
	return rows
}

var closeCases = []testCase{
	{name: "CloseSendsCodeAndReason", rule: closes,
		why: "RFC 6455 section 7.4 and the WHATWG close(): 1000 and 3000-4999 everywhere, natively also what IANA allows; with a code that cannot be sent, Close closes without it (the peer sees 1005) and returns an error",
		run: func(t *trial) {
			for _, a := range closeArguments() {
				c, id := t.dialEcho()
				err := c.Close(a.code, a.reason)
				what := fmt.Sprintf("Close(%d, %.20q)", a.code, a.reason)
				if !a.sendable || !t.sendable(a.code) {
					t.wantArgument(what, err, "")
					t.wantSeen(id, api.StatusNoStatusRcvd, "")
				} else {
					if err = t.codeless(a.code, err); err != nil {
						t.Errorf("%s returned %v", what, err)
					}
					t.wantSeen(id, a.code, a.reason)
				}
				t.wantEnded(c)
			}
		}},
	{name: "CloseIsClean", rule: alone,
		why: "RFC 6455 section 7.1.4: the end is clean when both close frames are exchanged; the error of later calls says who began",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			if err := t.close(c, 4321, "done"); err != nil {
				t.Fatal(err)
			}
			_, _, err := c.Read(t.ctx)
			if t.Draft.NoCloseFrame {
				if e := t.wantClosed("Read", err); !e.Local || e.Clean {
					t.Errorf("Read returned %#v, want Local and not Clean: there is no close frame", e)
				}
				return
			}
			if e := t.wantClosed("Read", err); !e.Local || !e.Clean || e.Cause != nil {
				t.Errorf("Read returned %#v, want Local and Clean without a Cause", e)
			}
		}},
	{name: "CloseDiscardsTheUnread", rule: alone,
		why: "Close reads by itself, and discards unread messages: they do not delay it",
		run: func(t *trial) {
			c, id := t.dialEcho()
			for i := range 20 {
				t.write(c, t.binary(), t.pattern(10_000, byte(i)))
			}
			t.wantWithin("Close", promptly, func() {
				if err := t.close(c, 1000, ""); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			t.wantSeen(id, 1000, "")
			t.wantEnded(c)
		}},
	{name: "CloseInsideAMessage", rule: alone,
		why: "Close needs no other call, even if a stream of Reader has not been read to its end",
		run: func(t *trial) {
			c, id := t.dialEcho()
			t.write(c, t.binary(), t.pattern(100_000, 1))
			_, r, err := c.Reader(t.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Read(make([]byte, 10)); err != nil {
				t.Fatal(err)
			}
			if err := t.close(c, 4000, "enough"); err != nil {
				t.Errorf("Close: %v", err)
			}
			t.wantSeen(id, 4000, "enough")
			t.wantEnded(c)
		}},
	{name: "CloseBesideAWaitingRead", rule: alone,
		why: "a blocked Read completes the closing handshake; Read and Close may run at the same time",
		run: func(t *trial) {
			c, id := t.dialEcho()
			ctx, cancel := t.soon()
			defer cancel()
			c.Read(ctx) // the connection has been read from
			read := t.waitingRead(c)
			t.wantWithin("Close", promptly, func() {
				if err := t.close(c, 1000, "bye"); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			if e := t.wantClosed("the waiting Read", read()); !e.Local {
				t.Errorf("the waiting Read returned %#v, want Local", e)
			}
			t.wantSeen(id, 1000, "bye")
		}},
	{name: "CloseTwice", rule: alone,
		why: "Close returns nil when both sides sent a close frame, also when called again; the code of the first call was sent",
		run: func(t *trial) {
			c, id := t.dialEcho()
			for i := range 3 {
				if err := t.close(c, api.StatusCode(4000+i), strconv.Itoa(i)); err != nil {
					t.Errorf("Close number %d: %v", i, err)
				}
			}
			t.wantSeen(id, 4000, "0")
			t.wantEnded(c)
		}},
	{name: "CloseFromManyGoroutines", rule: alone,
		why: "any number of calls of Close and Read may run at the same time",
		run: func(t *trial) {
			c, id := t.dialEcho()
			var closing, reading []func() error
			for range 4 {
				reading = append(reading, t.waitingRead(c))
				closing = append(closing, start(func() error { return t.close(c, 4000, "many") }))
			}
			t.wantWithin("all of them", promptly, func() {
				for _, wait := range closing {
					if err := wait(); err != nil {
						t.Errorf("Close: %v", err)
					}
				}
				for _, wait := range reading {
					t.wantClosed("Read", wait())
				}
			})
			t.wantSeen(id, 4000, "many")
		}},
	{name: "CloseNowSendsNoCode", rule: closes,
		why: "CloseNow ends at once without a closing handshake: natively TCP ends (1006); a browser always sends an empty close frame (1005)",
		run: func(t *trial) {
			c, id := t.dialEcho()
			t.wantEcho(c, api.MessageText, []byte("hello"))
			if err := c.CloseNow(); err != nil {
				t.Errorf("CloseNow: %v", err)
			}
			t.wantEnded(c)
			code := api.StatusAbnormalClosure
			if t.Browser {
				code = api.StatusNoStatusRcvd
			}
			t.wantSeen(id, code, "")
		}},
	{name: "CloseNowWakesEverybody", rule: closes,
		why: "CloseNow always closes, whatever calls are blocked",
		run: func(t *trial) {
			c := t.dial("/silent-close")
			var waiting []func() error
			for range 3 {
				waiting = append(waiting, t.waitingRead(c))
			}
			ctx, cancel := t.soon()
			defer cancel()
			c.Read(ctx)
			t.wantWithin("CloseNow", promptly, func() {
				if err := c.CloseNow(); err != nil {
					t.Errorf("CloseNow: %v", err)
				}
				for _, wait := range waiting {
					if e := t.wantClosed("Read", wait()); !e.Local || e.Clean {
						t.Errorf("Read returned %#v, want Local and not Clean", e)
					}
				}
			})
			t.wantIs("Close after CloseNow", c.Close(1000, ""), api.ErrClosed)
			t.wantEnded(c)
		}},
	{name: "NothingWorksAfterTheEnd", rule: typed,
		why: "the error of every operation on an ended connection matches ErrClosed; WHATWG send() would drop the message silently",
		run: func(t *trial) {
			ends := map[string]func() api.Conn{
				"Close":    func() api.Conn { c := t.dial(t.Echo); c.Close(1000, ""); return c },
				"CloseNow": func() api.Conn { c := t.dial(t.Echo); c.CloseNow(); return c },
				"the peer": func() api.Conn { c := t.dial("/close?code=4000"); c.Read(t.ctx); return c },
				"a reset": func() api.Conn {
					c := t.dial("/reset?after=1")
					t.write(c, api.MessageText, []byte("now"))
					c.Read(t.ctx)
					return c
				},
			}
			for by, ended := range ends {
				c := ended()
				_, _, err := c.Read(t.ctx)
				t.wantIs("Read after "+by, err, api.ErrClosed)
				_, _, err = c.ReadAppend(t.ctx, nil)
				t.wantIs("ReadAppend after "+by, err, api.ErrClosed)
				_, _, err = c.Reader(t.ctx)
				t.wantIs("Reader after "+by, err, api.ErrClosed)
				t.wantIs("Write after "+by, c.Write(t.ctx, api.MessageText, []byte("lost")), api.ErrClosed)
				w, err := c.Writer(t.ctx, api.MessageText)
				if err == nil {
					if _, err = w.Write([]byte("lost")); err == nil {
						err = w.Close()
					}
				}
				t.wantIs("Writer after "+by, err, api.ErrClosed)
				if t.pings() {
					t.wantIs("Ping after "+by, c.Ping(t.ctx), api.ErrClosed)
				}
				t.wantIs("CloseNow after "+by, c.CloseNow(), api.ErrClosed)
			}
		}},
}
