package frame_test

import (
	"testing"

	"github.com/twinws/ws/frame"
)

// TestAllocations holds every function that runs for each frame to no
// allocation on legal input. Only the reason of a close frame costs one.
func TestAllocations(t *testing.T) {
	var (
		buf    = make([]byte, 0, 256)
		src    = make([]byte, 200)
		header = frame.Header{Fin: true, Opcode: frame.OpText, Masked: true, Key: rfcKey, Length: 200}
		wire   = frame.AppendHeader(nil, header)
		close1 = frame.AppendClose(nil, 1000, "")
		close2 = frame.AppendClose(nil, 1000, "a reason too long for the runtime to keep on the stack")
		text   = []byte("\u4e16\u754c and ASCII, and an open end \xE2\x82")
		rules  = frame.Rules{Masked: true}
		u      frame.UTF8
	)
	for _, c := range []struct {
		name string
		want float64
		f    func() bool
	}{
		{"AppendHeader", 0, func() bool { return len(frame.AppendHeader(buf, header)) == len(wire) }},
		{"ParseHeader", 0, func() bool { _, _, err := frame.ParseHeader(wire); return err == nil }},
		{"ParseHeader of half a header", 0, func() bool { _, _, err := frame.ParseHeader(wire[:3]); return err == frame.ErrShort }},
		{"Rules.Check", 0, func() bool { return rules.Check(header) == nil }},
		{"Mask", 0, func() bool { return frame.Mask(src, rfcKey, 1) == 1 }},
		{"MaskCopy", 0, func() bool { return frame.MaskCopy(buf[:200], src, rfcKey, 1) == 1 }},
		{"AppendClose", 0, func() bool { return len(frame.AppendClose(buf, 1000, "reason")) == 8 }},
		{"ParseClose of nothing", 0, func() bool { _, _, err := frame.ParseClose(nil); return err == nil }},
		{"ParseClose of a code", 0, func() bool { _, _, err := frame.ParseClose(close1); return err == nil }},
		{"ParseClose of a reason", 1, func() bool { _, s, err := frame.ParseClose(close2); return err == nil && s != "" }},
		{"UTF8.Write", 0, func() bool { u.Reset(); return u.Write(text) && !u.Done() }},
	} {
		ok := true
		got := testing.AllocsPerRun(100, func() { ok = ok && c.f() })
		if !ok {
			t.Errorf("%s fails on legal input", c.name)
		}
		if got > c.want {
			t.Errorf("%s allocates %v times, want %v at most", c.name, got, c.want)
		}
	}
}
