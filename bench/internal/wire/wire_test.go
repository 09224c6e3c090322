package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestFrames holds frames to the examples of RFC 6455 section 5.7, and to every
// form of a length (section 5.2).
func TestFrames(t *testing.T) {
	key := &[4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, c := range []struct {
		name    string
		first   byte
		payload string
		key     *[4]byte
		begins  string
	}{
		{"5.7: unmasked text", Fin | OpText, "Hello", nil, "\x81\x05Hello"},
		{"5.7: masked text", Fin | OpText, "Hello", key, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"},
		{"5.7: a fragment", OpText, "Hel", nil, "\x01\x03Hel"},
		{"5.7: 256 bytes", Fin | OpBinary, strings.Repeat("x", 256), nil, "\x82\x7e\x01\x00"},
		{"5.7: 64 KiB", Fin | OpBinary, strings.Repeat("x", 65536), nil, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
		{"5.2: 125 bytes", Fin | OpBinary, strings.Repeat("x", 125), nil, "\x82\x7d"},
		{"5.2: 126 bytes", Fin | OpBinary, strings.Repeat("x", 126), nil, "\x82\x7e\x00\x7e"},
		{"5.2: 65,535 bytes", Fin | OpBinary, strings.Repeat("x", 65535), nil, "\x82\x7e\xff\xff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := AppendFrame(nil, c.first, []byte(c.payload), c.key)
			if !strings.HasPrefix(string(f), c.begins) {
				t.Fatalf("frame begins with % x, want % x", f[:min(16, len(f))], c.begins)
			}
			for i := range f {
				h, n := ParseHeader(f[:i])
				if n > i {
					t.Fatalf("a header of %d bytes in %d", n, i)
				}
				if n > 0 && h.Length != len(c.payload) {
					t.Fatalf("length %d, want %d", h.Length, len(c.payload))
				}
			}
			h, n := ParseHeader(f)
			p := f[n:]
			if c.key != nil {
				Mask(p, h.Key)
			}
			if h.First != c.first || h.Masked != (c.key != nil) || string(p) != c.payload {
				t.Fatalf("parsed as %+v", h)
			}
		})
	}
}

// TestReader reads messages however their bytes come.
func TestReader(t *testing.T) {
	long := strings.Repeat("long ", 1000)
	var s []byte
	s = AppendFrame(s, Fin|OpText, []byte("whole"), nil)
	s = AppendFrame(s, OpText|RSV1, []byte("in "), nil)
	s = AppendFrame(s, Fin|9, []byte("ping"), nil)
	s = AppendFrame(s, 0, []byte("three "), nil)
	s = AppendFrame(s, Fin, []byte("parts"), nil)
	s = AppendFrame(s, Fin|OpBinary, []byte(long), nil)
	want := []Message{
		{Fin | OpText, []byte("whole")},
		{Fin | RSV1 | OpText, []byte("in three parts")},
		{Fin | OpBinary, []byte(long)},
	}
	for name, src := range map[string]io.Reader{
		"at once":      bytes.NewReader(s),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(s)),
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(src, 64, nil)
			for i, w := range want {
				m, err := r.Next()
				if err != nil || m.First != w.First || !bytes.Equal(m.Payload, w.Payload) {
					t.Fatalf("message %d is %x %q, %v", i, m.First, m.Payload, err)
				}
			}
			if r.Bytes() != int64(len(s)) {
				t.Errorf("counted %d bytes, want %d", r.Bytes(), len(s))
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// TestReaderFindsBrokenRules: RFC 6455 sections 5.1 and 5.4.
func TestReaderFindsBrokenRules(t *testing.T) {
	for name, frames := range map[string][]byte{
		"5.1: a masked frame":           AppendFrame(nil, Fin|OpText, []byte("x"), &[4]byte{1, 2, 3, 4}),
		"5.4: a continuation at first":  AppendFrame(nil, Fin, []byte("x"), nil),
		"5.4: a message within another": AppendFrame(AppendFrame(nil, OpText, []byte("x"), nil), Fin|OpText, []byte("y"), nil),
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := NewReader(bytes.NewReader(frames), 64, nil).Next(); err == nil {
				t.Errorf("read %q", m.Payload)
			}
		})
	}
	closing := AppendFrame(nil, Fin|OpClose, []byte("\x03\xe8"), nil)
	if _, err := NewReader(bytes.NewReader(closing), 64, nil).Next(); !errors.Is(err, ErrClosed) {
		t.Errorf("after a close frame: %v", err)
	}
}
