//go:build !js

package wsjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsjson"
	"github.com/twinws/ws/wstest"
)

func TestRead(t *testing.T) {
	c := dial(t, texts(`{"id":7,"name":"x","lines":[1,2.5],"notes":{"a":"b"}}`, " [1, 2]\n", `"text"`, `null`, ` 3 `))
	want := order{ID: 7, Name: "x", Lines: []float64{1, 2.5}, Notes: map[string]string{"a": "b"}}
	if got, err := wsjson.Read[order](t.Context(), c); !reflect.DeepEqual(got, want) || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := wsjson.Read[[]int](t.Context(), c); !reflect.DeepEqual(got, []int{1, 2}) || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := wsjson.Read[any](t.Context(), c); got != "text" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := wsjson.Read[*order](t.Context(), c); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	v := 9
	if err := (*wsjson.Codec)(nil).Read(t.Context(), c, &v); v != 3 || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
}

// bad are messages that are not what is asked for, and at which byte that shows
// (RFC 8259).
var bad = []struct {
	name, message string
	offset        int64
	is            any // the type of the cause
}{
	{"nothing", "", 0, new(json.SyntaxError)},
	{"whitespace", "  ", 2, new(json.SyntaxError)},
	{"cut short", `{"id":1`, 7, new(json.SyntaxError)},
	{"no JSON", `{"id":x}`, 7, new(json.SyntaxError)},
	{"a number of no JSON (section 6)", `{"id":01}`, 8, new(json.SyntaxError)},
	{"another type", `{"id":"1"}`, 9, new(json.UnmarshalTypeError)},
	{"data behind the value (section 2)", `{"id":1} 2`, 10, new(json.SyntaxError)},
	{"another value", `{"id":1}{"id":2}`, 9, new(json.SyntaxError)},
}

// A bad message ends nothing: the error says where it is bad, and the next Read
// returns the next message.
func TestReadOfABadMessage(t *testing.T) {
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, texts(tt.message, "5"))
			got, err := wsjson.Read[order](t.Context(), c)
			e := asError(t, err)
			if e.Op != "read" || e.Type != reflect.TypeFor[order]() || e.Offset != tt.offset || e.Ended {
				t.Errorf("got %+v, want the offset %d", e, tt.offset)
			}
			if reflect.TypeOf(e.Err) != reflect.TypeOf(tt.is) || errors.Unwrap(err) != e.Err {
				t.Errorf("the cause is a %T: %v", e.Err, e.Err)
			}
			if !reflect.DeepEqual(got, order{}) {
				t.Errorf("got %+v with an error", got)
			}
			if s := err.Error(); !strings.HasPrefix(s, "wsjson: read wsjson_test.order at byte ") || !strings.HasSuffix(s, e.Err.Error()) {
				t.Errorf("the text is %q", s)
			}
			wantNext(t, c, 5)
		})
	}
}

// JSON is text (RFC 8259 section 8.1). A binary message is refused, unless it
// is allowed.
func TestReadOfABinaryMessage(t *testing.T) {
	c := dial(t, wstest.Seq(wstest.Send(wstest.Binary([]byte("1")), wstest.Text("2"),
		wstest.Binary([]byte("3")), wstest.Text("4"), wstest.Binary([]byte(`"ab`+"\xff"+`"`)), wstest.Text("5")), wstest.Serve()))
	_, err := wsjson.Read[int](t.Context(), c)
	if e := asError(t, err); !errors.Is(err, wsjson.ErrBinary) || e.Offset != 0 {
		t.Errorf("got %v", err)
	}
	wantNext(t, c, 2)
	both := wsjson.Codec{Binary: true}
	for _, want := range []int{3, 4} {
		var got int
		if err := both.Read(t.Context(), c, &got); got != want || err != nil {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	var s string
	if e := asError(t, both.Read(t.Context(), c, &s)); e.Offset != 4 || !strings.Contains(e.Error(), "UTF-8") {
		t.Errorf("got %+v", e)
	}
	wantNext(t, c, 5)
}

func TestReadOptions(t *testing.T) {
	const more = `{"id":1,"more":2}`
	c := dial(t, texts(more, more, `{"id":1}x`, `[1]`, `[1] 2`, `17`, `18`, "1", "5"))
	strict := wsjson.Codec{DisallowUnknownFields: true}
	if got, err := wsjson.Read[order](t.Context(), c); got.ID != 1 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	var v order
	if e := asError(t, strict.Read(t.Context(), c, &v)); !strings.Contains(e.Error(), `unknown field "more"`) || e.Offset != -1 {
		t.Errorf("got %v", e)
	}
	if e := asError(t, strict.Read(t.Context(), c, &v)); e.Offset != 9 {
		t.Errorf("data behind the value: %v", e)
	}
	numbers := wsjson.Codec{UseNumber: true}
	var x any
	if err := numbers.Read(t.Context(), c, &x); !reflect.DeepEqual(x, []any{json.Number("1")}) || err != nil {
		t.Errorf("got %#v, %v", x, err)
	}
	if e := asError(t, numbers.Read(t.Context(), c, &x)); e.Offset != 5 {
		t.Errorf("data behind the value: %v", e)
	}
	failure := errors.New("failure")
	var seen []string
	hook := wsjson.Codec{Unmarshal: func(data []byte, v any) error {
		if seen = append(seen, string(data)); len(seen) == 2 {
			return failure
		}
		*v.(*int) = 99
		return nil
	}}
	var n int
	if err := hook.Read(t.Context(), c, &n); n != 99 || err != nil {
		t.Errorf("got %v, %v", n, err)
	}
	if e := asError(t, hook.Read(t.Context(), c, &n)); e.Err != failure || e.Offset != -1 {
		t.Errorf("got %v", e)
	}
	if !reflect.DeepEqual(seen, []string{"17", "18"}) {
		t.Errorf("the hook saw %q", seen)
	}

	// What the program did wrong takes no message.
	for _, v := range []any{nil, 1, (*int)(nil)} {
		if e, ok := errors.AsType[*api.ArgumentError](hook.Read(t.Context(), c, v)); !ok || e.Name != "v" {
			t.Errorf("into %v: %v", v, e)
		}
	}
	wantNext(t, c, 1)
	wantNext(t, c, 5)
}

// The connection's errors come through as they are.
func TestReadOfAConnectionThatEnds(t *testing.T) {
	c := dial(t, wstest.CloseWith(1012, "restart"))
	_, err := wsjson.Read[order](t.Context(), c)
	wantNotOurs(t, err, api.ErrClosed)
	if e, ok := errors.AsType[*api.CloseError](err); !ok || e.Code != 1012 {
		t.Errorf("got %v", err)
	}

	c = dial(t, wstest.Seq(wstest.Flood(1, 2<<20), wstest.Serve()))
	_, err = wsjson.Read[order](t.Context(), c)
	wantNotOurs(t, err, api.ErrMessageTooBig)

	c = dial(t, wstest.Send(wstest.Text("\"\xff\""))) // RFC 6455 section 8.1
	_, err = wsjson.Read[string](t.Context(), c)
	wantNotOurs(t, err, api.ErrClosed)
}

// Cancelling is not closing, nor does it lose a byte: a Read whose context ends
// within a message is continued by the next.
func TestReadIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := wstest.Fragments(wstest.OpText, `{"id":`, `12`, `3}`)
		c := dial(t, wstest.Seq(wstest.Send(parts[0]), wstest.Pause(2*time.Second), wstest.Send(parts[1]),
			wstest.Pause(2*time.Second), wstest.Send(parts[2]), wstest.Serve()))
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := wsjson.Read[order](ctx, c)
			cancel()
			wantNotOurs(t, err, context.DeadlineExceeded)
		}
		if got, err := wsjson.Read[order](t.Context(), c); got.ID != 123 || err != nil {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

// The buffer of a message is used again; nothing of a value may be in it.
func TestReadKeepsNothingOfTheBuffer(t *testing.T) {
	type raw struct {
		R json.RawMessage
		S string
		B []byte
	}
	client, server := wstest.Pipe(t, nil)
	var got []raw
	for i := range 20 {
		fill := strings.Repeat(string(rune('a'+i)), 100)
		if err := wsjson.Write(t.Context(), server, raw{json.RawMessage(`"` + fill + `"`), fill, []byte(fill)}); err != nil {
			t.Fatal(err)
		}
		v, err := wsjson.Read[raw](t.Context(), client)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, v)
	}
	for i, v := range got {
		fill := strings.Repeat(string(rune('a'+i)), 100)
		if string(v.R) != `"`+fill+`"` || v.S != fill || string(v.B) != fill {
			t.Errorf("%d has changed: %+v", i, v)
		}
	}
}

var _ api.Conn = (*ws.Conn)(nil)
