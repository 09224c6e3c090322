package apitest

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/twinws/ws/api"
)

// late uses another connection for a while, so that what the peer sent to the
// first has arrived before it is read.
func (t *trial) late() {
	t.Helper()
	c := t.dial(t.Echo)
	defer c.CloseNow()
	for i := range 20 {
		t.wantEcho(c, t.binary(), t.pattern(100, byte(i)))
	}
}

// wantPeerClosed checks the error of a Read after the peer's close, and that it
// stays the same.
func (t *trial) wantPeerClosed(c api.Conn, code api.StatusCode, reason string) {
	t.Helper()
	code, reason = t.told(code, reason)
	want := api.CloseError{Code: code, Reason: reason, Clean: !t.Draft.NoCloseFrame}
	got := func(what string, err error) api.CloseError {
		e := *t.wantClosed(what, err)
		if t.Draft.NoCloseFrame && e.Cause != nil {
			e.Cause = nil // it says that the stream has ended
		}
		return e
	}
	for range 2 {
		_, p, err := c.Read(t.ctx)
		if e := got("Read", err); e != want || len(p) > 0 {
			t.Errorf("Read returned %q and %#v, want %#v", p, e, want)
		}
		_, _, err = c.Reader(t.ctx)
		if e := got("Reader", err); e != want {
			t.Errorf("Reader returned %#v, want %#v", e, want)
		}
	}
}

var endCases = []testCase{
	{name: "ReadDrainsBeforeItReports", rule: drains,
		why: "messages that arrived before the close are delivered first, then the *CloseError; never a random choice between them",
		run: func(t *trial) {
			for _, f := range []struct{ n, size int }{{0, 0}, {1, 4}, {50, 16}, {1000, 100}, {10, 50_000}} {
				for _, late := range []bool{false, true} {
					c := t.dial(fmt.Sprintf("/flood?n=%d&size=%d&code=4001&reason=because", f.n, f.size))
					if late {
						t.late()
					}
					for i := range f.n {
						_, p := t.read(c)
						if len(p) != f.size || t.floodIndex(p) != i {
							t.Fatalf("message %d of %d (late: %v) is %s", i, f.n, late, brief(p))
						}
					}
					t.wantPeerClosed(c, 4001, "because")
				}
			}
		}},
	{name: "PeersCodeAndReason", rule: drains,
		why: "RFC 6455 sections 7.1.5 and 7.1.6: the peer's code and reason, 1005 for none; never a bare EOF",
		run: func(t *trial) {
			long := strings.Repeat("é", 61) + "."
			for _, e := range []struct {
				code   api.StatusCode
				reason string
			}{
				{1000, ""}, {1000, "bye"}, {1001, "going"}, {1002, ""}, {1003, ""}, {1007, ""}, {1008, "policy"}, {1009, ""},
				{1010, ""}, {1011, "oops"}, {1012, ""}, {1013, ""}, {1014, ""}, {3000, "é水🌊"}, {4999, long},
				{3001, "\ufeffkept"}, // WHATWG section 4: UTF-8 decode without BOM
			} {
				c := t.dial(fmt.Sprintf("/close?code=%d&reason=%s", e.code, url.QueryEscape(e.reason)))
				if slices.Contains(t.Differs.LostCodes, e.code) {
					_, _, err := c.Read(t.ctx)
					t.wantLost(fmt.Sprint("Read, closed with ", e.code), err)
					continue
				}
				t.wantPeerClosed(c, e.code, t.decoded(e.reason))
			}
			t.wantPeerClosed(t.dial("/close"), api.StatusNoStatusRcvd, "")
		}},
	{name: "PeersCloseIsAnswered", rule: alone,
		why: "RFC 6455 section 5.5.1: a close frame is answered, typically with its code; section 7.1.4: the end is then clean",
		run: func(t *trial) {
			id := newID()
			c := t.dial("/close?code=4002&reason=done&id=" + id)
			t.wantPeerClosed(c, 4002, "done")
			want, _ := t.told(4002, "")
			if code, _ := t.seen(id); code != want {
				t.Errorf("the server saw %v, want %v", code, want)
			}
		}},
	{name: "CloseAfterThePeers", rule: alone,
		why: "Close returns nil when both sides sent a close frame, whoever began; the error of CloseNow after that matches ErrClosed",
		run: func(t *trial) {
			c := t.dial("/close?code=4003")
			t.wantPeerClosed(c, 4003, "")
			if err := t.close(c, 1000, ""); err != nil {
				t.Errorf("Close: %v", err)
			}
			t.wantIs("CloseNow", c.CloseNow(), api.ErrClosed)
			t.wantPeerClosed(c, 4003, "")
		}},
	{name: "CloseCrossesThePeers", rule: alone,
		why: "RFC 6455 section 7.1.1: the peer's close frame may be behind unread messages when Close begins",
		run: func(t *trial) {
			for _, late := range []bool{false, true} {
				c := t.dial("/flood?n=20&size=1000&code=4004")
				if late {
					t.late()
				}
				t.wantWithin("Close", promptly, func() {
					if err := t.close(c, 1000, ""); err != nil {
						t.Errorf("Close: %v", err)
					}
				})
				_, _, err := c.Read(t.ctx)
				t.wantClosed("Read", err)
			}
		}},
	{name: "CloseOnBothSidesAtOnce", rule: alone,
		why: "RFC 6455 section 7.1.1: both sides may send a close frame before they have received the other's; the end is clean, and each has the other's code",
		run: func(t *trial) {
			id := newID()
			c := t.dial("/close?after=1&code=4010&reason=theirs&id=" + id)
			// The server closes when it has received the message, before it
			// reads this side's close frame.
			t.write(c, api.MessageText, []byte("close"))
			if err := t.close(c, 4011, "ours"); err != nil {
				t.Errorf("Close: %v", err)
			}
			_, _, err := c.Read(t.ctx)
			if e := t.wantClosed("Read", err); t.Draft.NoCloseFrame {
				if e.Clean {
					t.Errorf("Read returned %#v, though there is no close frame", e)
				}
			} else if code, reason := t.told(4010, "theirs"); !e.Clean || e.Code != code || e.Reason != reason {
				t.Errorf("Read returned %#v, want the peer's %v and Clean", e, code)
			}
			// A browser may answer the server's close frame before it sends
			// this side's.
			code, reason := t.seen(id)
			our, word := t.told(4011, "ours")
			if ours := code == our && reason == word; !ours && !(t.Browser && code == 4010 && reason == "theirs") {
				t.Errorf("the server saw %v %q, want %v, this side's", code, reason, our)
			}
		}},
	{name: "DataAfterTheCloseIsIgnored", rule: drains,
		why: "RFC 6455 section 5.5.1: nothing may follow a close frame; data that does is not delivered. Chromium fails the connection",
		run: func(t *trial) {
			if t.Draft.NoCloseFrame { // what closes there means nothing here
				c := t.dial("/raw?hex=" + text("a") + "ff00" + text("b"))
				t.wantMessage(c, api.MessageText, []byte("a"))
				t.wantMessage(c, api.MessageText, []byte("b"))
				return
			}
			c := t.dial(t.raw("hex=8101"+"61"+"8802"+"0fa5"+"8101"+"62", "hex="+text("a")+"ff00"+text("b")))
			t.wantMessage(c, api.MessageText, []byte("a"))
			if t.Browser && t.Differs.DataAfterClose == Fails {
				_, _, err := c.Read(t.ctx)
				t.wantLost("Read", err)
				return
			}
			t.wantPeerClosed(c, 4005, "")
		}},
	{name: "CloseReadSeesTheEnd", rule: alone,
		why: "CloseRead answers the peer's close in the background; its context's cause is the *CloseError",
		run: func(t *trial) {
			c := t.dial("/close?after=2&code=4006&reason=enough")
			ctx := c.CloseRead(t.ctx)
			if ctx.Err() != nil {
				t.Fatalf("the context has ended: %v", context.Cause(ctx))
			}
			t.write(c, api.MessageText, []byte("one"))
			t.write(c, api.MessageText, []byte("two"))
			<-ctx.Done()
			code, reason := t.told(4006, "enough")
			if e := t.wantClosed("the cause", context.Cause(ctx)); e.Code != code || e.Reason != reason || e.Clean == t.Draft.NoCloseFrame {
				t.Errorf("the cause is %#v", e)
			}
		}},
	{name: "CloseReadTakesNoMessage", rule: safe,
		why: "CloseRead's comment: a message that arrives fails the connection with 1008, which a page sends as 4008",
		run: func(t *trial) {
			c, id := t.dialEcho()
			ctx := c.CloseRead(t.ctx)
			t.write(c, api.MessageText, []byte("comes back"))
			<-ctx.Done()
			t.wantIs("the cause", context.Cause(ctx), api.ErrClosed)
			t.wantIs("Write", c.Write(t.ctx, api.MessageText, nil), api.ErrClosed)
			if code, _ := t.seen(id); code != t.signalled(api.StatusPolicyViolation) {
				t.Errorf("the server saw %v, want %v", code, t.signalled(api.StatusPolicyViolation))
			}
		}},
	{name: "CloseReadEndsWithItsContext", rule: closes,
		why: "CloseRead's comment: when ctx ends, the connection is closed as by CloseNow",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			parent, cancel := context.WithCancel(t.ctx)
			ctx := c.CloseRead(parent)
			cancel()
			<-ctx.Done()
			_, _, err := c.Read(t.ctx)
			t.wantIs("Read", err, api.ErrClosed)
		}},
}

// signalled is the code that the peer sees when the library fails the
// connection: a page may not send those of RFC 6455 other than 1000, so it
// sends 3000 more.
func (t *trial) signalled(code api.StatusCode) api.StatusCode {
	if t.Browser {
		return code + 3000
	}
	if other, ok := t.Draft.Signals[code]; ok {
		return other
	}
	code, _ = t.told(code, "")
	return code
}

// floodIndex is the index of a message of /flood.
func (t *trial) floodIndex(p []byte) int {
	if t.Draft.TextOnly {
		i, err := strconv.Atoi(string(p))
		if err != nil {
			t.Errorf("a message is %s: %v", brief(p), err)
		}
		return i
	}
	return int(binary.BigEndian.Uint32(p))
}
