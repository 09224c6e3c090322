package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"a\tb\nc":           "a\tb\nc",
		"\x1b[2J\x07\r\x7f": "␛[2J␇␍␡",
		"\u009b2J":          "\uFFFD2J", // CSI in one character (ECMA-48 section 5.4)
		"\u202Eabc\u2066":   "\uFFFDabc\uFFFD",
		"grüße 🙂":           "grüße 🙂",
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"a\n": `"a\n"`, "\xFF\x00": "ff00",
		strings.Repeat("a", 65):       `"` + strings.Repeat("a", 64) + `"... (65 bytes)`,
		strings.Repeat("a", 63) + "é": `"` + strings.Repeat("a", 63) + `"... (65 bytes)`,
	} {
		if got := quoted([]byte(in)); got != want {
			t.Errorf("quoted(%q) = %s, want %s", in, got, want)
		}
	}
}

// Without its colors, colored JSON is the JSON.
func TestColorJSON(t *testing.T) {
	for _, in := range []string{
		`{"a\"b": "c\\", "n": [-1.5e+10, 0], "w": [true, false, null], "e": {}, "l": []}`, `[]`, `["\u001b", "é"]`, ` {"a" : 1} `,
	} {
		pretty, ok := indentJSON([]byte(in))
		if !ok || !json.Valid(pretty) {
			t.Fatalf("%s is not JSON", in)
		}
		colored := string(colorJSON(pretty))
		for _, c := range []string{colorName, colorString, colorNumber, colorWord, colorOff} {
			colored = strings.ReplaceAll(colored, c, "")
		}
		if colored != string(pretty) {
			t.Errorf("colored\n%s\nwant\n%s", colored, pretty)
		}
	}
	for _, in := range []string{"", "1", `"a"`, "null", "{", "{a: 1}", "[1] [2]", "hello"} {
		if _, ok := indentJSON([]byte(in)); ok {
			t.Errorf("%q is indented", in)
		}
	}
	got := string(colorJSON([]byte(`{"a": "b", "c": [1, true]}`)))
	if want := `{` + colorName + `"a"` + colorOff + `: ` + colorString + `"b"` + colorOff + `, ` + colorName + `"c"` + colorOff + `: [` +
		colorNumber + `1` + colorOff + `, ` + colorWord + `true` + colorOff + `]}`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A string of JSON may have what a terminal obeys, as characters of C1.
func TestColorJSONIsSafe(t *testing.T) {
	if got := colorJSON([]byte("[\"\u009b2J\"]")); bytes.Contains(got, []byte("\u009b")) {
		t.Errorf("got %q", got)
	}
}

func FuzzColorJSON(f *testing.F) {
	f.Add([]byte(`{"a": [1, true, null, "b\""]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		pretty, ok := indentJSON(in)
		if !ok {
			return
		}
		colored := string(colorJSON(pretty))
		for _, c := range []string{colorName, colorString, colorNumber, colorWord, colorOff} {
			colored = strings.ReplaceAll(colored, c, "")
		}
		if want := strings.ToValidUTF8(visible(string(pretty)), "\uFFFD"); strings.ToValidUTF8(colored, "\uFFFD") != want {
			t.Errorf("colored %q, want %q", colored, want)
		}
	})
}
