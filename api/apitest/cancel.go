package apitest

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/twinws/ws/api"
)

var cancelCases = []testCase{
	{name: "CancelledReadLosesNothing", rule: cancelling,
		why: "a context that ends during Read ends that call only; the Conn stays usable",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for i := range 3 {
				ctx, cancel := t.soon()
				_, p, err := c.Read(ctx)
				t.wantIs("Read", err, context.DeadlineExceeded)
				if len(p) > 0 {
					t.Errorf("and gave %q", p)
				}
				cancel()
				t.wantEcho(c, api.MessageText, []byte{byte('0' + i)})
			}
			ctx, cancel := context.WithCancel(t.ctx)
			read := start(func() error { _, _, err := c.Read(ctx); return err })
			cancel()
			t.wantIs("Read", read(), context.Canceled)
			t.wantEcho(c, api.MessageText, []byte("still open"))
		}},
	{name: "CancelledInsideAFrame", rule: cancelling,
		why: "no byte of a message is lost: the next Read continues where the last one stopped, wherever in the frame that was",
		run: func(t *trial) {
			msg := t.pattern(300, 7)
			frame := append([]byte{0x82, 126, 300 >> 8, 300 & 0xff}, msg...)
			if t.Draft.TextOnly {
				// The first one has a length and is discarded.
				frame = slices.Concat([]byte{0x80, 1, 'x', 0}, msg, []byte{0xff})
			}
			for _, cut := range []int{1, 2, 3, 4, 5, 150, 303} {
				c := t.dial("/raw?hex=" + hex.EncodeToString(frame[:cut]) + "&hex=" + hex.EncodeToString(frame[cut:]))
				for range 2 {
					ctx, cancel := t.soon()
					_, _, err := c.Read(ctx)
					t.wantIs("Read", err, context.DeadlineExceeded)
					cancel()
				}
				t.write(c, api.MessageText, nil)
				t.wantMessage(c, t.binary(), msg)
				c.CloseNow()
			}
		}},
	{name: "CancelledBetweenFragments", rule: cancelling,
		why: "no byte of a message is lost, nor are fragments that have arrived (RFC 6455 section 5.4)",
		run: func(t *trial) {
			c := t.dial(t.raw("hex=0101"+"61"+"&hex=0001"+"62"+"&hex=8001"+"63", "hex=00"+"61"+"&hex=62"+"&hex=63"+"ff"))
			for range 2 {
				ctx, cancel := t.soon()
				_, _, err := c.Read(ctx)
				t.wantIs("Read", err, context.DeadlineExceeded)
				cancel()
				t.write(c, api.MessageText, nil)
			}
			t.wantMessage(c, api.MessageText, []byte("abc"))
		}},
	{name: "EndedContextSendsNothing", rule: cancelling,
		why: "Write's comment: if ctx ends before a byte is on the wire, the connection is unchanged",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			t.wantIs("Write", c.Write(t.gone(), api.MessageText, []byte("never sent")), context.Canceled)
			w, err := c.Writer(t.gone(), api.MessageText)
			if err == nil {
				_, err = w.Write([]byte("never sent"))
			}
			t.wantIs("Writer", err, context.Canceled)
			t.wantEcho(c, api.MessageText, []byte("the only message"))
		}},
	{name: "CauseOfTheContext", rule: typed,
		why: "errors work with errors.Is: the error of a cancelled call matches ctx.Err(), and has no *CloseError",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			_, _, err := c.Read(t.gone())
			t.wantIs("Read", err, context.Canceled)
			if api.CloseStatus(err) != -1 {
				t.Errorf("%v has a *CloseError", err)
			}
			t.wantEcho(c, api.MessageText, []byte("open"))
		}},
	{name: "CancelledDialFreesTheHost", rule: cancelling,
		why: "RFC 6455 section 4.1 item 2: only one connection to a host may be CONNECTING, so a cancelled Dial must not block the next",
		run: func(t *trial) {
			for range 3 {
				ctx, cancel := context.WithTimeout(t.ctx, 4*moment)
				_, err := t.try(ctx, "/hang?most=5", Options{})
				t.wantIs("Dial", err, context.DeadlineExceeded)
				cancel()
			}
			t.wantWithin("the next Dial", promptly, func() {
				t.wantEcho(t.dial(t.Echo), api.MessageText, []byte("hello"))
			})
		}},
	{name: "DialWithAnEndedContext", rule: cancelling,
		why: "Dial with an ended context fails, and leaves no connection behind",
		run: func(t *trial) {
			_, err := t.try(t.gone(), t.Echo, Options{})
			t.wantIs("Dial", err, context.Canceled)
		}},
	{name: "NilContext", rule: typed,
		why: "a nil context is an *ArgumentError, not a panic",
		run: func(t *trial) {
			var none context.Context
			_, err := t.try(none, t.Echo, Options{})
			t.wantArgument("Dial", err, "ctx")
			c := t.dial(t.Echo)
			_, _, err = c.Read(none)
			t.wantArgument("Read", err, "ctx")
			_, p, err := c.ReadAppend(none, []byte("dst"))
			t.wantArgument("ReadAppend", err, "ctx")
			if string(p) != "dst" {
				t.Errorf("ReadAppend returned %q", p)
			}
			_, _, err = c.Reader(none)
			t.wantArgument("Reader", err, "ctx")
			t.wantArgument("Write", c.Write(none, api.MessageText, nil), "ctx")
			_, err = c.Writer(none, api.MessageText)
			t.wantArgument("Writer", err, "ctx")
			t.wantArgument("Ping", c.Ping(none), "ctx")
			t.wantEcho(c, api.MessageText, []byte("still open"))
		}},
}
