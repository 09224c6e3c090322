//go:build js && wasm

package jsws

import (
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
)

// probe is how many times Go is woken at once before it is tried whether several
// messages come when it is woken in a task of its own.
const probe = 16

// inbox is what has been taken off the queue.
type inbox struct {
	small []*Message // by drain, oldest first
	more  bool       // drain has left something
	empty bool       // drain has not, and Next is to say so
	arm   [1]any     // of drain: how to wake, nil for armedNow
	got   int        // messages since the queue was empty
	waits int        // how many times it was since a probe
}

// batch is where drain's records are copied to.
var batch [batchSize]byte

// Next takes the oldest event from the queue. When it reports false there is
// none, and the next one will wake Go.
func (s *Socket) Next() (e event.Event, ok bool) {
	in := &s.in
	if s.released {
		return e, false
	}
	if len(in.small) == 0 && !in.more && !in.empty {
		s.fill()
	}
	switch {
	case len(in.small) > 0:
		e.Kind, e.Message = event.Received, in.small[0]
		in.small = in.small[1:]
		return e, true
	case in.more:
		in.more = false
		return s.single(), true
	}
	in.empty = false
	return e, false
}

// fill drains the queue of small messages, and asks to be woken when nothing is
// left.
func (s *Socket) fill() {
	in := &s.in
	if in.arm[0] == nil {
		in.arm[0] = armedNow
	}
	memory.Lock()
	n := safejs.Unsafe(s.glue[drain]).Invoke(in.arm[:]...).Int()
	records := batch[:n>>1]
	if len(records) > 0 {
		js.CopyBytesToGo(records, memory.view)
	}
	memory.Unlock()
	for len(records) > 0 {
		n := 4 + (int(records[0])>>1 | int(records[1])<<7)
		in.small = append(in.small, newSmall(records[0]&1 != 0, records[4:n]))
		records = records[n:]
	}
	in.got += len(in.small)
	in.more = n&1 != 0
	if in.empty = !in.more && in.got > 0; in.empty && in.decide() {
		safejs.Unsafe(s.glue[drain]).Invoke(in.arm[:]...) // of nothing, to arm anew
	}
}

// decide says how the next wake-up is to come, and reports whether that is
// new. In a task of its own it comes later, which pays when more messages come
// until then.
func (in *inbox) decide() bool {
	in.waits++
	mode := armedNow
	if in.got > 1 || in.waits >= probe {
		mode, in.waits = armedLater, 0
	}
	in.got = 0
	changed := in.arm[0] != mode
	in.arm[0] = mode
	return changed
}

// single takes what drain leaves: a large message, an empty one, or another event.
func (s *Socket) single() (e event.Event) {
	v, err := s.glue[take].Invoke()
	m := &Message{typ: api.MessageBinary, s: s, data: v, err: err}
	if v.Type() == safejs.TypeString {
		m.typ = api.MessageText
		m.size, m.err = s.measure(length, v)
	} else if m.size = number(v, "byteLength", -1); m.size < 0 {
		m.size, m.err = 0, errUnreadable
		e.Kind = kind(text(v, "type"))
	}
	switch e.Kind {
	case 0:
		s.in.got++
		e.Kind, e.Message = event.Received, m
	case event.Ended:
		e.Code = api.StatusCode(number(v, "code", int(api.StatusAbnormalClosure)))
		e.Reason = text(v, "reason")
		e.Clean = safejs.Unsafe(value(new(try).get(v, "wasClean"))).Equal(js.ValueOf(true))
	}
	return e
}

// kind returns what the type of an event means, 0 for nothing.
func kind(typ string) event.Kind {
	switch typ {
	case "open":
		return event.Opened
	case "error":
		return event.Failed
	case "close":
		return event.Ended
	}
	return 0
}

// measure calls a function of the glue that returns a length of v.
func (s *Socket) measure(fn int, v safejs.Value) (int, error) {
	n, err := s.glue[fn].Invoke(v)
	if err != nil {
		return 0, err
	}
	return safejs.Unsafe(n).Int(), nil
}
