package frame_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/frame"
)

// closePayloads holds each payload beside its meaning, and serves both
// directions.
var closePayloads = []struct {
	why    string
	bytes  []byte
	code   api.StatusCode
	reason string
}{
	{"5.5.1: no payload", nil, api.StatusNoStatusRcvd, ""},
	{"5.5.1: a code alone", []byte{0x03, 0xe8}, 1000, ""},
	{"5.5.1: a code and a reason", []byte{0x03, 0xe9, 'b', 'y', 'e'}, 1001, "bye"},
	{"7.4.2: the first of the libraries' codes", []byte{0x0b, 0xb8}, 3000, ""},
	{"7.4.2: the last of the private codes", []byte{0x13, 0x87, 'x'}, 4999, "x"},
	{"5.5.1: a reason that is not ASCII", []byte{0x03, 0xe8, 0xe2, 0x82, 0xac}, 1000, "\u20ac"},
	{"5.5.1: a reason with a zero byte", []byte{0x03, 0xe8, 'a', 0, 'b'}, 1000, "a\x00b"},
	{"5.5: the longest reason", append([]byte{0x03, 0xf3}, strings.Repeat("r", 123)...), 1011, strings.Repeat("r", 123)},
}

func TestAppendClose(t *testing.T) {
	for _, c := range closePayloads {
		if got := frame.AppendClose(nil, c.code, c.reason); !bytes.Equal(got, c.bytes) {
			t.Errorf("%s: AppendClose = % x, want % x", c.why, got, c.bytes)
		}
		want := append([]byte("before"), c.bytes...)
		if got := frame.AppendClose([]byte("before"), c.code, c.reason); !bytes.Equal(got, want) {
			t.Errorf("%s: AppendClose after other bytes = % x, want % x", c.why, got, want)
		}
	}
}

func TestAppendCloseWithoutCodeDropsReason(t *testing.T) {
	// RFC 6455 section 5.5.1: a reason cannot stand without a code.
	if got := frame.AppendClose(nil, api.StatusNoStatusRcvd, "reason"); len(got) != 0 {
		t.Errorf("AppendClose without a code = % x, want nothing", got)
	}
}

func TestParseClose(t *testing.T) {
	for _, c := range closePayloads {
		code, reason, err := frame.ParseClose(c.bytes)
		if code != c.code || reason != c.reason || err != nil {
			t.Errorf("%s: ParseClose = %d, %q, %v, want %d, %q, nil", c.why, int(code), reason, err, int(c.code), c.reason)
		}
	}
}

func TestParseCloseRefuses(t *testing.T) {
	for _, c := range []struct {
		why   string
		bytes string
		code  api.StatusCode
	}{
		{"5.5.1: half a code", "\x03", 1002},
		{"5.5.1: half a code, zero", "\x00", 1002},
		{"7.4.1: 1005 is never sent", "\x03\xed", 1002},
		{"7.4.1: 1006 is never sent", "\x03\xee", 1002},
		{"7.4.1: a bad code goes before a bad reason", "\x03\xed\xff", 1002},
		{"8.1: a reason of a stray byte", "\x03\xe8\xff", 1007},
		{"8.1: a reason with a bad byte inside", "\x03\xe8good\x80good", 1007},
		{"8.1: a reason that is cut off", "\x03\xe8\xe2\x82", 1007},
		{"8.1: a reason with a surrogate", "\x03\xe8\xed\xa0\x80", 1007},
		{"8.1: a reason with an overlong slash", "\x03\xe8\xc0\xaf", 1007},
	} {
		code, reason, err := frame.ParseClose([]byte(c.bytes))
		if err == nil || err.Code != c.code || !strings.Contains(err.Rule, "RFC 6455 section ") {
			t.Errorf("%s: ParseClose error = %v, want status %d and a section", c.why, err, int(c.code))
		}
		if code != 0 || reason != "" {
			t.Errorf("%s: ParseClose = %d, %q with an error, want zeros", c.why, int(code), reason)
		}
	}
}

// mayBeSent is RFC 6455 section 7.4 and the IANA registry, written out.
func mayBeSent(code int) bool {
	switch code {
	case 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014:
		return true
	}
	return code/1000 == 3 || code/1000 == 4
}

func TestParseCloseOfEveryCode(t *testing.T) {
	allowed := 0
	for code := range 1 << 16 {
		got, _, err := frame.ParseClose([]byte{byte(code >> 8), byte(code), '!'})
		switch {
		case mayBeSent(code) && (err != nil || int(got) != code):
			t.Errorf("7.4: ParseClose of code %d = %d, %v", code, int(got), err)
		case !mayBeSent(code) && (err == nil || err.Code != api.StatusProtocolError):
			t.Errorf("7.4: ParseClose of code %d = %d, %v, want status 1002", code, int(got), err)
		case err == nil:
			allowed++
		}
	}
	if allowed != 12+2000 {
		t.Errorf("7.4: %d codes are allowed, want 2012", allowed)
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		if mayBeSent(code) {
			t.Errorf("7.4: this test takes %d for a code that may be sent", code)
		}
	}
}

// TestCloseReasonTooLong: a reason of 124 bytes makes a close frame of 126,
// which the rule on control frames refuses before its payload is parsed.
func TestCloseReasonTooLong(t *testing.T) {
	for _, c := range []struct {
		reason int
		ok     bool
	}{{api.MaxReason, true}, {api.MaxReason + 1, false}} {
		p := frame.AppendClose(nil, api.StatusNormalClosure, strings.Repeat("r", c.reason))
		var r frame.Rules
		err := r.Check(frame.Header{Fin: true, Opcode: frame.OpClose, Length: int64(len(p))})
		if c.ok != (err == nil) {
			t.Errorf("5.5: Check of a close with a reason of %d bytes = %v, but legal is %v", c.reason, err, c.ok)
		}
	}
}

func FuzzParseClose(f *testing.F) {
	for _, c := range closePayloads {
		f.Add(c.bytes)
	}
	f.Add([]byte{0x03})
	f.Add([]byte{0x03, 0xed})
	f.Add([]byte{0x03, 0xe8, 0xe2, 0x82})
	f.Fuzz(func(t *testing.T, p []byte) {
		want := api.StatusCode(0)
		switch {
		case len(p) == 1, len(p) > 1 && !mayBeSent(int(p[0])<<8|int(p[1])):
			want = api.StatusProtocolError
		case len(p) > 1 && !utf8.Valid(p[2:]):
			want = api.StatusInvalidFramePayloadData
		}
		code, reason, err := frame.ParseClose(p)
		if err != nil {
			if err.Code != want {
				t.Fatalf("ParseClose(% x) error = %v, want status %d", p, err, int(want))
			}
			return
		}
		if want != 0 {
			t.Fatalf("ParseClose(% x) = %d, %q, want an error with status %d", p, int(code), reason, int(want))
		}
		if got := frame.AppendClose(nil, code, reason); !bytes.Equal(got, p) {
			t.Fatalf("AppendClose(%d, %q) = % x, but it was parsed from % x", int(code), reason, got, p)
		}
	})
}
