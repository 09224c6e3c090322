package apitest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twinws/ws/api"
)

var writeCases = []testCase{
	{name: "CancelledInsideAWrite", rule: cancelling,
		why: "only a Write that is partly on the wire fails the connection, and says so; a browser accepts whole messages, so there it never does",
		run: func(t *trial) {
			// In a browser a Write would wait for a peer that reads nothing.
			c := t.dial("/never-reads", Options{WriteBuffer: -1})
			msg := t.pattern(1<<20, 1)
			if t.Browser {
				for range 4 {
					if err := t.writeBriefly(c, msg); err != nil {
						t.wantIs("Write", err, context.DeadlineExceeded)
					}
				}
				t.write(c, api.MessageText, []byte("still open"))
				return
			}
			// One that fails before its first byte is on the wire is repeated.
			err := t.writeBriefly(c, msg)
			for n := 0; n < 64 && !errors.Is(err, api.ErrClosed); n++ {
				err = t.writeBriefly(c, msg)
			}
			t.wantIs("Write", err, context.DeadlineExceeded)
			t.wantIs("Write", err, api.ErrClosed)
			_, _, err = c.Read(t.ctx)
			t.wantIs("Read", err, api.ErrClosed)
		}},
	{name: "BufferedAmountGoesDownToZero", rule: honest,
		why: "WHATWG bufferedAmount: bytes accepted and not yet passed to the network; echoed ones are no longer counted",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			if n := c.BufferedAmount(); n != 0 {
				t.Errorf("at first it is %d", n)
			}
			for i := range 20 {
				t.write(c, t.binary(), t.pattern(50_000, byte(i)))
				if n := c.BufferedAmount(); n < 0 || n > 20*50_100 {
					t.Errorf("after message %d it is %d", i, n)
				}
			}
			for range 20 {
				t.read(c)
			}
			t.eventually("BufferedAmount is 0", func() bool { return c.BufferedAmount() == 0 })
		}},
	{name: "ManySmallWrites", rule: whole,
		why: "RFC 6455 section 5.4: every Write is one message, however many run at the same time",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			const n = 600
			writing := start(func() error {
				for i := range n {
					if err := c.Write(t.ctx, t.binary(), t.number(i)); err != nil {
						return err
					}
				}
				return nil
			})
			for i := range n {
				t.wantMessage(c, t.binary(), t.number(i))
			}
			if err := writing(); err != nil {
				t.Error(err)
			}
		}},
	{name: "CloseLosesNothingThatWasAccepted", rule: closes,
		why: "WHATWG close(): it does not discard what send() accepted; the server receives every message before the close frame",
		run: func(t *trial) {
			id := newID()
			c := t.dial("/count?id=" + id)
			const n, size = 200, 3000
			for i := range n {
				t.write(c, t.binary(), t.pattern(size, byte(i)))
			}
			if err := t.close(c, 4000, ""); err != nil {
				t.Errorf("Close: %v", err)
			}
			if t.Draft.TextOnly { // a close tells nothing
				if _, reason := t.seen(id); reason != fmt.Sprint(n, n*size) {
					t.Errorf("the server counted %q, want %d %d", reason, n, n*size)
				}
				return
			}
			_, _, err := c.Read(t.ctx)
			if e := t.wantClosed("Read", err); e.Code != 1000 || e.Reason != fmt.Sprint(n, n*size) {
				t.Errorf("Read returned %v, want the server's 1000 and the count %d %d", e, n, n*size)
			}
		}},
	{name: "CloseSendsWhatWasAccepted", rule: closes,
		why: "WHATWG close(): what send() accepted is sent first; RFC 6455 section 7.1.2: the close frame follows it",
		run: func(t *trial) {
			id := newID()
			c := t.dial("/close?after=30&code=4007&id=" + id)
			for i := range 30 {
				t.write(c, t.binary(), t.pattern(20_000, byte(i)))
			}
			if err := t.close(c, 4000, "all sent"); err != nil {
				t.Errorf("Close: %v", err)
			}
			// The server closes with 4007 once it has all 30; the two may
			// cross.
			a, _ := t.told(4000, "")
			b, _ := t.told(4007, "")
			if code, _ := t.seen(id); code != a && code != b {
				t.Errorf("the server saw %v", code)
			}
		}},
}

// number is i as a small message.
func (t *trial) number(i int) []byte {
	if t.Draft.TextOnly {
		return strconv.AppendInt(nil, int64(i), 10)
	}
	return []byte{byte(i), byte(i >> 8)}
}

// writeBriefly writes p and gives up soon.
func (t *trial) writeBriefly(c api.Conn, p []byte) error {
	ctx, cancel := context.WithTimeout(t.ctx, 5*moment)
	defer cancel()
	return c.Write(ctx, t.binary(), p)
}

// eventually waits until ok returns true, at most for caseTime.
func (t *trial) eventually(what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(caseTime); !ok(); <-tick.C {
		if time.Now().After(end) {
			t.Errorf("after %v it is still not true that %s", caseTime, what)
			return
		}
	}
}
