package apitest

import (
	"errors"
	"io"
	"strings"

	"github.com/twinws/ws/api"
)

// wantBroken checks the error of a Read natively after the peer violated a
// rule, and the close code that the server saw.
func (t *trial) wantBroken(what, id string, err error, code api.StatusCode) {
	t.Helper()
	e, ok := errors.AsType[*api.ProtocolError](err)
	if !ok {
		t.Fatalf("%s: Read returned %v, want a *ProtocolError", what, err)
	}
	code = t.signalled(code)
	named := code // in the error: what was sent, though no code is
	if t.Draft.TextOnly {
		named = api.StatusNoStatusRcvd
	}
	if e.Code != named || e.Rule == "" || !strings.Contains(e.Rule, t.Draft.Name) {
		t.Errorf("%s: Read returned %#v, want %v and the rule of %s", what, e, named, t.Draft.Name)
	}
	t.wantIs(what, err, api.ErrClosed)
	if got, _ := t.seen(id); got != code {
		t.Errorf("%s: the server saw %v, want %v", what, got, code)
	}
}

// wantLost checks the error of a connection that ended without a close frame.
func (t *trial) wantLost(what string, err error) {
	t.Helper()
	e := t.wantClosed(what, err)
	if e.Code != api.StatusAbnormalClosure || e.Clean || e.Local {
		t.Errorf("%s returned %#v, want 1006, neither Clean nor Local", what, e)
	}
	if hidden := e.Cause == nil; hidden != t.Browser {
		t.Errorf("%s names the cause %v; a browser hides it, natively it is reported", what, e.Cause)
	}
}

var brokenCases = []testCase{
	{name: "PeerBreaksTheRules", rule: typed,
		why: "RFC 6455 section 5: the connection fails with 1002 on the wire and a *ProtocolError that names the rule",
		run: func(t *trial) {
			if t.Draft.TextOnly {
				t.wantBreak("section 4.2: a length without end", strings.Repeat("ff", 11), api.StatusProtocolError)
				t.wantBreak("section 4.2: a length over 2^63", "80"+strings.Repeat("81", 10), api.StatusProtocolError)
				return
			}
			for _, b := range []struct{ rule, hex string }{
				{"section 5.1: a masked frame from the server", "8181" + "00000000" + "61"},
				{"section 5.2: RSV1 without an extension", "c10161"},
				{"section 5.2: RSV2", "a10161"},
				{"section 5.2: RSV3", "910161"},
				{"section 5.2: reserved opcode 3", "830161"},
				{"section 5.2: reserved opcode 15", "8f0161"},
				{"section 5.2: a length of 2^63", "827f8000000000000000"},
				{"section 5.4: continuation without a start", "800161"},
				{"section 5.4: a start inside a message", "010161810162"},
				{"section 5.5: a ping of 126 bytes", "897e007e"},
				{"section 5.5: a fragmented ping", "0900"},
				{"section 5.5.1: a close of one byte", "880103"},
				{"section 7.4.2: close code 999", "880203e7"},
				{"section 7.4.1: close code 1005", "880203ed"},
				{"section 7.4.1: close code 1006", "880203ee"},
				{"section 7.4.2: close code 5000", "88021388"},
			} {
				t.wantBreak(b.rule, b.hex, api.StatusProtocolError)
			}
		}},
	{name: "PeerMakesALengthTooLong", rule: typed,
		why: "RFC 6455 section 5.2: the shortest form of a length must be used; the hixie drafts, section 4.2, do not ask for it",
		run: func(t *trial) {
			if t.Draft.TextOnly {
				c := t.dial("/raw?hex=80808001" + "61" + text("b"))
				t.wantMessage(c, api.MessageText, []byte("b"))
				return
			}
			for _, b := range []struct{ rule, hex string }{
				{"125 in 16 bits", "817e007d"},
				{"65535 in 64 bits", "827f000000000000ffff"},
			} {
				t.wantBreak(b.rule, b.hex, api.StatusProtocolError)
			}
		}},
	{name: "CloseReasonIsUTF8", rule: typed,
		why: "RFC 6455 section 5.5.1: the reason is UTF-8, section 8.1: else 1007",
		run: func(t *trial) {
			if t.Draft.TextOnly { // a frame like the closing one, with a payload, is none
				c := t.dial("/raw?hex=ff03" + "03e8ff" + text("b"))
				t.wantMessage(c, api.MessageText, []byte("b"))
				return
			}
			t.wantBreak("an invalid reason", "8803"+"03e8"+"ff", api.StatusInvalidFramePayloadData)
		}},
	{name: "ResetIsNeverAMessage", rule: drains,
		why: "RFC 6455 section 7.1.5: a stream that ends without a close frame is 1006; an incomplete message is not delivered",
		run: func(t *trial) {
			for _, mid := range []string{"header", "payload", "fragment", "close"} {
				c := t.dial("/reset?after=1&mid=" + mid)
				t.write(c, api.MessageText, []byte("now"))
				for range 2 {
					_, p, err := c.Read(t.ctx)
					if len(p) > 0 {
						t.Errorf("%s: %q was delivered", mid, p)
					}
					t.wantLost("Read, reset in mid "+mid, err)
				}
			}
		}},
	{name: "ResetEndsTheStream", rule: drains,
		why: "Reader's comment: io.EOF at the message's end, and never before",
		run: func(t *trial) {
			for _, mid := range []string{"payload", "fragment"} {
				c := t.dial("/reset?after=1&mid=" + mid)
				t.write(c, api.MessageText, []byte("now"))
				_, r, err := c.Reader(t.ctx)
				if err == nil {
					_, err = io.ReadAll(r) // which treats io.EOF as success
				}
				t.wantLost("the stream, reset in mid "+mid, err)
			}
		}},
	{name: "MessagesBeforeTheLossAreDelivered", rule: drains,
		why: "messages that arrived before the end are delivered first, also when the end is a lost stream",
		run: func(t *trial) {
			for half, other := range map[string]string{"": "", "82": "80", "820568": "0068", "8803": "ff"} {
				c := t.dial(t.raw("end=eof&hex=&hex=8101"+"61"+"8201"+"62"+half, "end=eof&hex=&hex="+text("a")+text("b")+other))
				t.write(c, api.MessageText, []byte("now"))
				t.wantMessage(c, api.MessageText, []byte("a"))
				t.wantMessage(c, t.binary(), []byte("b"))
				_, _, err := c.Read(t.ctx)
				t.wantLost("Read after "+half, err)
			}
		}},
	{name: "LossBehindTheHandshake", rule: drains,
		why: "messages right behind the handshake are delivered, even if the stream ends or violates a rule right behind them; in a browser that loses them Dial fails",
		run: func(t *trial) {
			breaks := strings.Repeat("ff", 11)
			for tail, end := range map[string]string{"": "eof", "830161": "hold", "880203e8": "eof"} {
				other := map[string]string{"": "", "830161": breaks, "880203e8": "ff00"}[tail]
				c, err := t.try(t.ctx, t.raw("end="+end+"&hex=8101"+"61"+"8201"+"62"+tail, "end="+end+"&hex="+text("a")+text("b")+other), Options{})
				if err != nil && t.Differs.LosesBehindHandshake {
					t.wantRefused("Dial", err)
					continue
				}
				if err != nil {
					t.Fatalf("dial, %q behind the messages: %v", tail, err)
				}
				if t.Differs.LosesBehindHandshake && t.ExtendedConnect { // Firefox opens it over HTTP/2, and may lose them then
					for err == nil {
						_, _, err = c.Read(t.ctx)
					}
				} else {
					t.wantMessage(c, api.MessageText, []byte("a"))
					t.wantMessage(c, t.binary(), []byte("b"))
					_, _, err = c.Read(t.ctx)
				}
				t.wantIs("Read after "+tail, err, api.ErrClosed)
			}
		}},
	{name: "WaitingReadSeesTheReset", rule: typed,
		why: "a lost stream ends a blocked Read with a *CloseError, not with a bare network error",
		run: func(t *trial) {
			c := t.dial("/reset?after=1")
			read := t.waitingRead(c)
			t.write(c, api.MessageText, []byte("now"))
			t.wantLost("the waiting Read", read())
			t.wantIs("Close", c.Close(1000, ""), api.ErrClosed)
		}},
}
