package engine

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// TestTooBig announces more than the limit: 1009, before any payload came.
func TestTooBig(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit int64
		send  func(r *rig) [][]byte
	}{
		{"limit + 1", 100, func(r *rig) [][]byte { return [][]byte{header(r, 0x82, 101)} }},
		{"2^32", 100, func(r *rig) [][]byte { return [][]byte{header(r, 0x82, 1<<32)} }},
		{"2^62", 100, func(r *rig) [][]byte { return [][]byte{header(r, 0x82, 1<<62)} }},
		{"2^63-1", 100, func(r *rig) [][]byte { return [][]byte{header(r, 0x81, math.MaxInt64)} }},
		{"2^63-1 of a limit just below", math.MaxInt64 - 1, func(r *rig) [][]byte { return [][]byte{header(r, 0x81, math.MaxInt64)} }},
		{"fragments", 100, func(r *rig) [][]byte {
			return [][]byte{r.frame(false, 2, make([]byte, 60)), r.frame(false, 0, make([]byte, 40)), header(r, 0x80, 1)}
		}},
		{"fragments whose sum overflows", math.MaxInt64, func(r *rig) [][]byte {
			return [][]byte{r.frame(false, 2, make([]byte, 2)), header(r, 0x80, math.MaxInt64-1)}
		}},
		{"fragments whose sum overflows, no limit", -1, func(r *rig) [][]byte {
			return [][]byte{r.frame(false, 2, make([]byte, 2)), header(r, 0x80, math.MaxInt64)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bothRoles(t, Config{ReadLimit: c.limit}, func(r *rig) {
				r.send(c.send(r)...)
				var err error
				read := func() error {
					used := allocated(func() { err = r.startRead(background)() })
					if used > 1<<20 {
						t.Errorf("%d bytes were allocated", used)
					}
					return err
				}
				wait := start(read)
				r.wantClose(1009, "")
				r.p.finish()
				for _, err := range []error{wait(), r.c.Write(background, 1, nil)} {
					wantIs(t, "the error", err, api.ErrMessageTooBig)
					wantIs(t, "the error", err, api.ErrClosed)
				}
				r.wantEOF()
			})
		})
	}
	bothRoles(t, Config{ReadLimit: 100}, func(r *rig) {
		r.send(r.frame(false, 2, make([]byte, 60)), r.frame(true, 0, make([]byte, 40)), r.binary(make([]byte, 100)))
		r.wantRead(api.MessageBinary, make([]byte, 100))
		r.wantRead(api.MessageBinary, make([]byte, 100))
	})
}

// TestManyFragments sends a message of as many frames as are allowed, and one
// of one more.
func TestManyFragments(t *testing.T) {
	bothRoles(t, Config{}, func(r *rig) {
		start, empty := r.frame(false, frame.OpText, nil), r.frame(false, 0, nil)
		message := append(start, bytes.Repeat(empty, maxFragments-2)...)
		r.send(message, r.frame(true, 0, nil))
		r.wantRead(api.MessageText, nil)
		r.send(message, empty, r.frame(true, 0, nil))
		r.p.finish()
		read := r.startRead(background)
		h, p := r.next()
		if h.Opcode != frame.OpClose || binary.BigEndian.Uint16(p) != 1008 {
			r.Fatalf("got %v %q", h.Opcode, p)
		}
		r.wantProtocolError("Read", read(), 1008)
	})
}
