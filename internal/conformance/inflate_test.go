package conformance

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"testing"
)

// What the cases say of their payloads is so: the peer's inflater and the
// standard library's agree with them.
func TestForms(t *testing.T) {
	for _, f := range forms() {
		z := inflater{window: window(15)}
		if got, err := z.message(f.payload); err != nil || !bytes.Equal(got, f.message.Payload) {
			t.Errorf("%s: %d bytes, %v; want %d", f.name, len(got), err, len(f.message.Payload))
		}
		if strings.HasPrefix(f.name, "last") || f.name == "mixed" {
			continue // the library stops at a last block
		}
		std := flate.NewReader(io.MultiReader(bytes.NewReader(f.payload), strings.NewReader(syncTail+"\x01\x00\x00\xFF\xFF")))
		if got, err := io.ReadAll(std); err != nil || !bytes.Equal(got, f.message.Payload) {
			t.Errorf("%s: compress/flate: %d bytes, %v; want %d", f.name, len(got), err, len(f.message.Payload))
		}
	}
}

// What the cases call broken is: both refuse it.
func TestBroken(t *testing.T) {
	for _, f := range broken() {
		z := inflater{window: window(15)}
		if got, err := z.message(f.payload); err == nil {
			t.Errorf("%s inflates to % x", f.name, got)
		}
		std := flate.NewReader(io.MultiReader(bytes.NewReader(f.payload), strings.NewReader(syncTail+"\x01\x00\x00\xFF\xFF")))
		if got, err := io.ReadAll(std); err == nil {
			t.Errorf("%s: compress/flate inflates it to % x", f.name, got)
		}
	}
}

// The peer sends what the peer understands, in every form, and keeps to its
// window.
func TestDeflater(t *testing.T) {
	for bits := 8; bits <= 15; bits++ {
		for _, takeover := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/%v", bits, takeover), func(t *testing.T) {
				d := deflater{window: window(bits), takeover: takeover}
				z := inflater{window: window(bits), takeover: takeover}
				plain, sent, farthest := 0, 0, 0
				for n := range 40 {
					m := body(n%len(bodies), []int{0, 1, 3, 40, 300, 1000, 9000}[n%7], n/4)
					p := d.message(m.Payload)
					got, err := z.message(p)
					if err != nil || !bytes.Equal(got, m.Payload) {
						t.Fatalf("message %d: %d bytes, %v; want %d", n, len(got), err, len(m.Payload))
					}
					if m.Op == OpText {
						plain, sent = plain+len(m.Payload), sent+len(p)
					}
					farthest = max(farthest, len(d.text))
				}
				if sent*10 > plain*9 {
					t.Errorf("%d bytes of text became %d", plain, sent)
				}
				if farthest > window(bits) {
					t.Errorf("%d bytes are kept, for a window of %d", farthest, window(bits))
				}
			})
		}
	}
}

// The inflater sees whoever goes too far.
func TestInflaterCatches(t *testing.T) {
	far := func(distance int) []byte {
		return new(blocks).begin(fixedBlock, false).match(3, distance).end().finish()
	}
	block := func(n int) []byte {
		return new(blocks).stored(message(OpBinary, n, 1).Payload, false).finish()
	}
	for _, tt := range []struct {
		name     string
		window   int
		takeover bool
		messages [][]byte
		want     string // of the last message's error; "" for none
	}{
		{"the window's edge", 256, true, [][]byte{block(256), far(256)}, ""},
		{"past the window", 256, true, [][]byte{block(300), far(257)}, "257 bytes back, over its window of 256"},
		{"past the window in a message", 512, false, [][]byte{new(blocks).stored(make([]byte, 600), false).begin(fixedBlock, false).match(3, 513).end().finish()}, "over its window of 512"},
		{"before the first message", 256, true, [][]byte{far(1)}, "1 bytes back, where there are 0"},
		{"the message before", 256, true, [][]byte{hello, helloAgain}, ""},
		{"the message before without takeover", 256, false, [][]byte{hello, helloAgain}, "5 bytes back, where there are 1"},
		{"the tail left on", 256, true, [][]byte{append(hello[:len(hello):len(hello)], syncTail...)}, "ends inside a block"},
		{"no byte at all", 256, true, [][]byte{nil}, "ends inside a block"},
		{"nothing behind the last block", 256, true, [][]byte{unhex("f3 48 cd c9 c9 07 00")}, "ends inside a block"},
		{"a length that is not confirmed", 256, true, [][]byte{unhex("00 05 00 fa fe 48")}, "not confirmed"},
		{"the reserved type", 256, true, [][]byte{{6}}, "reserved type"},
		{"the tail taken for data", 256, true, [][]byte{unhex("00 04 00 fb ff")}, "ends inside a block"},
	} {
		z, err := inflater{window: tt.window, takeover: tt.takeover}, error(nil)
		for i, p := range tt.messages {
			if _, err = z.message(p); err != nil && i < len(tt.messages)-1 {
				t.Fatalf("%s: message %d: %v", tt.name, i, err)
			}
		}
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
