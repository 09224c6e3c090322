// Command http2 compares WebSockets over one HTTP/2 connection with as many
// over HTTP/1.1, both over TLS: the memory that each holds, and the CPU time of
// a message. Server and client are processes of their own on loopback; CPU
// times are of both together, as the operating system counts them.
//
//	go run ./http2 -out results/http2.md
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
)

func main() {
	serving := flag.String("serve", "", "be a server instead: http/1.1 or h2, with -flush for one flush per message")
	var how manner
	flag.BoolVar(&how.flush, "flush", false, "with -serve: turn the coalescing of messages off")
	flag.BoolVar(&how.accept, "accept", false, "with -serve: serve by Accept instead of Handler")
	rounds := flag.Int("rounds", 5, "rounds, of which the medians are taken")
	messages := flag.Int("messages", 20_000, "messages in one round of one contestant")
	out := flag.String("out", "", "file to write the table to, in addition")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *serving != "" {
		err = serve(ctx, *serving, how)
	} else {
		err = measure(ctx, *rounds, *messages, *out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "http2:", err)
		os.Exit(1)
	}
}

// conns are the WebSockets whose memory is measured, and pingers those that
// exchange messages at a time.
const (
	conns   = 1000
	pingers = 100
	depth   = 64 // messages in flight on one WebSocket
	size    = 125
)

// measure runs all cases and prints a table of the targets.
func measure(ctx context.Context, rounds, messages int, out string) error {
	t := new(table)
	if err := memory(ctx, t); err != nil {
		return err
	}
	if err := pingpong(ctx, t, rounds, messages); err != nil {
		return err
	}
	if err := inflight(ctx, t, rounds, messages); err != nil {
		return err
	}
	text := t.String()
	fmt.Print(text)
	if out == "" {
		return nil
	}
	return os.WriteFile(out, []byte(text), 0o644)
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return s[len(s)/2]
}
