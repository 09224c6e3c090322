package frame_test

import (
	"testing"

	"github.com/twinws/ws/frame"
)

func TestOpcode(t *testing.T) {
	const (
		data     = "data"
		control  = "control"
		reserved = "reserved"
		both     = "reserved control"
	)
	// RFC 6455 section 5.2 names all sixteen.
	for _, c := range []struct {
		op   frame.Opcode
		kind string
		text string
	}{
		{0x0, data, "continuation"},
		{0x1, data, "text"},
		{0x2, data, "binary"},
		{0x3, reserved, "Opcode(3)"},
		{0x4, reserved, "Opcode(4)"},
		{0x5, reserved, "Opcode(5)"},
		{0x6, reserved, "Opcode(6)"},
		{0x7, reserved, "Opcode(7)"},
		{0x8, control, "close"},
		{0x9, control, "ping"},
		{0xA, control, "pong"},
		{0xB, both, "Opcode(11)"},
		{0xC, both, "Opcode(12)"},
		{0xD, both, "Opcode(13)"},
		{0xE, both, "Opcode(14)"},
		{0xF, both, "Opcode(15)"},
	} {
		if got := c.op.IsData(); got != (c.kind == data) {
			t.Errorf("%v.IsData() = %v, but it is %s", c.op, got, c.kind)
		}
		if got := c.op.IsControl(); got != (c.kind == control || c.kind == both) {
			t.Errorf("%v.IsControl() = %v, but it is %s", c.op, got, c.kind)
		}
		if got := c.op.Reserved(); got != (c.kind == reserved || c.kind == both) {
			t.Errorf("%v.Reserved() = %v, but it is %s", c.op, got, c.kind)
		}
		if got := c.op.String(); got != c.text {
			t.Errorf("Opcode(%d).String() = %q, want %q", byte(c.op), got, c.text)
		}
	}
}
