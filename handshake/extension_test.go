package handshake

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseExtensions(t *testing.T) {
	x := func(name string, params ...Param) Extension { return Extension{name, params} }
	for _, c := range []struct {
		name string
		in   []string
		want []Extension
		text string // as AppendExtensions writes it
	}{
		{"RFC 6455 section 9.1: none", nil, nil, ""},
		{"RFC 6455 section 9.1: its first example", []string{"deflate-stream"}, []Extension{x("deflate-stream")}, "deflate-stream"},
		{"RFC 6455 section 9.1: its second example", []string{"mux; max-channels=4; flow-control, deflate-stream"},
			[]Extension{x("mux", Param{"max-channels", "4"}, Param{"flow-control", ""}), x("deflate-stream")},
			"mux; max-channels=4; flow-control, deflate-stream"},
		{"RFC 6455 section 9.1: on two lines", []string{"foo", "bar; baz=2"},
			[]Extension{x("foo"), x("bar", Param{"baz", "2"})}, "foo, bar; baz=2"},
		{"RFC 7692 section 7: what browsers offer", []string{"permessage-deflate; client_max_window_bits"},
			[]Extension{x("permessage-deflate", Param{"client_max_window_bits", ""})}, "permessage-deflate; client_max_window_bits"},
		{"RFC 6455 section 9.1: a quoted value", []string{`a; b="10"`}, []Extension{x("a", Param{"b", "10"})}, "a; b=10"},
		{"RFC 6455 section 9.1: a quoted pair", []string{`a; b="\1\0", c`}, []Extension{x("a", Param{"b", "10"}), x("c")}, "a; b=10, c"},
		{"RFC 2616 section 2.1: implied white space", []string{" a\t;\tb = c ; d = \"e\" , f "},
			[]Extension{x("a", Param{"b", "c"}, Param{"d", "e"}), x("f")}, "a; b=c; d=e, f"},
		{"RFC 2616 section 2.1: no white space", []string{"a;b=c;d,e"},
			[]Extension{x("a", Param{"b", "c"}, Param{"d", ""}), x("e")}, "a; b=c; d, e"},
		{"RFC 2616 section 2.1: empty elements", []string{",, a ,,b,", "", " , "}, []Extension{x("a"), x("b")}, "a, b"},
		{"RFC 6455 section 9.1: what comes twice is kept", []string{"a; b=1; b=2, a"},
			[]Extension{x("a", Param{"b", "1"}, Param{"b", "2"}), x("a")}, "a; b=1; b=2, a"},
		{"RFC 6455 section 9.1: names with a meaning elsewhere", []string{"constructor; __proto__=toString"},
			[]Extension{x("constructor", Param{"__proto__", "toString"})}, "constructor; __proto__=toString"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseExtensions(c.in)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Fatalf("got %q, %v, want %q", got, err, c.want)
			}
			if text := string(AppendExtensions([]byte("> "), got)); text != "> "+c.text {
				t.Errorf("written as %q, want %q", text, c.text)
			}
		})
	}
}

func TestParseExtensionsRefuses(t *testing.T) {
	for _, c := range []struct{ name, in string }{
		{"no name", ";a"},
		{"a value on the name", "a=b"},
		{"an empty parameter", "a;"},
		{"an empty parameter between others", "a;;b"},
		{"an empty parameter before a comma", "a;,b"},
		{"an empty value", "a;b="},
		{"an empty value before a semicolon", "a;b=;c"},
		{"an empty quoted value", `a;b=""`},
		{"a value without a name", "a;=b"},
		{"two values", "a;b=c=d"},
		{"two words", "a b"},
		{"two words in a parameter", "a;b c"},
		{"two words in a value", "a;b=c d"},
		{"something behind the quotes", `a;b="c"d`},
		{"a quoted name", `"a"`},
		{"a quoted parameter name", `a;"b"=c`},
		{"open quotes", `a;b="c`},
		{"open quotes with nothing in them", `a;b="`},
		{"open quotes behind a backslash", `a;b="c\"`},
		{"a backslash at the end", `a;b="c\`},
		{"a quoted value that is no token", `a;b="c d"`},
		{"a quoted pair that is no token", `a;b="c\,"`},
		{"a quoted comma", `a;b="c,d"`},
		{"NUL", "a\x00"},
		{"NUL alone", "\x00"},
		{"NUL behind a parameter", "a;b\x00"},
		{"other than ASCII", "\xE4"},
	} {
		if got, err := ParseExtensions([]string{"fine", c.in}); err == nil || !strings.Contains(err.Error(), "RFC 6455 section 9.1") {
			t.Errorf("%s: %q gave %q, %v, want an error that names RFC 6455 section 9.1", c.name, c.in, got, err)
		}
	}
}

func TestParseExtensionsLimits(t *testing.T) {
	for _, c := range []struct {
		name     string
		in       []string
		accepted bool
	}{
		{"as many extensions as may be", []string{strings.Repeat("a,", MaxExtensions)}, true},
		{"one extension more", []string{strings.Repeat("a,", MaxExtensions), "b"}, false},
		{"as many parameters as may be", []string{"a" + strings.Repeat(";b", MaxParams) + ",c"}, true},
		{"one parameter more", []string{"a" + strings.Repeat(";b", MaxParams+1)}, false},
		{"as many bytes as may be", []string{"a", strings.Repeat("b", MaxExtensionBytes-1)}, true},
		{"one byte more", []string{"a", strings.Repeat("b", MaxExtensionBytes)}, false},
	} {
		if _, err := ParseExtensions(c.in); (err == nil) != c.accepted {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
