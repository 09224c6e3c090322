// Command app stands for a program that uses fmt, context and encoding/json
// anyway, and no WebSocket. Command appdial is the same with one.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
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
	var n note
	if err := json.Unmarshal(p, &n); err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	fmt.Printf("%s: %q, %v\n", n.From, n.Text, ctx.Err())
	return nil
}
