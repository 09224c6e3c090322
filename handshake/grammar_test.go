package handshake

import (
	"slices"
	"strings"
	"testing"
)

// TestBytes compares each class of bytes with the list that its RFC gives.
func TestBytes(t *testing.T) {
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for i := range 256 {
		c := byte(i)
		s := string([]byte{c})
		if want := strings.IndexByte(alnum+"!#$%&'*+-.^_`|~", c) >= 0; isToken(s) != want {
			t.Errorf("isToken(%q) = %v (RFC 9110 section 5.6.2)", s, !want)
		}
		if want := c >= ' ' && c != 0x7F || c == '\t'; isFieldValue(s) != want {
			t.Errorf("isFieldValue(%q) = %v (RFC 9110 section 5.5)", s, !want)
		}
		if want := c > ' ' && c < 0x7F && c != '#'; isTarget(s) != want {
			t.Errorf("isTarget(%q) = %v (RFC 9112 section 3.2)", s, !want)
		}
		if want := strings.IndexByte(alnum+"-._~!$&'()*+,;=", c) >= 0; hostByte(c) != want {
			t.Errorf("hostByte(%q) = %v (RFC 3986 section 3.2.2)", c, !want)
		}
	}
	if isToken("") || isTarget("") {
		t.Error("an empty token or target was taken for one")
	}
}

func TestElements(t *testing.T) {
	for _, c := range []struct {
		list string
		want []string
	}{
		{"", nil},
		{" \t ", nil},
		{"a", []string{"a"}},
		{"keep-alive, Upgrade", []string{"keep-alive", "Upgrade"}},
		{",\ta ,, b,", []string{"a", "b"}}, // RFC 9110 section 5.6.1.2
		{"a b", []string{"a b"}},
	} {
		if got := slices.Collect(elements(c.list)); !slices.Equal(got, c.want) {
			t.Errorf("elements(%q) = %q, want %q", c.list, got, c.want)
		}
	}
	for range elements("a,b,c") {
		break // the iterator must stop when the loop does
	}
}

func TestEqualFold(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"WebSocket", "websocket", true},
		{"websocket", "websockets", false},
		{"web[ocket", "web{ocket", false}, // 0x20 apart, but no letters
		{"websoc\u212Aet", "websocket", false},
		{"web\u017Focket", "websocket", false},
	} {
		if got := equalFold(c.a, c.b); got != c.want {
			t.Errorf("equalFold(%q, %q) = %v (RFC 6455 section 2.2: ASCII case-insensitive)", c.a, c.b, got)
		}
	}
	if got := lowerString("ExAmple.COM\u212A"); got != "example.com\u212A" {
		t.Errorf("lowerString = %q", got)
	}
}

func TestQuoteIsBounded(t *testing.T) {
	got := quote("<script>\r\n\x00" + strings.Repeat("\xFF", 10000))
	if len(got) > 1000 || strings.ContainsAny(got, "\r\n\x00") || strings.IndexByte(got, 0xFF) >= 0 {
		t.Errorf("quote returned %d bytes: %q", len(got), got)
	}
}

// TestRequestTarget has a % that encodes nothing refused in a path, as net/http
// does, and taken in a query, where browsers send it as it was written.
func TestRequestTarget(t *testing.T) {
	for s, want := range map[string]bool{
		"/": true, "/%41": true, "/é": true, "/\xFF": true, "/?q=100%": true, "/?%zz": true, "/?a?%": true, "/%41?%": true,
		"": false, "/%": false, "/%4": false, "/%zz": false, "/%4?1": false, "/%?": false, "/a b": false, "/?a b": false,
		"/#": false, "/?#": false, "/\x7F": false, "/?\x00": false,
	} {
		if got := isRequestTarget(s); got != want {
			t.Errorf("isRequestTarget(%q) = %v", s, got)
		}
	}
}
