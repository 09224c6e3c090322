package frame_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// state is one of the situations that Rules can be in.
type state struct{ masked, rsv1, inMessage bool }

func (s state) String() string {
	return fmt.Sprintf("masked %v, RSV1 %v, in message %v", s.masked, s.rsv1, s.inMessage)
}

// rules returns Rules that were brought into s by legal frames alone.
func (s state) rules(t *testing.T) frame.Rules {
	r := frame.Rules{Masked: s.masked, RSV1: s.rsv1}
	if s.inMessage {
		if err := r.Check(frame.Header{Opcode: frame.OpText, Masked: s.masked}); err != nil {
			t.Fatalf("%v: the first frame of a message is refused: %v", s, err)
		}
	}
	if r.InMessage() != s.inMessage {
		t.Fatalf("%v: InMessage() = %v", s, r.InMessage())
	}
	return r
}

// model says whether h may come in s, and whether a message is open after it.
// It lists what is allowed, where Check lists what is not.
func (s state) model(h frame.Header) (ok, inMessage bool) {
	begins := []frame.Opcode{1, 2}
	goesOn := []frame.Opcode{0}
	control := []frame.Opcode{8, 9, 10}

	allowed := begins
	if s.inMessage {
		allowed = goesOn
	}
	isControl := slices.Contains(control, h.Opcode)
	ok = isControl && h.Fin && h.Length <= 125 || slices.Contains(allowed, h.Opcode)
	if h.RSV1 {
		ok = ok && s.rsv1 && slices.Contains(begins, h.Opcode)
	}
	ok = ok && !h.RSV2 && !h.RSV3 && h.Masked == s.masked
	if !ok || isControl {
		return ok, s.inMessage
	}
	return true, !h.Fin
}

// every calls f with all combinations of n bools.
func every(n int, f func(b []bool)) {
	b := make([]bool, n)
	for v := range 1 << n {
		for i := range b {
			b[i] = v>>i&1 != 0
		}
		f(b)
	}
}

func TestRulesExhaustively(t *testing.T) {
	legalFrames := 0
	every(8, func(b []bool) {
		s := state{masked: b[0], rsv1: b[1], inMessage: b[2]}
		for op := range frame.Opcode(16) {
			for _, length := range []int64{0, 1, 125, 126, 65536, 1<<63 - 1} {
				h := frame.Header{Fin: b[3], RSV1: b[4], RSV2: b[5], RSV3: b[6], Opcode: op, Masked: b[7], Length: length}
				if checkAgainstModel(t, s, h) {
					legalFrames++
				}
			}
		}
	})
	// For each of 2 masks: data frames have 2 FIN x 6 lengths, control frames 3
	// opcodes x 3 lengths. RSV1 agreed on doubles the frames that begin a
	// message.
	const data, control = 2 * 6, 3 * 3
	const want = 2 * ((2*data + control) + (data + control) + (4*data + control) + (data + control))
	if legalFrames != want {
		t.Errorf("%d of all frames are legal, want %d", legalFrames, want)
	}
}

func checkAgainstModel(t *testing.T, s state, h frame.Header) (ok bool) {
	r := s.rules(t)
	before := r
	ok, inMessage := s.model(h)
	err := r.Check(h)
	if ok != (err == nil) {
		t.Fatalf("%v: Check(%+v) = %v, but legal is %v", s, h, err, ok)
	}
	if r.InMessage() != inMessage {
		t.Fatalf("%v: after Check(%+v) InMessage() = %v, want %v", s, h, r.InMessage(), inMessage)
	}
	if err == nil {
		return true
	}
	if err.Code != api.StatusProtocolError || !strings.Contains(err.Rule, " section ") {
		t.Fatalf("%v: Check(%+v) = %v, want status 1002 and a section", s, h, err)
	}
	if r != before {
		t.Fatalf("%v: Check(%+v) refused the frame and changed the state", s, h)
	}
	return false
}

// TestRulesNameTheSection breaks one rule at a time.
func TestRulesNameTheSection(t *testing.T) {
	const client, server = false, true // who receives
	text, cont, ping := frame.OpText, frame.OpContinuation, frame.OpPing
	for _, c := range []struct {
		why     string
		state   state
		header  frame.Header
		section string
	}{
		{"opcode 3", state{}, frame.Header{Fin: true, Opcode: 3}, "RFC 6455 section 5.2: the opcodes"},
		{"opcode 7", state{}, frame.Header{Fin: true, Opcode: 7}, "RFC 6455 section 5.2: the opcodes"},
		{"opcode 11", state{}, frame.Header{Fin: true, Opcode: 11}, "RFC 6455 section 5.2: the opcodes"},
		{"opcode 15", state{}, frame.Header{Fin: true, Opcode: 15}, "RFC 6455 section 5.2: the opcodes"},
		{"RSV2 with RSV1 agreed on", state{rsv1: true}, frame.Header{Fin: true, RSV2: true, Opcode: text}, "RFC 6455 section 5.2: RSV2"},
		{"RSV3 with RSV1 agreed on", state{rsv1: true}, frame.Header{Fin: true, RSV3: true, Opcode: text}, "RFC 6455 section 5.2: RSV2"},
		{"RSV1 not agreed on", state{}, frame.Header{Fin: true, RSV1: true, Opcode: text}, "RFC 6455 section 5.2: RSV1"},
		{"RSV1 on a ping", state{rsv1: true}, frame.Header{Fin: true, RSV1: true, Opcode: ping}, "RFC 7692 section 6"},
		{"RSV1 on a continuation", state{rsv1: true, inMessage: true}, frame.Header{Fin: true, RSV1: true, Opcode: cont}, "RFC 7692 section 6"},
		{"unmasked to a server", state{masked: server}, frame.Header{Fin: true, Opcode: text}, "RFC 6455 section 5.1: a client"},
		{"masked to a client", state{masked: client}, frame.Header{Fin: true, Opcode: text, Masked: true}, "RFC 6455 section 5.1: a server"},
		{"half a ping", state{}, frame.Header{Opcode: ping}, "RFC 6455 section 5.5: a control frame must not be fragmented"},
		{"half a close", state{}, frame.Header{Opcode: frame.OpClose}, "RFC 6455 section 5.5: a control frame must not be fragmented"},
		{"a ping of 126 bytes", state{}, frame.Header{Fin: true, Opcode: ping, Length: 126}, "RFC 6455 section 5.5: a control frame must not carry"},
		{"a close of 126 bytes", state{}, frame.Header{Fin: true, Opcode: frame.OpClose, Length: 126}, "RFC 6455 section 5.5: a control frame must not carry"},
		{"text inside a message", state{inMessage: true}, frame.Header{Fin: true, Opcode: text}, "RFC 6455 section 5.4: a new message"},
		{"binary inside a message", state{inMessage: true}, frame.Header{Fin: true, Opcode: frame.OpBinary}, "RFC 6455 section 5.4: a new message"},
		{"a continuation of nothing", state{}, frame.Header{Fin: true, Opcode: cont}, "RFC 6455 section 5.4: a continuation"},
	} {
		r := c.state.rules(t)
		err := r.Check(c.header)
		if err == nil || err.Code != api.StatusProtocolError || !strings.HasPrefix(err.Rule, c.section) {
			t.Errorf("%s: Check = %v, want status 1002 and %q", c.why, err, c.section)
		}
	}
}

func TestRulesOverManyFrames(t *testing.T) {
	f := func(fin bool, op frame.Opcode) frame.Header { return frame.Header{Fin: fin, Opcode: op} }
	z := func(fin bool, op frame.Opcode) frame.Header { return frame.Header{Fin: fin, RSV1: true, Opcode: op} }
	const part, last = false, true
	for _, c := range []struct {
		why    string
		frames []frame.Header // legal but for the last when refuse is true
		refuse bool
	}{
		{"5.4: three fragments with a ping and a pong between",
			[]frame.Header{f(part, frame.OpText), f(last, frame.OpPing), f(part, frame.OpContinuation), f(last, frame.OpPong), f(last, frame.OpContinuation)}, false},
		{"5.4: a message after a fragmented one",
			[]frame.Header{f(part, frame.OpText), f(last, frame.OpContinuation), f(last, frame.OpBinary)}, false},
		{"5.4: a continuation after a fragmented message's end",
			[]frame.Header{f(part, frame.OpText), f(last, frame.OpContinuation), f(last, frame.OpContinuation)}, true},
		{"5.4: a continuation after a message of one frame",
			[]frame.Header{f(last, frame.OpText), f(last, frame.OpContinuation)}, true},
		{"5.4: a ping does not end a message",
			[]frame.Header{f(part, frame.OpText), f(last, frame.OpPing), f(last, frame.OpText)}, true},
		{"5.5.1: a close inside a message",
			[]frame.Header{f(part, frame.OpText), f(last, frame.OpClose)}, false},
		{"RFC 7692 section 6: RSV1 on the first fragment alone",
			[]frame.Header{z(part, frame.OpText), f(last, frame.OpPing), f(last, frame.OpContinuation), z(last, frame.OpBinary), f(last, frame.OpText)}, false},
		{"RFC 7692 section 6: RSV1 on the second fragment too",
			[]frame.Header{z(part, frame.OpText), z(last, frame.OpContinuation)}, true},
	} {
		r := frame.Rules{RSV1: true}
		for i, h := range c.frames {
			err := r.Check(h)
			if refuse := c.refuse && i == len(c.frames)-1; refuse != (err != nil) {
				t.Errorf("%s: frame %d: Check(%+v) = %v, refuse is %v", c.why, i, h, err, refuse)
			}
		}
	}
}

func BenchmarkRules(b *testing.B) {
	r := frame.Rules{Masked: true}
	h := frame.Header{Fin: true, Opcode: frame.OpText, Masked: true, Length: 125}
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Check(h); err != nil {
			b.Fatal(err)
		}
	}
}
