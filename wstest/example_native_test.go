//go:build !js

package wstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/twinws/ws"
	"github.com/twinws/ws/wstest"
)

// example stands for the *testing.T of a test.
type example struct{ cleanups []func() }

func (*example) Helper()                        {}
func (*example) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (e *example) Cleanup(f func())             { e.cleanups = append(e.cleanups, f) }
func (e *example) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// greet is what the example tests: a part of a server.
func greet(ctx context.Context, c *ws.Conn) error {
	_, name, err := c.Read(ctx)
	if err != nil {
		return err
	}
	return c.Write(ctx, ws.MessageText, append([]byte("hello, "), name...))
}

func ExamplePipe() {
	t := new(example) // in a test it is the test's own
	defer t.end()

	client, server := wstest.Pipe(t, &wstest.PipeOptions{
		Client: &ws.Dialer{DialOptions: ws.DialOptions{Subprotocols: []string{"greeting"}}},
		Server: &ws.AcceptOptions{Subprotocols: []string{"greeting"}},
	})
	ctx := context.Background()
	go greet(ctx, server)
	client.Write(ctx, ws.MessageText, []byte("ada"))
	_, p, err := client.Read(ctx)
	fmt.Printf("%s %v, by %s\n", p, err, client.Subprotocol())
	// Output: hello, ada <nil>, by greeting
}

// A client is refused, then told that the server restarts, and then served.
func ExampleNewServer() {
	t := new(example)
	defer t.end()
	s := wstest.NewServer(t,
		wstest.Refuse(http.StatusServiceUnavailable, "later"),
		wstest.Seq(wstest.Send(wstest.Text("welcome")), wstest.CloseWith(ws.StatusServiceRestart, "restart")),
		wstest.Echo(),
	)

	ctx := context.Background()
	_, err := s.Dial(ctx, nil)
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok {
		fmt.Printf("%d %s\n", e.Status, e.Body)
	}
	c, _ := s.Dial(ctx, nil)
	_, p, _ := c.Read(ctx)
	_, _, err = c.Read(ctx)
	fmt.Printf("%s, then %d\n", p, ws.CloseStatus(err))
	c, _ = s.Dial(ctx, nil)
	c.Write(ctx, ws.MessageText, []byte("at last"))
	_, p, _ = c.Read(ctx)
	fmt.Printf("%s\n", p)
	// Output:
	// 503 later
	// welcome, then 1012
	// at last
}

// A message is cut off in its payload.
func ExampleCut() {
	t := new(example)
	defer t.end()
	s := wstest.NewServer(t, wstest.Cut(4, wstest.Send(wstest.Text("hello"))))

	c, err := s.Dial(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _, err = c.Read(context.Background())
	fmt.Println(ws.CloseStatus(err))
	// Output: 1006 abnormal closure
}

// A script of a test's own answers each message with its length.
func ExampleScript() {
	t := new(example)
	defer t.end()
	lengths := func(p *wstest.Peer) error {
		for {
			_, b, err := p.Message()
			if err != nil {
				return err
			}
			if err := p.Send(wstest.Text(fmt.Sprint(len(b)))); err != nil {
				return err
			}
		}
	}
	s := wstest.NewServer(t, lengths)

	ctx := context.Background()
	c, err := s.Dial(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c.Write(ctx, ws.MessageText, []byte("12345"))
	_, p, err := c.Read(ctx)
	fmt.Printf("%s %v\n", p, err)
	c.Close(4000, "enough")

	seen, err := s.Seen(ctx, 0)
	fmt.Println(int(seen.Code), seen.Reason, err)
	// Output:
	// 5 <nil>
	// 4000 enough <nil>
}
