package frame_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// rfcKey is the masking key of the examples in RFC 6455 section 5.7.
var rfcKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// headers holds each header beside its bytes, and serves both directions.
var headers = []struct {
	why    string
	bytes  []byte
	header frame.Header
}{
	{"5.7: a single-frame unmasked text message",
		[]byte{0x81, 0x05},
		frame.Header{Fin: true, Opcode: frame.OpText, Length: 5}},
	{"5.7: a single-frame masked text message",
		[]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d},
		frame.Header{Fin: true, Opcode: frame.OpText, Masked: true, Key: rfcKey, Length: 5}},
	{"5.7: a fragmented unmasked text message, first frame",
		[]byte{0x01, 0x03},
		frame.Header{Opcode: frame.OpText, Length: 3}},
	{"5.7: a fragmented unmasked text message, last frame",
		[]byte{0x80, 0x02},
		frame.Header{Fin: true, Opcode: frame.OpContinuation, Length: 2}},
	{"5.7: an unmasked ping request",
		[]byte{0x89, 0x05},
		frame.Header{Fin: true, Opcode: frame.OpPing, Length: 5}},
	{"5.7: a masked ping response",
		[]byte{0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d},
		frame.Header{Fin: true, Opcode: frame.OpPong, Masked: true, Key: rfcKey, Length: 5}},
	{"5.7: 256 bytes binary message in a single unmasked frame",
		[]byte{0x82, 0x7e, 0x01, 0x00},
		frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 256}},
	{"5.7: 64 KiB binary message in a single unmasked frame",
		[]byte{0x82, 0x7f, 0, 0, 0, 0, 0, 0x01, 0, 0},
		frame.Header{Fin: true, Opcode: frame.OpBinary, Length: 65536}},

	{"5.2: all zero", []byte{0x00, 0x00}, frame.Header{}},
	{"5.2: FIN alone", []byte{0x80, 0x00}, frame.Header{Fin: true}},
	{"5.2: RSV1 alone", []byte{0x40, 0x00}, frame.Header{RSV1: true}},
	{"5.2: RSV2 alone", []byte{0x20, 0x00}, frame.Header{RSV2: true}},
	{"5.2: RSV3 alone", []byte{0x10, 0x00}, frame.Header{RSV3: true}},
	{"5.2: the highest opcode alone", []byte{0x0f, 0x00}, frame.Header{Opcode: 0xf}},
	{"5.2: MASK alone, with a key of zeros", []byte{0x00, 0x80, 0, 0, 0, 0}, frame.Header{Masked: true}},
	{"5.5.1: an empty close", []byte{0x88, 0x00}, frame.Header{Fin: true, Opcode: frame.OpClose}},

	{"5.2: 125, the largest length of 7 bits",
		[]byte{0x02, 0x7d},
		frame.Header{Opcode: frame.OpBinary, Length: 125}},
	{"5.2: 126, the smallest length of 16 bits",
		[]byte{0x02, 0x7e, 0x00, 0x7e},
		frame.Header{Opcode: frame.OpBinary, Length: 126}},
	{"5.2: 65535, the largest length of 16 bits",
		[]byte{0x02, 0x7e, 0xff, 0xff},
		frame.Header{Opcode: frame.OpBinary, Length: 65535}},
	{"5.2: 65535, masked",
		[]byte{0x02, 0xfe, 0xff, 0xff, 0x37, 0xfa, 0x21, 0x3d},
		frame.Header{Opcode: frame.OpBinary, Masked: true, Key: rfcKey, Length: 65535}},
	{"5.2: 65536, the smallest length of 64 bits",
		[]byte{0x02, 0x7f, 0, 0, 0, 0, 0, 0x01, 0, 0},
		frame.Header{Opcode: frame.OpBinary, Length: 65536}},
	{"5.2: 1<<32",
		[]byte{0x02, 0x7f, 0, 0, 0, 0x01, 0, 0, 0, 0},
		frame.Header{Opcode: frame.OpBinary, Length: 1 << 32}},
	{"5.2: 1<<63 - 1, the largest length of all",
		[]byte{0x02, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		frame.Header{Opcode: frame.OpBinary, Length: math.MaxInt64}},
	{"5.2: every bit that can be set",
		[]byte{0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		frame.Header{Fin: true, RSV1: true, RSV2: true, RSV3: true, Opcode: 0xf, Masked: true,
			Key: [4]byte{0xff, 0xff, 0xff, 0xff}, Length: math.MaxInt64}},
}

func TestAppendHeader(t *testing.T) {
	for _, c := range headers {
		if got := frame.AppendHeader(nil, c.header); !bytes.Equal(got, c.bytes) {
			t.Errorf("%s: AppendHeader = % x, want % x", c.why, got, c.bytes)
		}
		if len(c.bytes) > frame.MaxHeaderLen {
			t.Errorf("%s: %d bytes are more than MaxHeaderLen", c.why, len(c.bytes))
		}
		want := append([]byte("before"), c.bytes...)
		if got := frame.AppendHeader([]byte("before"), c.header); !bytes.Equal(got, want) {
			t.Errorf("%s: AppendHeader after other bytes = % x, want % x", c.why, got, want)
		}
	}
}

func TestAppendHeaderOfMisuse(t *testing.T) {
	for _, c := range []struct {
		why    string
		header frame.Header
		want   []byte
	}{
		{"length -1 is 0", frame.Header{Opcode: frame.OpText, Length: -1}, []byte{0x01, 0x00}},
		{"the least length is 0", frame.Header{Opcode: frame.OpText, Length: math.MinInt64}, []byte{0x01, 0x00}},
		{"an opcode keeps four bits", frame.Header{Opcode: 0xf1}, []byte{0x01, 0x00}},
		{"a key without Masked is left out", frame.Header{Key: rfcKey}, []byte{0x00, 0x00}},
	} {
		if got := frame.AppendHeader(nil, c.header); !bytes.Equal(got, c.want) {
			t.Errorf("%s: AppendHeader = % x, want % x", c.why, got, c.want)
		}
	}
}

func TestParseHeader(t *testing.T) {
	for _, c := range headers {
		for _, after := range []string{"", "payload"} {
			h, n, err := frame.ParseHeader(append(bytes.Clone(c.bytes), after...))
			if h != c.header || n != len(c.bytes) || err != nil {
				t.Errorf("%s, then %q: ParseHeader = %+v, %d, %v, want %+v, %d, nil",
					c.why, after, h, n, err, c.header, len(c.bytes))
			}
		}
	}
}

func TestParseHeaderTruncated(t *testing.T) {
	for _, c := range headers {
		for i := range c.bytes {
			// The capacity ends there too: a read past the end panics.
			h, n, err := frame.ParseHeader(c.bytes[:i:i])
			if h != (frame.Header{}) || n != 0 || err != frame.ErrShort {
				t.Errorf("%s, first %d bytes: ParseHeader = %+v, %d, %v, want ErrShort", c.why, i, h, n, err)
			}
		}
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	for _, c := range []struct {
		why   string
		bytes []byte
	}{
		{"5.2: 0 in 16 bits", []byte{0x82, 0x7e, 0x00, 0x00}},
		{"5.2: 124 in 16 bits", []byte{0x82, 0x7e, 0x00, 0x7c}},
		{"5.2: 125 in 16 bits", []byte{0x82, 0x7e, 0x00, 0x7d}},
		{"5.2: 125 in 16 bits, masked, key still to come", []byte{0x82, 0xfe, 0x00, 0x7d}},
		{"5.2: 0 in 64 bits", []byte{0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0}},
		{"5.2: 125 in 64 bits", []byte{0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0x7d}},
		{"5.2: 126 in 64 bits", []byte{0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0x7e}},
		{"5.2: 65535 in 64 bits", []byte{0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff}},
		{"5.2: 65535 in 64 bits, masked", []byte{0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}},
		{"5.2: 1<<63", []byte{0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0}},
		{"5.2: 1<<63 + 5, a small length but for its sign", []byte{0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 5}},
		{"5.2: 1<<64 - 1", []byte{0x82, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"5.2: 1<<64 - 1, masked", []byte{0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4}},
	} {
		h, n, err := frame.ParseHeader(c.bytes)
		p, ok := errors.AsType[*api.ProtocolError](err)
		if !ok || p.Code != api.StatusProtocolError || !strings.Contains(p.Rule, "RFC 6455 section 5.2") {
			t.Errorf("%s: error %v, want status 1002 and section 5.2", c.why, err)
		}
		if h != (frame.Header{}) || n != 0 {
			t.Errorf("%s: ParseHeader = %+v, %d with an error, want zeros", c.why, h, n)
		}
	}
}

// outcome is what ParseHeader makes of its input.
type outcome int

const (
	legal outcome = iota
	short
	illegal
)

// naiveHeader judges data in the words of RFC 6455 section 5.2, byte by byte.
func naiveHeader(data []byte) (outcome, uint64) {
	if len(data) < 2 {
		return short, 0
	}
	length := uint64(data[1] % 128)
	var extra, least int
	switch length {
	case 126:
		extra, least = 2, 126
	case 127:
		extra, least = 8, 65536
	}
	if len(data) < 2+extra {
		return short, 0
	}
	if extra > 0 {
		length = 0
		for _, b := range data[2 : 2+extra] {
			length = length*256 + uint64(b)
		}
	}
	switch {
	case length < uint64(least), length > math.MaxInt64:
		return illegal, length
	case data[1] >= 128 && len(data) < 2+extra+4:
		return short, 0
	}
	return legal, length
}

func FuzzParseHeader(f *testing.F) {
	for _, c := range headers {
		f.Add(c.bytes)
	}
	f.Add([]byte{0x82, 0x7e, 0x00, 0x7d})
	f.Add([]byte{0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 5})
	f.Fuzz(func(t *testing.T, data []byte) {
		want, length := naiveHeader(data)
		h, n, err := frame.ParseHeader(data)
		switch want {
		case short:
			if err != frame.ErrShort {
				t.Fatalf("ParseHeader = %+v, %d, %v, want ErrShort", h, n, err)
			}
		case illegal:
			if _, ok := errors.AsType[*api.ProtocolError](err); !ok {
				t.Fatalf("ParseHeader = %+v, %d, %v, want a ProtocolError", h, n, err)
			}
		case legal:
			if err != nil || uint64(h.Length) != length {
				t.Fatalf("ParseHeader = %+v, %d, %v, want length %d", h, n, err, length)
			}
			if got := frame.AppendHeader(nil, h); !bytes.Equal(got, data[:n]) {
				t.Fatalf("AppendHeader(%+v) = % x, but it was parsed from % x", h, got, data[:n])
			}
		}
	})
}

func BenchmarkParseHeader(b *testing.B) {
	for _, c := range headers {
		if !strings.HasPrefix(c.why, "5.7") {
			continue
		}
		b.Run(c.why[len("5.7: "):], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := frame.ParseHeader(c.bytes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendHeader(b *testing.B) {
	buf := make([]byte, 0, frame.MaxHeaderLen)
	for _, c := range headers {
		if !strings.HasPrefix(c.why, "5.7") {
			continue
		}
		b.Run(c.why[len("5.7: "):], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf = frame.AppendHeader(buf[:0], c.header)
			}
		})
	}
}

// TestHoldsMessage compares with what ParseHeader says, for every truncation.
func TestHoldsMessage(t *testing.T) {
	for _, op := range []frame.Opcode{frame.OpContinuation, frame.OpText, frame.OpBinary, 3, frame.OpClose, frame.OpPing, frame.OpPong} {
		for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
			for bits := range 8 {
				h := frame.Header{Fin: bits&1 != 0, Masked: bits&2 != 0, RSV1: bits&4 != 0, Opcode: op, Length: int64(n)}
				all := append(frame.AppendHeader(nil, h), make([]byte, n)...)
				want := h.Fin && (op == frame.OpText || op == frame.OpBinary)
				if got := frame.HoldsMessage(all); got != want {
					t.Errorf("%+v: %v, want %v", h, got, want)
				}
				if !frame.HoldsMessage(append(all, 0)) && want {
					t.Errorf("%+v and a byte more: false, want true", h)
				}
				for _, cut := range []int{0, 1, 2, 3, 4, 5, 6, 9, 10, 13, 14, len(all) - 1} {
					if cut < len(all) && frame.HoldsMessage(all[:cut]) {
						t.Errorf("%+v: true for %d of %d bytes", h, cut, len(all))
					}
				}
			}
		}
	}
	// RFC 6455 section 5.2: lengths are minimal, and their top bit is 0.
	for _, bad := range [][]byte{{0x82, 126, 0, 0}, {0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0}, {0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}} {
		if frame.HoldsMessage(bad) {
			t.Errorf("%x: true", bad)
		}
	}
}
