package apitest

import (
	"bytes"
	"strconv"

	"github.com/twinws/ws/api"
)

var messageCases = []testCase{
	{name: "EchoOfEverySize", rule: whole,
		why: "RFC 6455 section 5.2: there are three forms of lengths, up to 125, up to 65,535 and above; WHATWG: a message event has the whole message",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for _, n := range []int{0, 1, 2, 124, 125, 126, 127, 4095, 4096, 4097, 65534, 65535, 65536, 65537, 1 << 20} {
				if n > 0 || !t.Differs.EmptyBinary {
					t.wantEcho(c, t.binary(), t.pattern(n, byte(n))) // text, where there is no other
				}
				t.wantEcho(c, api.MessageText, words(n))
			}
		}},
	{name: "EmptyMessageIsNotNil", rule: whole,
		why: "RFC 6455 section 5.4: an empty message is a message; Read returns it in memory of its own",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for _, typ := range t.types() {
				if typ == api.MessageBinary && t.Differs.EmptyBinary {
					t.Log("left out: an empty binary message would end the program")
					continue
				}
				t.write(c, typ, nil)
				if got, p := t.read(c); got != typ || p == nil || len(p) != 0 {
					t.Errorf("got %v %#v, want an empty, not nil, %v", got, p, typ)
				}
			}
		}},
	{name: "MessagesKeepTheirOrderAndType", rule: whole,
		why: "RFC 6455 section 5.4: messages are not interleaved; TCP keeps their order",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			typ := func(i int) api.MessageType { return t.types()[i%len(t.types())] }
			const n = 100
			for i := range n {
				t.write(c, typ(i), []byte(strconv.Itoa(i)))
			}
			for i := range n {
				t.wantMessage(c, typ(i), []byte(strconv.Itoa(i)))
			}
		}},
	{name: "ReadGivesMemoryOfItsOwn", rule: whole,
		why: "Read's comment: the message is in newly allocated memory, which later calls do not modify",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			first := t.pattern(3000, 1)
			t.write(c, t.binary(), first)
			_, got := t.read(c)
			t.wantEcho(c, t.binary(), t.pattern(3000, 2))
			if !bytes.Equal(got, first) {
				t.Error("the second Read changed the first one's message")
			}
		}},
	{name: "WriteLeavesItsArgumentAlone", rule: whole,
		why: "Write's comment: p is neither retained nor modified; RFC 6455 section 5.3 masks what is sent, not the caller's bytes",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			want := t.pattern(70_000, 3)
			p := bytes.Clone(want)
			t.write(c, t.binary(), p)
			if !bytes.Equal(p, want) {
				t.Error("Write changed p")
			}
			clear(p)
			t.wantMessage(c, t.binary(), want)
		}},
	{name: "ReadAppendFillsTheCallersMemory", rule: whole,
		why: "ReadAppend's comment: it appends to dst, and allocates only if dst has no room",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for _, room := range []int{0, 10, 1000, 70_000} {
				msg := t.pattern(1000, byte(room))
				t.write(c, t.binary(), msg)
				dst := append(make([]byte, 0, 4+room), "head"...)
				_, got, err := c.ReadAppend(t.ctx, dst)
				if err != nil {
					t.Fatal(err)
				}
				if string(got[:4]) != "head" || !bytes.Equal(got[4:], msg) {
					t.Errorf("room for %d: got %s", room, brief(got))
				}
				if room >= len(msg) && &got[0] != &dst[0] {
					t.Errorf("room for %d: dst was not used", room)
				}
			}
		}},
	{name: "ReadAppendKeepsDstOnError", rule: whole,
		why: "ReadAppend's comment: on error it returns dst unchanged",
		run: func(t *trial) {
			// Half of a message has arrived when the context ends.
			c := t.dial(t.raw("hex=8208"+"01020304"+"&hex=05060708", "hex=00"+"01020304"+"&hex=05060708"+"ff"))
			dst := append(make([]byte, 0, 64), "head"...)
			ctx, cancel := t.soon()
			defer cancel()
			_, got, err := c.ReadAppend(ctx, dst)
			t.wantIs("ReadAppend", err, ctx.Err())
			if string(got) != "head" {
				t.Errorf("after an ended context dst is %q", got)
			}
			t.write(c, api.MessageText, nil)
			_, got, err = c.ReadAppend(t.ctx, dst)
			if err != nil || string(got) != "head\x01\x02\x03\x04\x05\x06\x07\x08" {
				t.Errorf("then got %q, %v", got, err)
			}
			c.CloseNow()
			if _, got, err = c.ReadAppend(t.ctx, dst); err == nil || string(got) != "head" {
				t.Errorf("after the end dst is %q, %v", got, err)
			}
		}},
	{name: "FragmentsAreOneMessage", rule: whole,
		why: "RFC 6455 section 5.4: fragments are one message, with empty ones and pings between them",
		run: func(t *trial) {
			// Where there are neither, frames of another type are discarded.
			c := t.dial(t.raw("hex=0102"+"6162"+"&hex=0000"+"8900"+"&hex=8a00"+"8001"+"63", "hex=8002"+"ffff"+"00"+"6162"+"&hex=63"+"&hex=ff"+"01"+"64"+"ff"))
			t.write(c, api.MessageText, nil)
			t.write(c, api.MessageText, nil)
			t.wantMessage(c, api.MessageText, []byte("abc"))
		}},
}
