//go:build !js

package wsjson_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wsjson"
	"github.com/twinws/ws/wstest"
)

// move is a message of the examples.
type move struct {
	Player string `json:"player"`
	X, Y   int
}

// examplePair is two sides of a connection; a program has one of ws.Dial or
// ws.Accept.
func examplePair() (client, server *ws.Conn, end func()) {
	t := new(example)
	client, server = wstest.Pipe(t, nil)
	return client, server, t.end
}

// example stands for the *testing.T of a test.
type example struct{ cleanups []func() }

func (*example) Helper()                        {}
func (*example) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (e *example) Cleanup(f func())             { e.cleanups = append(e.cleanups, f) }
func (e *example) end() {
	for _, f := range e.cleanups {
		f()
	}
}

func Example() {
	client, server, end := examplePair()
	defer end()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	if err := wsjson.Write(ctx, client, move{Player: "ada", X: 1, Y: 2}); err != nil {
		fmt.Println(err)
	}
	m, err := wsjson.Read[move](ctx, server)
	fmt.Println(m, err)
	// Output: {ada 1 2} <nil>
}

// A server tells a client what was wrong with its message, and goes on. Any
// other error is the connection's.
func ExampleError() {
	client, server, end := examplePair()
	defer end()
	ctx := context.Background()
	client.Write(ctx, ws.MessageText, []byte(`{"player":7}`))
	wsjson.Write(ctx, client, move{Player: "ada"})
	go client.Close(ws.StatusNormalClosure, "")

	for {
		m, err := wsjson.Read[move](ctx, server)
		if bad, ok := errors.AsType[*wsjson.Error](err); ok {
			fmt.Printf("at byte %d of a message: %v\n", bad.Offset, bad.Err)
			continue
		}
		if err != nil {
			fmt.Println("the connection:", ws.CloseStatus(err))
			return
		}
		fmt.Println(m.Player)
	}
	// Output:
	// at byte 11 of a message: json: cannot unmarshal number into Go struct field move.player of type string
	// ada
	// the connection: 1000 normal closure
}

func ExampleCodec() {
	client, server, end := examplePair()
	defer end()
	ctx := context.Background()
	client.Write(ctx, ws.MessageText, []byte(`{"player":"ada","z":3}`))

	strict := wsjson.Codec{DisallowUnknownFields: true}
	var m move
	fmt.Println(strict.Read(ctx, server, &m))
	// Output: wsjson: read wsjson_test.move: json: unknown field "z"
}

// A long array is sent and received element by element.
func ExampleReadElements() {
	client, server, end := examplePair()
	defer end()
	ctx := context.Background()
	go func() {
		err := wsjson.WriteElements(ctx, server, nil, func(yield func(move, error) bool) {
			for i := range 10_000 { // rows of a database, lines of a file
				if !yield(move{X: i}, nil) {
					return
				}
			}
		})
		if err != nil {
			fmt.Println(err)
		}
	}()

	sum := 0
	for m, err := range wsjson.ReadElements[move](ctx, client, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		sum += m.X
	}
	fmt.Println(sum)
	// Output: 49995000
}
