//go:build !js

package wsjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsjson"
	"github.com/twinws/ws/wstest"
)

// collect reads the elements of a message.
func collect[T any](t *testing.T, c api.Conn, o *wsjson.Codec) (all []T, err error) {
	t.Helper()
	for v, e := range wsjson.ReadElements[T](t.Context(), c, o) {
		if err != nil {
			t.Fatalf("after the error %v: %v, %v", err, v, e)
		}
		if err = e; err == nil {
			all = append(all, v)
		}
	}
	return all, err
}

// sequence yields n orders, and then err if it is not nil.
func sequence(n int, err error) iter.Seq2[order, error] {
	return func(yield func(order, error) bool) {
		for i := range n {
			if !yield(order{ID: i, Name: strings.Repeat("x", 100)}, nil) {
				return
			}
		}
		if err != nil {
			yield(order{}, err)
		}
	}
}

func TestElements(t *testing.T) {
	client, server := wstest.Pipe(t, &wstest.PipeOptions{Server: &ws.AcceptOptions{ReadLimit: -1}})
	for _, n := range []int{0, 1, 2, 300, 3000} {
		sent := make(chan error, 1)
		go func() { sent <- wsjson.WriteElements(t.Context(), client, nil, sequence(n, nil)) }()
		i := 0
		for v, err := range wsjson.ReadElements[order](t.Context(), server, nil) {
			if err != nil || v.ID != i || len(v.Name) != 100 {
				t.Fatalf("element %d of %d is %+v, %v", i, n, v, err)
			}
			i++
		}
		if i != n {
			t.Errorf("%d elements, want %d", i, n)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
}

// On the wire it is an array: one frame if it is short, fragments if it is not
// (RFC 6455 section 5.4).
func TestWriteElementsSendsAnArray(t *testing.T) {
	for _, n := range []int{0, 1, 3, 5000} {
		c, sent := frames(t)
		if err := wsjson.WriteElements(t.Context(), c, nil, sequence(n, nil)); err != nil {
			t.Fatal(err)
		}
		var message []byte
		fragments := 0
		for f := range sent {
			fragments++
			if message = append(message, f.Payload...); !f.NotLast {
				break
			}
		}
		var got []order
		if err := json.Unmarshal(message, &got); err != nil || len(got) != n {
			t.Errorf("%d elements: got %d, %v", n, len(got), err)
		}
		if (fragments > 1) != (n > 1000) {
			t.Errorf("%d elements in %d fragments", n, fragments)
		}
	}
}

// A sequence that fails before anything was sent ends nothing.
func TestWriteElementsFailsEarly(t *testing.T) {
	failure := errors.New("failure")
	for name, write := range map[string]func(*ws.Conn) error{
		"the sequence": func(c *ws.Conn) error {
			return wsjson.WriteElements(t.Context(), c, nil, sequence(10, failure))
		},
		"an element": func(c *ws.Conn) error {
			return wsjson.WriteElements(t.Context(), c, nil, func(yield func(any, error) bool) {
				_ = yield(1, nil) && yield(failing(func() ([]byte, error) { return nil, failure }), nil)
			})
		},
		"a panic": func(c *ws.Conn) (err error) {
			defer func() { err = &wsjson.Error{Op: "write", Offset: -1, Err: recover().(error)} }()
			return wsjson.WriteElements(t.Context(), c, nil, func(yield func(any, error) bool) { yield(1, nil); panic(failure) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, sent := frames(t)
			err := write(c)
			if e := asError(t, err); !errors.Is(err, failure) || e.Op != "write" || e.Ended || errors.Is(err, api.ErrClosed) {
				t.Errorf("got %+v", e)
			}
			if err := wsjson.Write(t.Context(), c, "next"); err != nil {
				t.Fatal(err)
			}
			if f := <-sent; string(f.Payload) != `"next"` || f.Opcode != wstest.OpText {
				t.Errorf("sent %q before the next", f.Payload)
			}
		})
	}
}

// Half a message must not look complete: no frame has FIN, the close frame says
// 1011 (RFC 6455 sections 5.4 and 7.4.1), and the peer's read never returns it.
func TestWriteElementsFailsLate(t *testing.T) {
	failure := errors.New("failure")
	panics := func(yield func(order, error) bool) {
		sequence(2000, nil)(yield)
		panic(failure)
	}
	exits := func(yield func(order, error) bool) {
		sequence(2000, nil)(yield)
		runtime.Goexit()
	}
	for name, seq := range map[string]iter.Seq2[order, error]{
		"the sequence": sequence(2000, failure), "a panic": panics, "the goroutine ends": exits,
	} {
		t.Run(name, func(t *testing.T) {
			c, sent := frames(t)
			var err error
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { recover() }()
				err = wsjson.WriteElements(t.Context(), c, nil, seq)
			}()
			<-done
			if name == "the sequence" {
				e := asError(t, err)
				if !errors.Is(err, failure) || !e.Ended || !errors.Is(err, api.ErrClosed) || !strings.Contains(err.Error(), "the connection was ended") {
					t.Errorf("got %+v", e)
				}
			}
			n := 0
			for f := range sent {
				switch {
				case f.Opcode == wstest.OpClose:
					if string(f.Payload) != "\x03\xf3the rest of the message cannot be sent" {
						t.Errorf("closed with %q", f.Payload)
					}
				case !f.NotLast:
					t.Error("a frame has FIN: the message looks complete")
				default:
					n++
				}
			}
			if n == 0 {
				t.Error("nothing was sent: the test is wrong")
			}
			if err := c.Write(t.Context(), ws.MessageText, nil); !errors.Is(err, api.ErrClosed) {
				t.Errorf("Write afterwards returned %v", err)
			}
		})
	}

	client, server := wstest.Pipe(t, nil)
	go wsjson.WriteElements(t.Context(), client, nil, func(yield func(any, error) bool) {
		for yield(strings.Repeat("x", 1000), nil) {
		}
	})
	n := 0
	for v, err := range wsjson.ReadElements[string](t.Context(), server, nil) {
		if err != nil {
			wantNotOurs(t, err, api.ErrMessageTooBig)
		} else if n++; len(v) != 1000 {
			t.Errorf("an element of %d bytes", len(v))
		}
	}
	if n == 0 || n > 1100 {
		t.Errorf("%d elements below the read limit of 1 MiB", n)
	}
}

// An element that has no JSON behind 32 KiB is the same; the peer sees 1011.
func TestElementWithoutJSONLate(t *testing.T) {
	client, server := wstest.Pipe(t, nil)
	sent := make(chan error, 1)
	go func() {
		sent <- wsjson.WriteElements(t.Context(), client, nil, func(yield func(any, error) bool) {
			_ = yield(strings.Repeat("x", 40<<10), nil) && yield(func() {}, nil)
			t.Log("the sequence is told to stop")
		})
	}()
	_, _, err := server.Read(t.Context())
	if e, ok := errors.AsType[*api.CloseError](err); !ok || e.Code != ws.StatusInternalError {
		t.Errorf("Read returned %v", err)
	}
	err = <-sent
	if e := asError(t, err); !e.Ended || e.Type != reflect.TypeFor[func()]() {
		t.Errorf("got %+v", e)
	}
}

// A peer that reads element by element has those that arrived, and then the
// error: it cannot take them for the array.
func TestReadElementsOfHalfAMessage(t *testing.T) {
	client, server := wstest.Pipe(t, nil)
	sent := make(chan error, 1)
	go func() {
		sent <- wsjson.WriteElements(t.Context(), client, nil, sequence(1000, errors.New("failure")))
	}()
	got, err := collect[order](t, server, nil)
	wantNotOurs(t, err, api.ErrClosed)
	if api.CloseStatus(err) != api.StatusInternalError || len(got) == 0 || len(got) >= 1000 {
		t.Errorf("%d elements, then %v", len(got), err)
	}
	if e := asError(t, <-sent); !e.Ended {
		t.Errorf("got %+v", e)
	}
}

// The connection's errors come through as they are, and its stream is closed.
func TestWriteElementsToAConnectionThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dial(t, wstest.Seq(wstest.Await(1), wstest.Stall()))
		if err := wsjson.Write(t.Context(), c, 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantNotOurs(t, wsjson.WriteElements(ctx, c, nil, sequence(100_000, nil)), context.DeadlineExceeded)
		wantNotOurs(t, wsjson.Write(t.Context(), c, 1), api.ErrClosed) // a part was sent

		c, _ = frames(t)
		c.CloseNow()
		wantNotOurs(t, wsjson.WriteElements(t.Context(), c, nil, sequence(1, nil)), api.ErrClosed)
		wantNotOurs(t, wsjson.WriteElements(t.Context(), c, nil, sequence(10_000, nil)), api.ErrClosed)
	})
}

// What is bad of an array, and at which byte of the message that shows. The
// elements before it are good, the next message too.
func TestReadElementsOfABadMessage(t *testing.T) {
	for _, tt := range []struct {
		message string
		good    int
		offset  int64
		problem string
	}{
		{`{"id":1}`, 0, 1, "invalid character '{' looking for an array"},
		{``, 0, 0, "unexpected end of JSON input"},
		{` `, 0, 1, "unexpected end of JSON input"},
		{`[`, 0, 1, "unexpected end of JSON input"},
		{`[{"id":1}`, 1, 9, "unexpected end of JSON input"},
		{`[{"id":1},`, 1, 10, "unexpected end of JSON input"},
		{`[{"id":1} , {"id":`, 1, 18, "unexpected end of JSON input"},
		{`[{"id":1}, {"id":"x"}, {"id":2}]`, 1, 20, "cannot unmarshal string"},
		{`[{"id":1}, {"id":1"}]`, 1, 19, `invalid character '"' after object key:value pair`},
		{`[{"id":1} {"id":2}]`, 0, 11, "after top-level value"},
		{`[{"id":1},]`, 1, 11, "invalid character ']' looking for an element"},
		{`[,]`, 0, 2, "invalid character ',' looking for an element"},
		{`[{"id":1}] 2`, 1, 12, "invalid character '2' after the array"},
		{`[{"id":1}}`, 0, 10, "after top-level value"},
		{`nul`, 0, 3, "unexpected end of JSON input"},
		{`nuli`, 0, 4, "invalid character 'i' in null"},
		{`null 1`, 0, 6, "invalid character '1' after the array"},
		{`[{"id":1}, {"id":2` + strings.Repeat(" ", 10<<10) + `x]`, 1, 18 + 10<<10 + 1, "invalid character 'x'"},
	} {
		c := dial(t, texts(tt.message, "5"))
		all, err := collect[order](t, c, nil)
		e := asError(t, err)
		if len(all) != tt.good || e.Offset != tt.offset || e.Op != "read" || !strings.Contains(e.Error(), tt.problem) {
			t.Errorf("%.40q: %d good ones and %v (byte %d), want %d, byte %d: %s", tt.message, len(all), e, e.Offset, tt.good, tt.offset, tt.problem)
		}
		wantNext(t, c, 5)
	}
}

func TestReadElementsOptions(t *testing.T) {
	c := dial(t, wstest.Seq(wstest.Send(wstest.Binary([]byte("[1]")), wstest.Binary([]byte(`["a","`+"\xff"+`"]`)),
		wstest.Text(`[{"id":1},{"more":2}]`), wstest.Text(" null "), wstest.Text("[1,2]"), wstest.Text("5")), wstest.Serve()))
	if _, err := collect[int](t, c, nil); !errors.Is(err, wsjson.ErrBinary) {
		t.Errorf("a binary message: %v", err)
	}
	got, err := collect[string](t, c, &wsjson.Codec{Binary: true})
	if e := asError(t, err); len(got) != 1 || e.Offset != 7 {
		t.Errorf("a binary message that is not UTF-8: %q, %v", got, e)
	}
	orders, err := collect[order](t, c, &wsjson.Codec{DisallowUnknownFields: true})
	if asError(t, err); len(orders) != 1 {
		t.Errorf("got %v", orders)
	}
	if got, err := collect[int](t, c, nil); len(got) != 0 || err != nil {
		t.Errorf("null: %v, %v", got, err)
	}
	var seen []string
	hook := wsjson.Codec{Unmarshal: func(data []byte, _ any) error { seen = append(seen, string(data)); return nil }}
	if _, err := collect[int](t, c, &hook); !reflect.DeepEqual(seen, []string{"1", "2"}) || err != nil {
		t.Errorf("the hook saw %q, %v", seen, err)
	}
	wantNext(t, c, 5)
}

// A loop that ends early leaves nothing of the message.
func TestReadElementsStops(t *testing.T) {
	c := dial(t, texts("["+strings.Repeat("1,", 100<<10)+"1]", "5"))
	for v, err := range wsjson.ReadElements[int](t.Context(), c, nil) {
		if v != 1 || err != nil {
			t.Fatal(v, err)
		}
		if _, err := wsjson.Read[int](t.Context(), c); !errors.Is(err, api.ErrUnreadMessage) {
			t.Errorf("Read within the loop returned %v", err)
		}
		break
	}
	wantNext(t, c, 5)
}

// A context that ends within the message leaves the rest of it unread, and the
// connection as it is.
func TestReadElementsIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parts := wstest.Fragments(wstest.OpText, `[1,2`, `,3]`)
		c := dial(t, wstest.Seq(wstest.Send(parts[0]), wstest.Pause(10*time.Second), wstest.Send(parts[1], wstest.Text("5")), wstest.Serve()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var got []int
		var err error
		for v, e := range wsjson.ReadElements[int](ctx, c, nil) {
			if err = e; err == nil {
				got = append(got, v)
			}
		}
		wantNotOurs(t, err, context.DeadlineExceeded)
		if !reflect.DeepEqual(got, []int{1}) {
			t.Errorf("got %v", got)
		}
		_, err = wsjson.Read[int](t.Context(), c)
		wantNotOurs(t, err, api.ErrUnreadMessage)
		_, r, err := c.Reader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(r); string(rest) != ",3]" || err != nil {
			t.Errorf("the rest is %q, %v", rest, err)
		}
		wantNext(t, c, 5)
	})
}

// A connection that ends is its own error.
func TestReadElementsOfAConnectionThatEnds(t *testing.T) {
	c := dial(t, wstest.Cut(6, wstest.Send(wstest.Text("[1,2,3,4]"))))
	got, err := collect[int](t, c, nil)
	wantNotOurs(t, err, api.ErrClosed)
	if fmt.Sprint(got) != "[1]" {
		t.Errorf("got %v", got)
	}
	_, err = collect[int](t, c, nil)
	wantNotOurs(t, err, api.ErrClosed)
}

// What one connection yields another can send.
func TestElementsPassThrough(t *testing.T) {
	from := dial(t, texts(`[1, {"a":[2,"]"]}, "\\\"", []]`))
	to, sent := frames(t)
	err := wsjson.WriteElements(t.Context(), to, nil, wsjson.ReadElements[json.RawMessage](t.Context(), from, nil))
	if f := <-sent; string(f.Payload) != `[1,{"a":[2,"]"]},"\\\"",[]]` || err != nil {
		t.Errorf("sent %q, %v", f.Payload, err)
	}
}
