//go:build !js

package wstest_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws/wstest"
)

// The frames of RFC 6455 section 5.7, and a length in each form (section 5.2).
func TestFrames(t *testing.T) {
	for _, tt := range []struct {
		name   string
		frames []wstest.Frame
		hex    string
	}{
		{"an unmasked text", []wstest.Frame{wstest.Text("Hello")}, "810548656c6c6f"},
		{"fragments", wstest.Fragments(wstest.OpText, "Hel", "lo"), "010348656c" + "80026c6f"},
		{"a ping", []wstest.Frame{wstest.Ping("Hello")}, "890548656c6c6f"},
		{"a pong", []wstest.Frame{wstest.Pong("Hello")}, "8a0548656c6c6f"},
		{"an empty close", []wstest.Frame{wstest.Close(0, "")}, "8800"},
		{"a close", []wstest.Frame{wstest.Close(1012, "no")}, "880403f46e6f"},
		{"closes that are not allowed (section 7.4)", []wstest.Frame{wstest.Close(999, ""), wstest.Close(1005, "")}, "880203e7" + "880203ed"},
		{"RSV1, an opcode without a name, a mask", []wstest.Frame{{Opcode: 3, RSV: 4, Masked: true, Payload: []byte("x")}}, "c3810000000078"},
		{"125 bytes", []wstest.Frame{wstest.Binary(make([]byte, 125))}, "827d" + strings.Repeat("00", 125)},
		{"126 bytes", []wstest.Frame{wstest.Binary(make([]byte, 126))}, "827e007e" + strings.Repeat("00", 126)},
		{"65536 bytes", []wstest.Frame{wstest.Binary(make([]byte, 65536))}, "827f0000000000010000" + strings.Repeat("00", 65536)},
	} {
		var got []byte
		for _, f := range tt.frames {
			got = f.Append(got)
		}
		if want, _ := hex.DecodeString(tt.hex); !bytes.Equal(got, want) {
			t.Errorf("%s: got %.40x, want %.40x", tt.name, got, want)
		}
	}
}

// Receive returns what was sent, without its mask (RFC 6455 section 5.3).
func TestReceive(t *testing.T) {
	got := make(chan []wstest.Frame, 1)
	s := wstest.NewServer(t, func(p *wstest.Peer) error {
		var all []wstest.Frame
		for range 4 {
			f, err := p.Receive()
			if err != nil {
				return err
			}
			all = append(all, f)
		}
		got <- all
		return nil
	})
	nc, head := dialRaw(t, s)
	// The accept key is that of the example in RFC 6455 section 1.3.
	if !strings.Contains(head, "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") {
		t.Errorf("got %q", head)
	}
	nc.Write([]byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")) // section 5.7: a masked "Hello"
	nc.Write([]byte("\x02\x02ab"))                                   // unmasked, not the last
	nc.Write([]byte("\x80\xfe\x00\x80\x00\x00\x00\x01" + strings.Repeat("\x00", 128)))
	nc.Write([]byte("\x88\x80\x00\x00\x00\x00"))
	want := []wstest.Frame{
		{Opcode: wstest.OpText, Masked: true, Payload: []byte("Hello")},
		{Opcode: wstest.OpBinary, NotLast: true, Payload: []byte("ab")},
		{Opcode: wstest.OpContinuation, Masked: true, Payload: bytes.Repeat([]byte{0, 0, 0, 1}, 32)},
		{Opcode: wstest.OpClose, Masked: true, Payload: []byte{}},
	}
	if got := <-got; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if seen, err := s.Seen(t.Context(), 0); err != nil || seen.Code != 1005 || seen.Err != nil {
		t.Errorf("seen: %+v, %v", seen, err)
	}
}
