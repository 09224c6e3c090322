//go:build go1.27 && goexperiment.jsonv2 && !js

package wsjson_test

import (
	"encoding/json/jsontext"
	json "encoding/json/v2"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/twinws/ws/wsjson"
	"github.com/twinws/ws/wstest"
)

// v2 is the Codec of the doc comment.
var v2 = wsjson.Codec{
	Marshal:   func(w io.Writer, v any) error { return json.MarshalWrite(w, v) },
	Unmarshal: func(data []byte, v any) error { return json.Unmarshal(data, v) },
}

// TestV2 does with encoding/json/v2 what the other tests do: names match by
// case, a nil slice is [], nothing is sent of a value without JSON.
func TestV2(t *testing.T) {
	client, server := wstest.Pipe(t, nil)
	if err := v2.Write(t.Context(), client, order{ID: 1}); err != nil {
		t.Fatal(err)
	}
	got := order{}
	if err := v2.Read(t.Context(), server, &got); !reflect.DeepEqual(got, order{ID: 1}) || err != nil {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, v := range unencodable {
		if err := v2.Write(t.Context(), client, v); err == nil {
			t.Fatalf("%T has JSON", v)
		}
	}
	for _, text := range []string{`{"ID":2}`, `{"id":1}x`, `{"id":1,"id":2}`} {
		if err := client.Write(t.Context(), 1, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	got = order{}
	if err := v2.Read(t.Context(), server, &got); got.ID != 0 || err != nil {
		t.Errorf("a name in other letters: %+v, %v", got, err)
	}
	for range 2 {
		err := v2.Read(t.Context(), server, &got)
		if _, ok := errors.AsType[*jsontext.SyntacticError](asError(t, err)); !ok {
			t.Errorf("got %v", err)
		}
	}
	if err := wsjson.WriteElements(t.Context(), client, &v2, sequence(3, nil)); err != nil {
		t.Fatal(err)
	}
	if all, err := collect[order](t, server, &v2); len(all) != 3 || err != nil {
		t.Errorf("got %v, %v", all, err)
	}
}
