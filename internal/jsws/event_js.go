//go:build js && wasm

package jsws

import (
	"errors"
	"syscall/js"

	"github.com/hack-pad/safejs"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/event"
	"github.com/twinws/ws/internal/glue"
)

// Go is woken immediately probeMin times; then one wake-up is delayed to a task
// of its own, to see whether more messages arrive until then. If none do, the
// number of immediate wake-ups until the next attempt doubles, up to probeMax.
const (
	probeMin = 16
	probeMax = 256
)

// inbox is what was taken from the queue, and how Go is woken next.
type inbox struct {
	small []*Message // by drain, oldest first
	more  bool       // the next entry of the queue is one that drain leaves
	empty bool       // the queue is empty, and Next has not reported it yet
	arm   [1]any     // drain's argument: how to wake Go; nil means glue.ArmedNow
	got   int        // messages since the queue was last empty
	waits int        // how often it was empty since the last attempt
	probe int        // the value of waits for the next attempt
}

// batch receives a copy of drain's records.
var batch [glue.BatchSize]byte

// Next removes the oldest event from the queue. When it reports false, the
// queue is empty, and the next event wakes Go.
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

// fill takes messages from the queue, and has the next event wake Go if none
// are left.
func (s *Socket) fill() {
	in := &s.in
	if in.arm[0] == nil {
		in.arm[0], in.probe = glue.ArmedNow, probeMin
	}
	drain := safejs.Unsafe(value(s.glue[drain])) // throws only if JavaScript is out of memory
	memory.Lock()
	n := drain.Invoke(in.arm[:]...).Int()
	records := batch[:n>>1]
	if len(records) > 0 {
		js.CopyBytesToGo(records, memory.view)
	}
	memory.Unlock()
	for len(records) > 0 {
		m := new(Message)
		records = m.parse(s, records)
		in.small = append(in.small, m)
	}
	in.got += len(in.small)
	in.more = n == 1
	if in.empty = n&1 == 0 && in.got > 0; in.empty && in.decide() {
		drain.Invoke(in.arm[:]...) // nothing to take: sets the mode
	}
}

// decide chooses how the next message wakes Go, and reports whether that has
// changed. A wake-up in a task of its own comes later, which is worthwhile if
// more messages arrive until then: after a batch, until probeMin messages in a
// row have arrived alone.
func (in *inbox) decide() bool {
	in.waits++
	mode := glue.ArmedNow
	switch {
	case in.got > 1:
		mode, in.waits, in.probe = glue.ArmedLater, 0, probeMin
	case in.waits >= in.probe:
		mode, in.waits, in.probe = glue.ArmedLater, 0, min(2*in.probe, probeMax)
	case in.probe == probeMin && in.arm[0] == glue.ArmedLater:
		mode = glue.ArmedLater // a single message between batches
	}
	in.got = 0
	changed := in.arm[0] != mode
	in.arm[0] = mode
	return changed
}

// single removes an entry that drain leaves: the data of a message, or a null
// and an event of another type.
func (s *Socket) single() (e event.Event) {
	v, err := invoke(s.glue[take])
	if err != nil || !v.IsNull() {
		e.Kind, e.Message = event.Received, odd(v)
		return e
	}
	v, _ = invoke(s.glue[take])
	switch e.Kind = kind(text(v, "type")); e.Kind {
	case event.Ended:
		// A class other than the platform's may lack properties.
		clean := safejs.Unsafe(value(new(try).get(v, "wasClean")))
		e.Code = api.StatusCode(number(v, "code", 0))
		e.Reason = text(v, "reason")
		e.Clean = clean.Equal(js.ValueOf(true)) || clean.IsUndefined()
		if e.Code == 0 || e.Code == api.StatusAbnormalClosure {
			// Deno reports code 0, happy-dom wasClean, workerd a reason of its
			// own.
			e.Code, e.Reason, e.Clean = api.StatusAbnormalClosure, "", false
		}
	}
	return e
}

// odd returns a message for data that drain leaves: an empty string or
// ArrayBuffer, or what a class delivers that ignores binaryType.
func odd(data safejs.Value) *Message {
	m := &Message{typ: api.MessageBinary, p: []byte{}}
	switch {
	case data.Type() == safejs.TypeString:
		m.typ = api.MessageText
	case number(data, "byteLength", -1) == 0:
	case number(data, "BYTES_PER_ELEMENT", 0) == 1: // such as a Buffer of Node.js
		var x try
		bytes := x.new(builtins.registers.values[glue.Uint8Array], data, nil)
		m.size = number(bytes, "length", 0)
		m.p = make([]byte, m.size)
		js.CopyBytesToGo(m.p, safejs.Unsafe(value(bytes)))
	default:
		class := text(new(try).get(data, "constructor"), "name")
		if class == "" {
			class = "nothing"
		}
		m.err = errors.New("a message came as " + class +
			", no string or ArrayBuffer: the global WebSocket is not the platform's own")
	}
	return m
}

// kind returns the Kind of an event of type typ.
func kind(typ string) event.Kind {
	switch typ {
	case "open":
		return event.Opened
	case "close":
		return event.Ended
	}
	return event.Failed
}
