package engine

import (
	"bytes"
	"compress/flate"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/frame"
)

// seeds are what a peer sends to an engine in the role, legal and not.
func seeds(f *testing.F, client bool) (all [][]byte) {
	r := &rig{client: client}
	zipped := func(fin bool, op frame.Opcode, payload []byte) []byte {
		b := r.frame(fin, op, payload)
		b[0] |= 0x40
		return b
	}
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, 9)
	if err != nil {
		f.Fatal(err)
	}
	// deflated continues one message after the other, as with takeover.
	deflated := func(s string) []byte {
		small.Reset()
		w.Write([]byte(s))
		w.Flush()
		return bytes.Clone(bytes.TrimSuffix(small.Bytes(), []byte("\x00\x00\xFF\xFF")))
	}
	long := strings.Repeat("a long text, ", 30)
	first, second := deflated(long), deflated(long)
	all = [][]byte{
		nil,
		r.text("hello"), r.binary([]byte{0, 1, 2}), r.text("\u4e16\U0001F600"), r.text("\xFF"), r.text("\xE4\xB8"),
		r.binary(make([]byte, 126)), r.binary(make([]byte, 5000)), r.binary(make([]byte, 70_000)),
		r.ping("ping"), r.pong(""), r.close(1000, "bye"), r.close(0, ""), r.close(1005, ""), r.close(4999, "\xC0"),
		r.frame(true, frame.OpClose, []byte{3}), r.frame(true, frame.OpPing, make([]byte, 126)),
		slices.Concat(r.frame(false, frame.OpText, []byte("\xE4")), r.ping("between"), r.frame(false, 0, []byte("\xB8")),
			r.frame(true, 0, []byte("\x96")), r.binary(nil), r.close(1001, "")),
		slices.Concat(r.frame(false, frame.OpBinary, nil), r.text("inside")),
		slices.Concat(r.text("before"), r.frame(true, 0, nil)),
		slices.Concat(r.close(3000, ""), r.text("after"), []byte("\xFF\xFF")),
		zipped(true, frame.OpText, []byte("\xF2\x48\xCD\xC9\xC9\x07\x00")),                         // RFC 7692 section 7.2.3.1
		zipped(true, frame.OpText, []byte("\x00\x05\x00\xFA\xFFHello\x00")),                        // section 7.2.3.3
		zipped(true, frame.OpText, []byte("\xF3\x48\xCD\xC9\xC9\x07\x00\x00")),                     // section 7.2.3.4
		zipped(true, frame.OpText, []byte("\xF2\x48\x05\x00\x00\x00\xFF\xFF\xCA\xC9\xC9\x07\x00")), // section 7.2.3.5
		zipped(true, frame.OpBinary, []byte{0}), zipped(true, frame.OpBinary, nil), zipped(true, frame.OpBinary, []byte{0xFF}),
		slices.Concat(zipped(false, frame.OpText, []byte("\xF2\x48\xCD")), r.ping("in"), r.frame(true, 0, []byte("\xC9\xC9\x07\x00"))),
		slices.Concat(zipped(true, frame.OpText, first), r.text("plain"), zipped(true, frame.OpText, second), r.close(1000, "")),
		slices.Concat(zipped(false, frame.OpText, first[:20]), r.frame(true, 3, nil)),
		zipped(true, frame.OpBinary, deflated(strings.Repeat("\x00", 20_000))),
		slices.Concat(r.frame(true, frame.OpPing, nil), zipped(true, frame.OpPing, nil)),
	}
	for _, v := range violations {
		all = append(all, v.send(r))
	}
	return all
}
