//go:build !js

package wsjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsjson"
	"github.com/twinws/ws/wstest"
)

// frames returns a client, and the frames that it sends.
func frames(t *testing.T) (*ws.Conn, <-chan wstest.Frame) {
	got := make(chan wstest.Frame, 1000)
	return dial(t, func(p *wstest.Peer) error {
		for {
			f, err := p.Receive()
			if err != nil {
				close(got)
				return err
			}
			got <- f
			if f.Opcode == wstest.OpClose {
				close(got)
				return p.Send(wstest.Frame{Opcode: wstest.OpClose, Payload: f.Payload})
			}
		}
	}), got
}

// A message is one frame of text, and nothing but the value.
func TestWrite(t *testing.T) {
	c, sent := frames(t)
	for _, tt := range []struct {
		v    any
		want string
	}{
		{order{ID: 1, Name: "<ä>"}, `{"id":1,"name":"\u003cä\u003e"}`},
		{nil, "null"}, {"x\n", `"x\n"`}, {json.RawMessage("[1,\n2]"), "[1,2]"}, {[]int(nil), "null"},
		{strings.Repeat("x", 1<<20), `"` + strings.Repeat("x", 1<<20) + `"`},
		{strings.Repeat("\xff", 3), "\"" + strings.Repeat(`\ufffd`, 3) + "\""},
	} {
		if err := wsjson.Write(t.Context(), c, tt.v); err != nil {
			t.Fatal(err)
		}
		f := <-sent
		var got, want any
		json.Unmarshal(f.Payload, &got)
		json.Unmarshal([]byte(tt.want), &want)
		if f.Opcode != wstest.OpText || f.NotLast || strings.HasSuffix(string(f.Payload), "\n") || !reflect.DeepEqual(got, want) {
			t.Errorf("sent %v %.80q, want %.80q", f.Opcode, f.Payload, tt.want)
		}
	}
	if err := (&wsjson.Codec{Binary: true}).Write(t.Context(), c, 1); err != nil {
		t.Fatal(err)
	}
	if f := <-sent; f.Opcode != wstest.OpBinary || string(f.Payload) != "1" {
		t.Errorf("sent %v %q", f.Opcode, f.Payload)
	}
}

// failing is a value whose MarshalJSON does as it says.
type failing func() ([]byte, error)

func (f failing) MarshalJSON() ([]byte, error) { return f() }

var errNoJSON = errors.New("no JSON")

// unencodable are values that have no JSON.
var unencodable = map[string]any{
	"a channel":          make(chan int),
	"infinity":           math.Inf(1),
	"a function, inside": []any{strings.Repeat("x", 1<<20), func() {}},
	"a method that fails": struct{ A, B any }{strings.Repeat("x", 1<<20), failing(func() ([]byte, error) {
		return nil, errNoJSON
	})},
	"a method that returns no JSON": failing(func() ([]byte, error) { return []byte("{"), nil }),
	"raw text that is not UTF-8":    json.RawMessage("\"\xff\""),
}

// A value without JSON sends nothing at all, and ends nothing.
func TestWriteOfAValueWithoutJSON(t *testing.T) {
	for name, v := range unencodable {
		t.Run(name, func(t *testing.T) {
			c, sent := frames(t)
			err := wsjson.Write(t.Context(), c, v)
			if name == "raw text that is not UTF-8" && err == nil {
				if f := <-sent; !strings.Contains(string(f.Payload), "\ufffd") && !strings.Contains(string(f.Payload), `\ufffd`) {
					t.Fatalf("sent %q", f.Payload)
				}
			} else if e := asError(t, err); e.Op != "write" || e.Offset != -1 || e.Ended || e.Type != reflect.TypeOf(v) {
				t.Errorf("got %+v", e)
			}
			if strings.Contains(name, "fails") && !errors.Is(err, errNoJSON) {
				t.Errorf("got %v, want what the method returned", err)
			}
			if err := wsjson.Write(t.Context(), c, "next"); err != nil {
				t.Fatal(err)
			}
			if f := <-sent; string(f.Payload) != `"next"` {
				t.Errorf("sent %.80q before the next", f.Payload)
			}
		})
	}
}

// A panic of the value's own is the program's, and leaves the connection
// usable.
func TestWritePanics(t *testing.T) {
	c, sent := frames(t)
	func() {
		defer func() { recover() }()
		wsjson.Write(t.Context(), c, failing(func() ([]byte, error) { panic("mine") }))
		t.Error("the panic is gone")
	}()
	if err := wsjson.Write(t.Context(), c, 1); err != nil {
		t.Fatal(err)
	}
	if f := <-sent; string(f.Payload) != "1" {
		t.Errorf("sent %q", f.Payload)
	}
}

// A method of the value may write itself.
func TestWriteNests(t *testing.T) {
	c, sent := frames(t)
	err := wsjson.Write(t.Context(), c, failing(func() ([]byte, error) {
		return []byte("2"), wsjson.Write(t.Context(), c, 1)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := <-sent, <-sent; string(a.Payload) != "1" || string(b.Payload) != "2" {
		t.Errorf("sent %q and %q", a.Payload, b.Payload)
	}
}

func TestMarshalHook(t *testing.T) {
	c, sent := frames(t)
	hook := wsjson.Codec{Marshal: func(w io.Writer, v any) error {
		io.WriteString(w, `["part",`)
		if v == nil {
			return errNoJSON
		}
		_, err := io.WriteString(w, "2]\n")
		return err
	}}
	if e := asError(t, hook.Write(t.Context(), c, nil)); e.Err != errNoJSON || e.Type != nil {
		t.Errorf("got %+v", e)
	}
	if err := hook.Write(t.Context(), c, 1); err != nil {
		t.Fatal(err)
	}
	if f := <-sent; string(f.Payload) != `["part",2]` {
		t.Errorf("sent %q", f.Payload)
	}
}

// The connection's errors come through as they are.
func TestWriteToAConnectionThatEnds(t *testing.T) {
	c, _ := frames(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantNotOurs(t, wsjson.Write(ctx, c, 1), context.Canceled)
	if err := wsjson.Write(t.Context(), c, 1); err != nil {
		t.Errorf("after a context that ended: %v", err)
	}
	c.CloseNow()
	wantNotOurs(t, wsjson.Write(t.Context(), c, 1), api.ErrClosed)
	var none context.Context
	if e, ok := errors.AsType[*api.ArgumentError](wsjson.Write(none, c, 1)); !ok || e.Name != "ctx" {
		t.Errorf("without a context: %v", e)
	}
}
