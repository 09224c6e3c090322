//go:build !js

package hostile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// violation is what a peer sends against a rule.
type violation struct {
	name string
	sent func(p *peer) []byte
	code int
}

// bytesOf makes a violation of frames that are wrong in their first byte.
func firstByte(name string, first byte) violation {
	return violation{name, func(p *peer) []byte { return p.frame(first, nil) }, 1002}
}

// wrongMask returns a frame as the peer of the other role would send it.
func wrongMask(p *peer) []byte {
	other := peer{client: !p.client}
	return other.frame(fin|text, []byte("x"))
}

// TestRow19Frames breaks each rule on frames (RFC 6455 sections 5.1 to 5.5):
// 1002 on the wire, with compression and without, after a message that is
// delivered.
func TestRow19Frames(t *testing.T) {
	all := []violation{
		{"5.1: the wrong mask bit", wrongMask, 1002},
		firstByte("5.2: RSV2", fin|rsv2|text), firstByte("5.2: RSV3", fin|rsv3|text),
		firstByte("5.2: RSV2 and RSV3", fin|rsv2|rsv3|binaryFrame),
		firstByte("5.2: RSV1 on a ping", fin|rsv1|ping), firstByte("5.2: RSV1 on a pong", fin|rsv1|pong),
		firstByte("5.2: RSV1 on a close", fin|rsv1|closing), firstByte("5.2: RSV2 on a ping", fin|rsv2|ping),
		{"RFC 7692 6.1: RSV1 on a continuation", func(p *peer) []byte {
			return slices.Concat(p.frames(text, "a"), p.frames(fin|rsv1|continuation, "b"))
		}, 1002},
		{"5.2: RSV2 on a continuation", func(p *peer) []byte {
			return slices.Concat(p.frames(text, "a"), p.frames(fin|rsv2|continuation, "b"))
		}, 1002},
		{"5.2: 125 in 16 bits", func(p *peer) []byte { return p.header(fin|binaryFrame, 16, 125) }, 1002},
		{"5.2: 0 in 16 bits", func(p *peer) []byte { return p.header(fin|ping, 16, 0) }, 1002},
		{"5.2: 65,535 in 64 bits", func(p *peer) []byte { return p.header(fin|binaryFrame, 64, 65535) }, 1002},
		{"5.2: 1 in 64 bits", func(p *peer) []byte { return p.header(fin|text, 64, 1) }, 1002},
		{"5.4: a continuation without a start", func(p *peer) []byte { return p.frames(continuation, "a") }, 1002},
		{"5.4: a last continuation without a start", func(p *peer) []byte { return p.frames(fin|continuation, "a") }, 1002},
		{"5.4: a start inside a message", func(p *peer) []byte {
			return slices.Concat(p.frames(text, "a"), p.frames(text, "b"))
		}, 1002},
		{"5.4: a whole message inside a message", func(p *peer) []byte {
			return slices.Concat(p.frames(text, "a"), p.frames(fin|ping, "p"), p.frames(fin|binaryFrame, "b"))
		}, 1002},
		{"5.5: half a ping", func(p *peer) []byte { return p.frames(ping, "a") }, 1002},
		{"5.5: half a close", func(p *peer) []byte { return p.frames(closing, "") }, 1002},
		{"5.5: a ping of 126 bytes", func(p *peer) []byte { return p.frame(fin|ping, make([]byte, 126)) }, 1002},
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF} {
		all = append(all, firstByte(fmt.Sprint("5.2: reserved opcode ", op), fin|op))
	}
	for _, v := range all {
		t.Run(v.name, func(t *testing.T) {
			for _, d := range sides {
				for _, s := range []settings{{}, deflated(d.client, 0)} {
					t.Run(d.name, func(t *testing.T) { v.check(t, d, s) })
				}
			}
		})
	}
	t.Run("5.2: RSV1 without an extension", func(t *testing.T) {
		for _, d := range sides {
			t.Run(d.name, func(t *testing.T) { firstByte("", fin|rsv1|text).check(t, d, settings{}) })
		}
	})
}

// check lets the peer break the rule after a message that keeps them all.
func (v violation) check(t *testing.T, d side, s settings) {
	leavesNothing(t)
	c, p := d.pair(t, tcp, s)
	if got := p.wantFailure(c, v.code, p.frames(fin|text, "before"), v.sent(p)); len(got) != 1 || string(got[0]) != "before" {
		t.Errorf("delivered %q, want what came before", got)
	}
}

// TestRow20Close breaks the rules on close frames (RFC 6455 sections 5.5.1 and
// 7.4): 1002, or 1007 for a reason that is not UTF-8.
func TestRow20Close(t *testing.T) {
	all := []violation{
		{"a payload of 1 byte", func(p *peer) []byte { return p.frames(fin|closing, "\x03") }, 1002},
		{"an invalid reason", func(p *peer) []byte { return p.close(1000, "\xFF") }, 1007},
		{"half a character", func(p *peer) []byte { return p.close(1000, "a\xE4\xB8") }, 1007},
		{"a surrogate", func(p *peer) []byte { return p.close(4000, "\xED\xA0\x80") }, 1007},
		{"a reason of 124 bytes", func(p *peer) []byte { return p.close(1000, strings.Repeat("r", 124)) }, 1002},
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		all = append(all, violation{fmt.Sprint("code ", code), func(p *peer) []byte { return p.close(code, "") }, 1002})
	}
	for _, v := range all {
		t.Run(v.name, func(t *testing.T) {
			for _, d := range sides {
				t.Run(d.name, func(t *testing.T) { v.check(t, d, settings{}) })
			}
		})
	}
}

// TestRow20AfterClose sends data, and what would be a violation, after the
// close: it is ignored, and the close is answered with its code.
func TestRow20AfterClose(t *testing.T) {
	for code, reason := range map[int]string{1000: "", 1001: "going", 4999: strings.Repeat("r", 123)} {
		everywhere(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
			read := reading(c)
			p.send(slices.Concat(p.frames(fin|text, "before"), p.close(code, reason),
				p.frames(fin|text, "after"), p.frames(fin|0xF, "violation"), p.close(4000, "another")))
			p.wantClose(code)
			if !p.client { // the server is the first to end the stream
				p.wantEnd()
			}
			p.conn.Close()
			got, err := read()
			if len(got) != 1 || string(got[0]) != "before" || int(ws.CloseStatus(err)) != code || !strings.Contains(err.Error(), reason) {
				t.Errorf("delivered %q, %v", got, err)
			}
		})
	}
}

// notText is each class of bytes that are not UTF-8 (RFC 3629 section 4), cut
// where the first byte is that cannot be.
var notText = []struct{ name, good, bad string }{
	{"a stray continuation", "ok", "\x80"},
	{"overlong, 2 bytes", "ok", "\xC0"},
	{"overlong slash", "", "\xC1"},
	{"overlong, 3 bytes", "ok\xE0", "\x9F"},
	{"overlong, 4 bytes", "ok\xF0", "\x8F"},
	{"the first surrogate", "\u4e16\xED", "\xA0"},
	{"the last surrogate", "\xED", "\xBF"},
	{"above U+10FFFF", "ok\xF4", "\x90"},
	{"far above", "ok", "\xF5"},
	{"no lead byte at all", "ok", "\xFF"},
	{"a character broken off", "ok\xE4\xB8", "a"},
	{"a character broken off by another", "\xF0\x9F\x98", "\xC3"},
}

// TestRow21Text sends text that is not UTF-8. The bad byte is neither the last
// of its frame nor of its message, and nothing follows: 1007 comes as soon as
// it is seen.
func TestRow21Text(t *testing.T) {
	for _, c := range notText {
		for name, sent := range map[string]func(p *peer) []byte{
			"in one frame": func(p *peer) []byte {
				whole := p.frame(fin|text, []byte(c.good+c.bad+"more to come"))
				return whole[:len(whole)-len("more to come")]
			},
			"split over fragments": func(p *peer) []byte {
				return slices.Concat(p.frames(text, c.good), p.frames(continuation, "", c.bad))
			},
			"split over fragments of 1 byte": func(p *peer) []byte {
				sent := p.frames(text, "")
				for _, b := range []byte(c.good + c.bad) {
					sent = append(sent, p.frame(continuation, []byte{b})...)
				}
				return sent
			},
		} {
			t.Run(c.name+"/"+name, func(t *testing.T) {
				everywhere(t, settings{}, func(t *testing.T, conn *ws.Conn, p *peer) { p.wantFailure(conn, 1007, sent(p)) })
			})
		}
		t.Run(c.name+"/split over segments", func(t *testing.T) {
			everywhere(t, settings{}, func(t *testing.T, conn *ws.Conn, p *peer) {
				whole := p.frame(fin|text, []byte(c.good+c.bad+"more"))
				p.wantFailure(conn, 1007, slices.Collect(slices.Chunk(whole[:len(whole)-4], 1))...)
			})
		})
		t.Run(c.name+"/compressed", func(t *testing.T) {
			for _, d := range sides {
				t.Run(d.name, func(t *testing.T) {
					leavesNothing(t)
					conn, p := d.pair(t, tcp, deflated(d.client, 0))
					z := newDeflater()
					first, second := z.part([]byte(c.good)), z.part([]byte(c.bad))
					p.wantFailure(conn, 1007, p.frame(rsv1|text, first), p.frame(continuation, second))
				})
			}
		})
	}
}

// TestRow21End ends text in the middle of a character: 1007 at its end.
func TestRow21End(t *testing.T) {
	for _, s := range []string{"\xC3", "a\xE4\xB8", "\xF0\x9F\x98"} {
		for _, sent := range []func(p *peer) []byte{
			func(p *peer) []byte { return p.frames(fin|text, s) },
			func(p *peer) []byte { return slices.Concat(p.frames(text, s), p.frames(fin|continuation, "")) },
		} {
			everywhere(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) { p.wantFailure(c, 1007, sent(p)) })
		}
		for _, d := range sides {
			c, p := d.pair(t, tcp, deflated(d.client, 0))
			p.wantFailure(c, 1007, p.frame(fin|rsv1|text, newDeflater().message([]byte(s))))
		}
	}
}

// TestRow21Good cuts good text everywhere, and none of it fails: fragments,
// segments, compression.
func TestRow21Good(t *testing.T) {
	const good = "a\u00E9\u4E16\U0001F600\uFFFE\U0010FFFF\uD7FF\uE000z"
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			c, p := d.pair(t, tcp, deflated(d.client, 0))
			read := reading(c)
			z := newDeflater()
			n := 0
			for cut := range len(good) + 1 {
				a, b := []byte(good[:cut]), []byte(good[cut:])
				p.send(p.frame(text, a), p.frame(fin|continuation, b))
				first := z.part(a)
				p.send(p.frame(rsv1|text, first), p.frame(fin|continuation, z.message(b)))
				n += 2
			}
			p.send(p.close(1000, ""))
			p.wantClose(1000)
			p.conn.Close()
			got, err := read()
			if len(got) != n || slices.ContainsFunc(got, func(m []byte) bool { return !bytes.Equal(m, []byte(good)) }) {
				t.Errorf("%d messages of %d, %v", len(got), n, err)
			}
		})
	}
}
