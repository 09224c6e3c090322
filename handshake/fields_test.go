package handshake

import (
	"net/http"
	"reflect"
	"slices"
	"testing"
)

func TestFields(t *testing.T) {
	f := Fields{{"Set-Cookie", "a=1"}, {"upgrade", "websocket"}, {"SET-COOKIE", "b=2"}}
	if got := f.Get("Upgrade"); got != "websocket" {
		t.Errorf("Get(Upgrade) = %q: names know no case (RFC 9110 section 5.1)", got)
	}
	if got := f.Get("set-cookie"); got != "a=1" {
		t.Errorf("Get returned %q, not the first of two", got)
	}
	if f.Get("Missing") != "" || f.Count("Missing") != 0 || f.Values("Missing") != nil {
		t.Error("a missing field has a value")
	}
	if got := f.Count("set-cookie"); got != 2 {
		t.Errorf("Count = %d, want 2", got)
	}
	if got := f.Values("Set-Cookie"); !slices.Equal(got, []string{"a=1", "b=2"}) {
		t.Errorf("Values = %q: the order matters (RFC 9110 section 5.3)", got)
	}
	want := http.Header{"Set-Cookie": {"a=1", "b=2"}, "Upgrade": {"websocket"}}
	if got := f.HTTP(); !reflect.DeepEqual(got, want) {
		t.Errorf("HTTP = %v, want %v", got, want)
	}
}

func TestFieldsHasToken(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   bool
	}{
		{nil, false},
		{[]string{"Upgrade"}, true},
		{[]string{"keep-alive, upGRADE"}, true}, // as Firefox sends it
		{[]string{"keep-alive", "Upgrade"}, true},
		{[]string{"Upgrade-Insecure"}, false},
		{[]string{"not Upgrade"}, false},
		{[]string{`"Upgrade"`}, false},
	} {
		var f Fields
		for _, v := range c.values {
			f = append(f, Field{"Connection", v})
		}
		if got := f.hasToken("connection", "upgrade"); got != c.want {
			t.Errorf("%q has the token: %v, want %v (RFC 6455 section 4.2.1 item 4)", c.values, got, c.want)
		}
	}
}
