package frame

import (
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

// Section 7.4.1 of hybi-07 defines 1000 to 1004, that of hybi-10 1007 too; the
// hixie drafts have no codes. 1004 is for the library itself to send.
func TestCodesOfVersions(t *testing.T) {
	for v, codes := range map[Version][]api.StatusCode{
		RFC6455: {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999},
		Hybi10:  {1000, 1001, 1002, 1003, 1007, 3000, 3999, 4000, 4999},
		Hybi07:  {1000, 1001, 1002, 1003, 3000, 3999, 4000, 4999},
		Hixie76: nil,
		Hixie75: nil,
	} {
		may := map[api.StatusCode]bool{}
		for _, c := range codes {
			may[c] = true
		}
		for code := api.StatusCode(-1); code <= 5001; code++ {
			inside := code > 3000 && code < 4999 && v != Hixie75 && v != Hixie76
			if got := v.Sendable(code); got != (may[code] || inside) {
				t.Errorf("%v: %v is sendable: %v", v, code, got)
			}
		}
	}
}

// What is signaled can be sent, is 1004, or an empty close frame.
func TestSignal(t *testing.T) {
	for v := RFC6455; v <= Hybi10; v++ {
		for code := api.StatusCode(1000); code <= 1015; code++ {
			if !code.Sendable() {
				continue
			}
			got := v.Signal(code)
			want := got
			switch {
			case v == RFC6455 || v.Sendable(code):
				want = code
			case v == Hixie75 || v == Hixie76:
				want = api.StatusNoStatusRcvd
			case code == api.StatusMessageTooBig:
				want = 1004
			case code >= 1011:
				want = 1001
			default:
				want = 1002
			}
			if got != want {
				t.Errorf("%v: %v is signaled by %v, want %v", v, code, got, want)
			}
		}
		if got := v.Signal(api.StatusNoStatusRcvd); got != api.StatusNoStatusRcvd {
			t.Errorf("%v: an empty close frame becomes %v", v, got)
		}
	}
}

func TestParseCloseOfVersions(t *testing.T) {
	for _, v := range []Version{Hybi07, Hybi10} {
		if code, reason, err := v.ParseClose([]byte("\x03\xecbig")); code != 1004 || reason != "big" || err != nil {
			t.Errorf("%v: %v %q %v", v, code, reason, err)
		}
		if _, _, err := v.ParseClose([]byte("\x03\xec\xff")); err == nil || err.Code != api.StatusInvalidFramePayloadData {
			t.Errorf("%v: an invalid reason: %v", v, err)
		}
		for p, want := range map[string]api.StatusCode{"": 1005, "\x03\xe8": 1000, "\x03\xf0": 1008} {
			if code, _, err := v.ParseClose([]byte(p)); code != want || err != nil {
				t.Errorf("%v: %x is %v, %v", v, p, code, err)
			}
		}
		for _, p := range []string{"\x03", "\x03\xed", "\x07\xd0"} {
			if _, _, err := v.ParseClose([]byte(p)); err == nil {
				t.Errorf("%v: %x is accepted", v, p)
			}
		}
	}
	if _, _, err := RFC6455.ParseClose([]byte("\x03\xec")); err == nil {
		t.Error("RFC 6455 section 7.4.1: 1004 is reserved")
	}
}

// Errors name the draft, and the code that was sent.
func TestViolationOfVersions(t *testing.T) {
	rule := violation("RFC 6455 section 5.1: a client must mask every frame")
	if RFC6455.Violation(rule) != rule {
		t.Error("an error of RFC 6455 was changed")
	}
	for v, code := range map[Version]api.StatusCode{Hybi07: 1002, Hixie76: 1005} {
		e := v.Violation(rule)
		if e.Code != code || !strings.HasPrefix(e.Rule, v.String()+": ") || !strings.HasSuffix(e.Rule, rule.Rule) {
			t.Errorf("%v: %v", v, e)
		}
	}
	if s := Version(9).String(); s != "Version(9)" {
		t.Error(s)
	}
}
