package conformance

import (
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	recordLines = 16 // kept at the beginning, and as many at the end
	recordBytes = 24 // shown of each frame
)

// record is what a peer sent and what came, for a report. Lines are made when
// they are asked for: there are far more frames than reports.
type record struct {
	first, last []entry
	dropped     int
}

// entry is a frame that came, or one that was sent with its bytes on the wire.
type entry struct {
	Frame
	wire []byte // nil for one that came
	note string // stands alone when it is not empty
}

func (r *record) add(e entry) {
	switch {
	case len(r.first) < recordLines:
		r.first = append(r.first, e)
	case len(r.last) < recordLines:
		r.last = append(r.last, e)
	default:
		r.last[r.dropped%recordLines] = e
		r.dropped++
	}
}

// String has a line for each frame, but for those in the middle of many.
func (r *record) String() string {
	var s strings.Builder
	for _, e := range r.first {
		s.WriteString("  " + e.String() + "\n")
	}
	if r.dropped > 0 {
		fmt.Fprintf(&s, "  ... %d frames ...\n", r.dropped)
	}
	for i := range r.last {
		s.WriteString("  " + r.last[(r.dropped+i)%len(r.last)].String() + "\n")
	}
	return strings.TrimSuffix(s.String(), "\n")
}

func (e entry) String() string {
	switch {
	case e.note != "":
		return e.note
	case e.wire == nil:
		return "came " + e.Frame.String()
	}
	return "sent " + e.Frame.String() + " as " + abbreviate(e.wire)
}

// abbreviate is p in hexadecimal, or the beginning of it.
func abbreviate(p []byte) string {
	if len(p) <= recordBytes {
		return fmt.Sprintf("[% x]", p)
	}
	return fmt.Sprintf("[% x ... %d bytes]", p[:recordBytes], len(p))
}

var opNames = map[byte]string{OpContinuation: "continuation", OpText: "text", OpBinary: "binary",
	OpClose: "close", OpPing: "ping", OpPong: "pong"}

// String tells what differs from a whole and plain frame, and the payload.
func (f Frame) String() string {
	s := opNames[f.Op]
	if s == "" {
		s = fmt.Sprintf("opcode %d", f.Op)
	}
	if !f.Fin {
		s += " without FIN"
	}
	if f.RSV != 0 {
		s += fmt.Sprintf(" with RSV %03b", f.RSV)
	}
	if f.Announce != 0 {
		s += fmt.Sprintf(" announcing %d bytes", f.Announce)
	}
	if f.Compress {
		s += " compressed"
	}
	if f.Flip {
		s += " wrongly masked or not"
	}
	return s + " " + abbreviate(f.Payload)
}

// difference points at the first byte in which two payloads differ, where that
// does not show in what is printed of them.
func difference(want, got Frame) string {
	a, b := want.Payload, got.Payload
	if len(a) <= recordBytes && len(b) <= recordBytes {
		return ""
	}
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf(": they differ from byte %d: want [%s], came [%s]", i,
		hex.EncodeToString(a[i:min(i+8, len(a))]), hex.EncodeToString(b[i:min(i+8, len(b))]))
}
