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

// record is what a peer sent and what came, for a report.
type record struct {
	first, last []string
	dropped     int
}

func (r *record) note(line string) {
	if len(r.first) < recordLines {
		r.first = append(r.first, line)
		return
	}
	if len(r.last) == recordLines {
		r.last = r.last[1:]
		r.dropped++
	}
	r.last = append(r.last, line)
}

// sent notes bytes as they went out.
func (r *record) sent(what string, wire []byte) {
	r.note("sent " + what + " as " + abbreviate(wire))
}

// came notes a frame that was received.
func (r *record) came(f Frame) {
	r.note("came " + f.String())
}

func (r *record) String() string {
	lines := append([]string(nil), r.first...)
	if r.dropped > 0 {
		lines = append(lines, fmt.Sprintf("... %d lines ...", r.dropped))
	}
	return "  " + strings.Join(append(lines, r.last...), "\n  ")
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
