package apitest

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/twinws/ws/api"
)

// wantTooBig checks the error of a Read over the limit, the code that the
// server saw, and that the connection has ended.
func (t *trial) wantTooBig(c api.Conn, id string, err error, limit int64) {
	t.Helper()
	t.wantIs("Read", err, api.ErrMessageTooBig)
	t.wantIs("Read", err, api.ErrClosed)
	if e, ok := errors.AsType[*api.MessageTooBigError](err); !ok || e.Limit != limit {
		t.Errorf("Read returned %v, want a *MessageTooBigError with %d", err, limit)
	}
	_, _, err = c.Read(t.ctx)
	t.wantIs("the next Read", err, api.ErrMessageTooBig)
	t.wantIs("Write", c.Write(t.ctx, api.MessageText, nil), api.ErrClosed)
	if id != "" {
		want := t.signalled(api.StatusMessageTooBig)
		if code, _ := t.seen(id); code != want {
			t.Errorf("the server saw %v, want %v", code, want)
		}
	}
}

var limitCases = []testCase{
	{name: "ReadLimitIsExact", rule: safe,
		why: "RFC 6455 sections 7.4.1 and 10.4: a message over the limit fails the connection with 1009, which a page sends as 4009; one of exactly the limit is received",
		run: func(t *trial) {
			const limit = 1000
			for _, typ := range t.types() {
				c, id := t.dialEcho(Options{ReadLimit: limit})
				t.wantEcho(c, typ, words(limit))
				t.wantEcho(c, typ, words(limit-1))
				t.write(c, typ, words(limit+1))
				_, p, err := c.Read(t.ctx)
				if len(p) > 0 {
					t.Errorf("%d bytes were delivered", len(p))
				}
				t.wantTooBig(c, id, err, limit)
			}
		}},
	{name: "ReadLimitCountsCharactersInBytes", rule: safe,
		why: "the limit is in bytes, also in a page, where text has a length in UTF-16 units",
		run: func(t *trial) {
			c, id := t.dialEcho(Options{ReadLimit: 9})
			t.wantEcho(c, api.MessageText, []byte("水水水"))
			t.write(c, api.MessageText, []byte("水水水水")) // 4 characters, 12 bytes
			_, _, err := c.Read(t.ctx)
			t.wantTooBig(c, id, err, 9)
		}},
	{name: "ReadLimitOverFragments", rule: safe,
		why: "RFC 6455 section 5.4: the limit holds for the whole message, not for each fragment",
		run: func(t *trial) {
			for _, last := range []string{"8001" + "67", "8002" + "6768"} {
				id := newID()
				other := map[string]string{"800167": "67", "80026768": "6768"}[last]
				c := t.dial(t.raw("hex=0203"+"616263"+"0003"+"646566"+last, "hex=00"+"616263"+"646566"+other+"ff")+"&id="+id, Options{ReadLimit: 7})
				_, p, err := c.Read(t.ctx)
				if last == "800167" {
					if err != nil || string(p) != "abcdefg" {
						t.Errorf("exactly the limit: %q, %v", p, err)
					}
					continue
				}
				t.wantTooBig(c, id, err, 7)
			}
		}},
	{name: "ReadLimitOfReadAppend", rule: safe,
		why: "the limit applies to the message, without what dst already has",
		run: func(t *trial) {
			c, id := t.dialEcho(Options{ReadLimit: 100})
			dst := t.pattern(1000, 1)
			t.write(c, t.binary(), t.pattern(100, 2))
			_, p, err := c.ReadAppend(t.ctx, dst)
			if err != nil || len(p) != 1100 {
				t.Fatalf("exactly the limit: %d bytes, %v", len(p), err)
			}
			t.write(c, t.binary(), t.pattern(101, 2))
			_, p, err = c.ReadAppend(t.ctx, dst)
			if len(p) != len(dst) {
				t.Errorf("dst has %d bytes, want it as it was", len(p))
			}
			t.wantTooBig(c, id, err, 100)
		}},
	{name: "ReadLimitOfTheReader", rule: safe,
		why: "Reader's comment: the read limit applies to the whole message; natively the error comes in the middle of the stream",
		run: func(t *trial) {
			c, id := t.dialEcho(Options{ReadLimit: 100})
			t.write(c, t.binary(), t.pattern(101, 1))
			_, r, err := c.Reader(t.ctx)
			if err == nil {
				var p []byte
				if p, err = io.ReadAll(r); len(p) > 100 {
					t.Errorf("the stream gave %d bytes", len(p))
				}
			}
			t.wantTooBig(c, id, err, 100)
		}},
	{name: "ReadLimitByDefault", rule: safe,
		why: "Safe by default: 1 MiB if no limit is set, none if it is negative",
		run: func(t *trial) {
			const mib = 1 << 20
			c := t.dial(t.Echo)
			t.wantEcho(c, t.binary(), t.pattern(mib, 1))
			t.write(c, t.binary(), t.pattern(mib+1, 1))
			_, _, err := c.Read(t.ctx)
			t.wantTooBig(c, "", err, mib)
			t.wantEcho(t.dial(t.Echo, Options{ReadLimit: -1}), t.binary(), t.pattern(3*mib, 2))
		}},
	{name: "AnnouncedLengthIsNotTrusted", rule: safe,
		why: "RFC 6455 section 5.2 allows lengths up to 2^63-1; no memory is allocated for an announced length, and over the limit the connection fails with 1009",
		run: func(t *trial) {
			if t.Draft.TextOnly { // section 4.2: such a frame is discarded as it comes
				c := t.dial("/raw?hex=80" + strings.Repeat("ff", 8) + "7f" + "00")
				ctx, cancel := t.soon()
				defer cancel()
				_, _, err := c.Read(ctx)
				t.wantIs("Read", err, context.DeadlineExceeded)
				return
			}
			for name, head := range map[string]string{
				"2^63-1 bytes": "827f7fffffffffffffff", "2^62 bytes": "827f4000000000000000", "2^32 bytes": "827f0000000100000000",
			} {
				id := newID()
				c := t.dial("/raw?hex=&hex=" + head + "00" + "&id=" + id)
				t.write(c, api.MessageText, []byte("now"))
				want := t.Differs.Frames[name]
				ctx, cancel := t.attempt(want)
				_, _, err := c.Read(ctx)
				cancel()
				if t.Browser { // the browser waits for the bytes, or fails by its own limit
					t.wantOutcome(name, err, want)
					continue
				}
				t.wantTooBig(c, id, err, 1<<20)
			}
		}},
}
