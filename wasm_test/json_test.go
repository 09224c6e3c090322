package wasmtest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/api"
	"github.com/twinws/ws/wsjson"
)

// item is what TestJSON sends.
type item struct {
	ID   int
	Text string
}

// TestJSON exchanges values and arrays with the echo of each place: package
// wsjson in every home that TestConformance runs in.
func TestJSON(t *testing.T) {
	t.Parallel()
	for _, p := range places(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c, err := p.backend.Dial(ctx, p.backend.URL+p.backend.Echo, echoOptions)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			exchangeJSON(ctx, t, c)
			if err := c.Write(ctx, ws.MessageText, []byte(`{"ID":"x"} and more`)); err != nil {
				t.Fatal(err)
			}
			_, err = wsjson.Read[item](ctx, c)
			if e, ok := errors.AsType[*wsjson.Error](err); !ok || e.Offset != 12 {
				t.Errorf("a bad message: %v", err)
			}
			if _, ok := errors.AsType[*wsjson.Error](wsjson.Write(ctx, c, func() {})); !ok {
				t.Error("a function has JSON")
			}
			exchangeJSON(ctx, t, c) // as good as before
			failJSON(ctx, t, c, p.backend.Browser)
		})
	}
}

// exchangeJSON sends a value and an array, and expects them back.
func exchangeJSON(ctx context.Context, t *testing.T, c api.Conn) {
	t.Helper()
	want := item{7, "\u2028 <\u00e9> \U0001F30D"}
	if err := wsjson.Write(ctx, c, want); err != nil {
		t.Fatal(err)
	}
	if got, err := wsjson.Read[item](ctx, c); got != want || err != nil {
		t.Fatalf("got %+v, %v, want %+v", got, err, want)
	}
	const n = 1000
	if err := wsjson.WriteElements(ctx, c, nil, values(n, nil)); err != nil {
		t.Fatal(err)
	}
	i := 0
	for got, err := range wsjson.ReadElements[item](ctx, c, nil) {
		if err != nil || got.ID != i || len(got.Text) != 100 {
			t.Fatalf("element %d is %+v, %v", i, got, err)
		}
		i++
	}
	if i != n {
		t.Fatalf("%d elements, want %d", i, n)
	}
}

// failJSON begins an array that cannot be completed: natively a part of it has
// been sent by then, and the connection is ended (RFC 6455 section 5.4); a
// browser has sent nothing.
func failJSON(ctx context.Context, t *testing.T, c api.Conn, browser bool) {
	t.Helper()
	failure := errors.New("failure")
	err := wsjson.WriteElements(ctx, c, nil, values(1000, failure))
	e, ok := errors.AsType[*wsjson.Error](err)
	if !ok || !errors.Is(err, failure) || e.Ended == browser {
		t.Fatalf("half an array: %+v", err)
	}
	if browser {
		exchangeJSON(ctx, t, c)
	} else if err := wsjson.Write(ctx, c, 1); !errors.Is(err, api.ErrClosed) {
		t.Errorf("Write after half an array: %v", err)
	}
}

// values yields n values, and then err if it is not nil.
func values(n int, err error) func(yield func(item, error) bool) {
	return func(yield func(item, error) bool) {
		for i := range n {
			if !yield(item{i, strings.Repeat("x", 100)}, nil) {
				return
			}
		}
		if err != nil {
			yield(item{}, err)
		}
	}
}
