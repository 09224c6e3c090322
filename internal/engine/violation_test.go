package engine

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// header returns a frame's header as the peer sends it, with a mask key of 0.
func header(r *rig, first byte, length uint64) []byte {
	b := []byte{first, 0}
	switch {
	case length < 126:
		b[1] = byte(length)
	case length < 1<<16:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(length))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, length)
	}
	if !r.client {
		b[1] |= 0x80
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

// padded returns a header whose length takes more bytes than it has to.
func padded(r *rig, size byte, length uint64) []byte {
	b := []byte{0x82, size}
	if size == 126 {
		b = binary.BigEndian.AppendUint16(b, uint16(length))
	} else {
		b = binary.BigEndian.AppendUint64(b, length)
	}
	if !r.client {
		b[1] |= 0x80
		b = append(b, 0, 0, 0, 0)
	}
	return b
}

type violation struct {
	why  string
	send func(r *rig) []byte
	code int
	rule string // a part of what the error says
}

// violations has at least one for each rule of RFC 6455 that a peer can break.
var violations = []violation{
	{"5.2: RSV1 without an extension", func(r *rig) []byte { return header(r, 0xC1, 0) }, 1002, "RSV1"},
	{"5.2: RSV2", func(r *rig) []byte { return header(r, 0xA1, 0) }, 1002, "RSV2"},
	{"5.2: RSV3", func(r *rig) []byte { return header(r, 0x91, 0) }, 1002, "RSV3"},
	{"5.2: RSV1 on a ping", func(r *rig) []byte { return header(r, 0xC9, 0) }, 1002, "RSV1"},
	{"5.2: reserved opcode 3", func(r *rig) []byte { return header(r, 0x83, 0) }, 1002, "reserved"},
	{"5.2: reserved opcode 7", func(r *rig) []byte { return header(r, 0x87, 5) }, 1002, "reserved"},
	{"5.2: reserved opcode 11", func(r *rig) []byte { return header(r, 0x8B, 0) }, 1002, "reserved"},
	{"5.2: reserved opcode 15", func(r *rig) []byte { return header(r, 0x8F, 0) }, 1002, "reserved"},
	{"5.2: 125 in 16 bits", func(r *rig) []byte { return padded(r, 126, 125) }, 1002, "7 bits"},
	{"5.2: 65,535 in 64 bits", func(r *rig) []byte { return padded(r, 127, 65535) }, 1002, "64"},
	{"5.2: the top bit of the length", func(r *rig) []byte { return padded(r, 127, 1<<63) }, 1002, "top bit"},
	{"5.2: all bits of the length", func(r *rig) []byte { return padded(r, 127, math.MaxUint64) }, 1002, "top bit"},
	{"5.1: the wrong mask bit", func(r *rig) []byte {
		other := rig{client: !r.client}
		return other.text("x")
	}, 1002, "mask"},
	{"5.5: half a ping", func(r *rig) []byte { return header(r, 0x09, 0) }, 1002, "fragmented"},
	{"5.5: half a close", func(r *rig) []byte { return header(r, 0x08, 0) }, 1002, "fragmented"},
	{"5.5: a ping of 126 bytes", func(r *rig) []byte { return header(r, 0x89, 126) }, 1002, "125"},
	{"5.5: a pong of 2^32 bytes", func(r *rig) []byte { return header(r, 0x8A, 1<<32) }, 1002, "125"},
	{"5.5: a close of 126 bytes", func(r *rig) []byte { return header(r, 0x88, 126) }, 1002, "125"},
	{"5.4: a continuation of nothing", func(r *rig) []byte { return header(r, 0x80, 0) }, 1002, "continuation"},
	{"5.4: a continuation after the end", func(r *rig) []byte {
		return slices.Concat(r.frame(false, frame.OpText, nil), r.frame(true, 0, nil), header(r, 0x80, 0))
	}, 1002, "continuation"},
	{"5.4: a message in a message", func(r *rig) []byte {
		return slices.Concat(r.frame(false, frame.OpText, []byte("a")), r.text("b"))
	}, 1002, "new message"},
	{"5.5.1: a close of one byte", func(r *rig) []byte { return r.frame(true, frame.OpClose, []byte{3}) }, 1002, "two bytes"},
	{"7.4: code 0", func(r *rig) []byte { return r.frame(true, frame.OpClose, []byte{0, 0}) }, 1002, "code 0"},
	{"7.4: code 999", func(r *rig) []byte { return r.close(999, "") }, 1002, "999"},
	{"7.4: code 1004", func(r *rig) []byte { return r.close(1004, "") }, 1002, "1004"},
	{"7.4: code 1005", func(r *rig) []byte { return r.close(1005, "") }, 1002, "1005"},
	{"7.4: code 1006", func(r *rig) []byte { return r.close(1006, "") }, 1002, "1006"},
	{"7.4: code 1015", func(r *rig) []byte { return r.close(1015, "") }, 1002, "1015"},
	{"7.4: code 1016", func(r *rig) []byte { return r.close(1016, "") }, 1002, "1016"},
	{"7.4: code 2999", func(r *rig) []byte { return r.close(2999, "") }, 1002, "2999"},
	{"7.4: code 5000", func(r *rig) []byte { return r.close(5000, "") }, 1002, "5000"},
	{"5.5.1: a reason that is not UTF-8", func(r *rig) []byte { return r.close(1000, "\xff") }, 1007, "UTF-8"},
	{"8.1: text that is not UTF-8", func(r *rig) []byte { return r.text("a\xff") }, 1007, "UTF-8"},
	{"8.1: text that ends in a character", func(r *rig) []byte { return r.text("\xe6\xb0") }, 1007, "inside a character"},
	{"8.1: fragments that end in a character", func(r *rig) []byte {
		return slices.Concat(r.frame(false, frame.OpText, []byte("\xe6")), r.frame(true, 0, []byte("\xb0")))
	}, 1007, "inside a character"},
}

// TestViolations breaks every rule: the code is on the wire, the error is a
// *ProtocolError with it, and the stream ends (RFC 6455 section 7.1.7).
func TestViolations(t *testing.T) {
	for _, v := range violations {
		t.Run(v.why, func(t *testing.T) {
			bothRoles(t, Config{}, func(r *rig) {
				r.send(r.text("before"), v.send(r))
				r.p.finish()
				r.wantRead(api.MessageText, []byte("before"))
				_, dst, err := r.c.ReadAppend(background, []byte("dst"))
				if err == nil { // one violation comes after a legal message
					_, dst, err = r.c.ReadAppend(background, []byte("dst"))
				}
				if string(dst) != "dst" {
					t.Errorf("dst became %q", dst)
				}
				e := r.wantProtocolError("Read", err, v.code)
				if !strings.Contains(e.Rule, v.rule) || !strings.Contains(e.Rule, "section ") {
					t.Errorf("the rule is %q, want one about %q with its section", e.Rule, v.rule)
				}
				r.wantClose(v.code, e.Rule[:min(len(e.Rule), api.MaxReason)])
				r.wantEOF()
				r.wantProtocolError("the next Read", r.startRead(background)(), v.code)
				r.wantProtocolError("Write", r.c.Write(background, 1, nil), v.code)
				r.wantProtocolError("Close", r.c.Close(1000, ""), v.code)
			})
		})
	}
}

func (r *rig) wantProtocolError(what string, err error, code int) *api.ProtocolError {
	r.Helper()
	e, ok := errors.AsType[*api.ProtocolError](err)
	if !ok || int(e.Code) != code {
		r.Fatalf("%s: %v (%T), want a *ProtocolError with code %d", what, err, err, code)
	}
	wantIs(r.T, what, err, api.ErrClosed)
	return e
}

// TestViolationByOneByte sends each violation one byte at a time, to a stream:
// what a Reader gives out before it is never a whole message.
func TestViolationByOneByte(t *testing.T) {
	for _, v := range violations {
		bothRoles(t, Config{}, func(r *rig) {
			r.s.mostRead = 1
			r.send(v.send(r))
			r.p.finish()
			var err error
			for messages := 0; err == nil && messages < 2; messages++ {
				var s io.Reader
				if _, s, err = r.c.Reader(background); err == nil {
					_, err = io.Copy(io.Discard, s)
				}
			}
			r.wantProtocolError(v.why, err, v.code)
		})
	}
}

// TestFailFastText fails text at the first byte that cannot be, though neither
// the frame nor the message has ended.
func TestFailFastText(t *testing.T) {
	for _, s := range []string{"\xff", "a\x80", "\xc0", "\xc1", "\xe0\x80", "\xed\xa0", "\xf0\x8f", "\xf4\x90", "\xf5", "\xe6\xb0a", "ok\xe6a"} {
		bothRoles(t, Config{}, func(r *rig) {
			whole := r.frame(false, frame.OpText, []byte(s+"more to come"))
			r.send(whole[:len(whole)-len("more to come")-1])
			read := r.startRead(background)
			synctest.Wait()
			if r.s.over() {
				r.Fatalf("%q: failed before the bad byte", s)
			}
			r.send(whole[len(whole)-len("more to come")-1:][:1])
			h, p := r.next()
			if h.Opcode != frame.OpClose || binary.BigEndian.Uint16(p) != 1007 {
				r.Fatalf("%q: got %v %q", s, h.Opcode, p)
			}
			r.p.finish()
			r.wantProtocolError(s, read(), 1007)
		})
	}
}
