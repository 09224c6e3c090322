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

// Go is woken probeMin times at once before it is tried whether several
// messages come when it is woken in a task of its own; after each vain attempt
// twice as many times, up to probeMax.
const (
	probeMin = 16
	probeMax = 256
)

// inbox is what has been taken off the queue.
type inbox struct {
	small []*Message // by drain, oldest first
	more  bool       // drain has found something that it leaves
	empty bool       // drain has left nothing, and Next is to say so
	arm   [1]any     // of drain: how to wake, nil for glue.ArmedNow
	got   int        // messages since the queue was empty
	waits int        // how many times it was since an attempt
	probe int        // at how many waits the next attempt is
}

// batch is where drain's records are copied to.
var batch [glue.BatchSize]byte

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

// fill drains the queue of messages, and asks to be woken when nothing is left.
func (s *Socket) fill() {
	in := &s.in
	if in.arm[0] == nil {
		in.arm[0], in.probe = glue.ArmedNow, probeMin
	}
	drain := safejs.Unsafe(value(s.glue[drain])) // throws only when JavaScript is out of memory
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
		drain.Invoke(in.arm[:]...) // of nothing, to arm anew
	}
}

// decide says how the next wake-up is to come, and reports whether that is
// new. In a task of its own it comes later, which pays when more messages come
// until then: after a batch, until probeMin messages in a row came alone.
func (in *inbox) decide() bool {
	in.waits++
	mode := glue.ArmedNow
	switch {
	case in.got > 1:
		mode, in.waits, in.probe = glue.ArmedLater, 0, probeMin
	case in.waits >= in.probe:
		mode, in.waits, in.probe = glue.ArmedLater, 0, min(2*in.probe, probeMax)
	case in.probe == probeMin && in.arm[0] == glue.ArmedLater:
		mode = glue.ArmedLater // a message alone among batches
	}
	in.got = 0
	changed := in.arm[0] != mode
	in.arm[0] = mode
	return changed
}

// single takes what drain leaves: the data of a message, or a null and another
// event.
func (s *Socket) single() (e event.Event) {
	v, err := invoke(s.glue[take])
	if err != nil || !v.IsNull() {
		e.Kind, e.Message = event.Received, odd(v)
		return e
	}
	v, _ = invoke(s.glue[take])
	switch e.Kind = kind(text(v, "type")); e.Kind {
	case event.Ended:
		// A class of its own may tell only a part, or nothing.
		clean := safejs.Unsafe(value(new(try).get(v, "wasClean")))
		e.Code = api.StatusCode(number(v, "code", 0))
		e.Reason = text(v, "reason")
		e.Clean = clean.Equal(js.ValueOf(true)) || clean.IsUndefined()
		if e.Code == 0 || e.Code == api.StatusAbnormalClosure {
			// Deno has 0, happy-dom wasClean, and workerd a reason of its own.
			e.Code, e.Reason, e.Clean = api.StatusAbnormalClosure, "", false
		}
	}
	return e
}

// odd makes a message of data that drain leaves: an empty string or
// ArrayBuffer, and what a class gives that does not look at binaryType.
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

// kind returns what the type of an event means.
func kind(typ string) event.Kind {
	switch typ {
	case "open":
		return event.Opened
	case "close":
		return event.Ended
	}
	return event.Failed
}
