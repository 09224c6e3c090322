package handshake

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

func TestHeadEnd(t *testing.T) {
	for _, c := range []struct {
		src  string
		want int
	}{
		{"", -1},
		{"GET / HTTP/1.1\r\n", -1},
		{"GET / HTTP/1.1\r\n\r", -1},
		{"GET / HTTP/1.1\r\n\r\n", 18},
		{"GET / HTTP/1.1\r\nA: b\r\n\r\nframes\r\n\r\n", 24},
		{"GET / HTTP/1.1\n\n", 16},
		{"GET / HTTP/1.1\n\r\n", 17},
		{"GET / HTTP/1.1\r\n\n", 17},
		{"\r\r\r\r", -1},
	} {
		if got := HeadEnd([]byte(c.src), 0); got != c.want {
			t.Errorf("HeadEnd(%q) = %d, want %d", c.src, got, c.want)
		}
		// However it is cut into reads, the answer is the same.
		for cut := range len(c.src) + 1 {
			got := HeadEnd([]byte(c.src[:cut]), 0)
			if got < 0 {
				got = HeadEnd([]byte(c.src), cut)
			}
			if got != c.want {
				t.Errorf("HeadEnd(%q) after %d bytes = %d, want %d", c.src, cut, got, c.want)
			}
		}
	}
}

// TestHeadEndLooksAtNewBytesOnly proves by a trap that old bytes are not read
// again: an end that stands among them is not found.
func TestHeadEndLooksAtNewBytesOnly(t *testing.T) {
	src := []byte("A: b\r\n\r\n" + strings.Repeat("C: d\r\n", 10))
	for from := len("A: b\r\n\r\n") + 1; from <= len(src); from++ {
		if got := HeadEnd(src, from); got != -1 {
			t.Fatalf("HeadEnd from %d found the end at %d, before what is new", from, got)
		}
	}
}

func TestParseFields(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       *Field // nil: refused
	}{
		{"RFC 9112 section 5: plain", "Name: value", &Field{"Name", "value"}},
		{"RFC 9112 section 5: no white space", "Name:value", &Field{"Name", "value"}},
		{"RFC 9112 section 5.1: white space around the value", "Name: \t value \t", &Field{"Name", "value"}},
		{"RFC 9110 section 5.5: empty value", "Name:", &Field{"Name", ""}},
		{"RFC 9110 section 5.5: a colon in the value", "Name: a:b", &Field{"Name", "a:b"}},
		{"RFC 9110 section 5.5: bytes over 0x7F", "Name: \xFF", &Field{"Name", "\xFF"}},
		{"RFC 9112 section 5.1: space before the colon", "Name : value", nil},
		{"RFC 9112 section 5.2: folded", " value", nil},
		{"RFC 9112 section 5.2: folded by a tab", "\tvalue: a", nil},
		{"RFC 9112 section 5: no colon", "Name", nil},
		{"RFC 9110 section 5.1: empty name", ": value", nil},
		{"RFC 9110 section 5.1: name of other bytes", "N\xE4me: value", nil},
		{"RFC 9110 section 5.5: NUL", "Name: a\x00b", nil},
		{"RFC 9112 section 2.2: bare CR", "Name: a\rb", nil},
		{"RFC 9112 section 2.2: CR CR LF", "Name: a\r", nil},
		{"RFC 9112 section 2.2: bare LF", "Name: a\nOther: b", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseFields(nil, "First: 1\r\n"+c.line+"\r\nLast: 2\r\n\r\n")
			if c.want == nil {
				if e, ok := errors.AsType[*api.HandshakeError](err); !ok || e.Status != 400 {
					t.Fatalf("parsed %q with error %v, want status 400", got, err)
				}
				return
			}
			want := Fields{{"First", "1"}, *c.want, {"Last", "2"}}
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}
