// Command appnet is command appdial with a net.Conn of package wsnet instead of
// the connection itself: the difference of their sizes is what wsnet adds.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/twinws/ws/wsnet"
)

type note struct {
	From string    `json:"from"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := greet(ctx); err != nil {
		fmt.Println("error:", err)
	}
}

func greet(ctx context.Context) error {
	p, err := json.Marshal(note{From: "app", Text: "hello", At: time.Now()})
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	if p, err = echo(ctx, p); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	var n note
	if err := json.Unmarshal(p, &n); err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	fmt.Printf("%s: %q, %v\n", n.From, n.Text, ctx.Err())
	return nil
}

func echo(ctx context.Context, p []byte) ([]byte, error) {
	c, err := wsnet.Dial(ctx, "ws://127.0.0.1:8080/echo", nil)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	if _, err := c.Write(p); err != nil {
		return nil, err
	}
	if _, err = io.ReadFull(c, p); err != nil {
		return nil, err
	}
	return p, c.Close()
}
