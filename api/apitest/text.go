package apitest

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/twinws/ws/api"
)

// notUTF8 are byte sequences that RFC 3629 forbids, in hexadecimal.
var notUTF8 = []struct{ name, hex string }{
	{"a lone continuation byte", "6180"},
	{"an overlong slash", "c0af"},
	{"an overlong slash of three bytes", "e080af"},
	{"a surrogate", "eda080"},
	{"above U+10FFFF", "f4908080"},
	{"a byte that never occurs", "61ff62"},
	{"a character cut short", "61e282"},
}

func unhex(s string) []byte {
	p, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return p
}

// decoded returns text, or a reason, as it is received: some homes drop a
// leading U+FEFF.
func (t *trial) decoded(s string) string {
	if t.Differs.LosesBOM {
		return strings.TrimPrefix(s, "\ufeff")
	}
	return s
}

var textCases = []testCase{
	{name: "TextIsUTF8", rule: safe,
		why: "RFC 6455 sections 8.1 and 5.6: text is UTF-8. WHATWG send() would silently replace invalid bytes; here they are an error",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for _, bad := range notUTF8 {
				t.wantArgument(bad.name, c.Write(t.ctx, api.MessageText, unhex(bad.hex)), "p")
			}
			t.wantEcho(c, api.MessageText, []byte("nothing was sent before this"))
			for _, bad := range notUTF8 {
				if t.Draft.TextOnly {
					t.wantLack("Write", c.Write(t.ctx, api.MessageBinary, unhex(bad.hex)))
					_, err := c.Writer(t.ctx, api.MessageBinary)
					t.wantLack("Writer", err)
					continue
				}
				t.wantEcho(c, api.MessageBinary, unhex(bad.hex))
			}
		}},
	{name: "TextOfTheWriterIsUTF8", rule: safe,
		why: "RFC 6455 section 8.1: the whole message is validated, wherever its parts are split",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			w, err := c.Writer(t.ctx, api.MessageText)
			if err != nil {
				t.Fatal(err)
			}
			const text = "aé水🌊"
			for i := range len(text) {
				if _, err := w.Write([]byte(text[i : i+1])); err != nil {
					t.Fatalf("byte %d of %q: %v", i, text, err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			t.wantMessage(c, api.MessageText, []byte(text))
			for _, bad := range notUTF8 {
				w, err := t.dial(t.Echo).Writer(t.ctx, api.MessageText)
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.Write(unhex(bad.hex))
				if err == nil {
					err = w.Close()
				}
				t.wantArgument(bad.name, err, "p")
			}
		}},
	{name: "ByteOrderMarkIsKept", rule: whole,
		why: "Encoding standard: UTF-8 decode drops a leading U+FEFF, the WebSocket protocol does not: a message arrives unchanged",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for _, s := range []string{"\ufeff", "\ufeffhello", "\ufeff\ufeff", "a\ufeff"} {
				t.write(c, api.MessageText, []byte(s))
				t.wantMessage(c, api.MessageText, []byte(t.decoded(s)))
			}
		}},
	{name: "NulAndLineEndsAreKept", rule: whole,
		why: "RFC 6455 section 5.6: the payload of text is any UTF-8, U+0000 and noncharacters included",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for _, s := range []string{"\x00", "a\x00b", "\r\n\n\r", "\ufffd", "\uffff\U0010ffff"} {
				t.wantEcho(c, api.MessageText, []byte(s))
			}
		}},
	{name: "ReceivedTextIsUTF8", rule: safe,
		why: "RFC 6455 section 8.1: text that is not UTF-8 fails the connection, with 1007",
		run: func(t *trial) {
			for _, bad := range notUTF8 {
				p := unhex(bad.hex)
				frame := append([]byte{0x81, byte(len(p))}, p...)
				if t.Draft.TextOnly {
					if bytes.Contains(p, []byte{0xff}) {
						continue // which ends the message
					}
					frame = append(append([]byte{0}, p...), 0xff)
				}
				t.wantBreak(bad.name, hex.EncodeToString(frame), api.StatusInvalidFramePayloadData)
			}
		}},
	{name: "MessageTypesAreTextAndBinary", rule: typed,
		why: "RFC 6455 section 5.6: a data message is text or binary; a caller cannot send other opcodes",
		run: func(t *trial) {
			c := t.dial(t.Echo)
			for _, typ := range []api.MessageType{-1, 0, 3, 8, 9, 10, 16, 129} {
				t.wantArgument("Write", c.Write(t.ctx, typ, []byte("x")), "typ")
				_, err := c.Writer(t.ctx, typ)
				t.wantArgument("Writer", err, "typ")
			}
			t.wantEcho(c, api.MessageText, []byte("still open"))
		}},
}
