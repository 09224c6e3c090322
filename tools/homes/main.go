// Command homes runs a js test program, or opens a page, where a connection of
// the browser's kind can live.
//
//	homes list                              the homes and their versions
//	homes run HOME PROGRAM [ARGUMENTS]      runs a program that go test -c or go build made
//	homes open BROWSER URL                  opens a page, until it is interrupted
//
// run prints what the program prints and ends with its exit code. It starts the
// home with a profile of its own, and ends all its processes with it. Where
// WS_URL names a WebSocket server, what a page asks of its own server beside
// its files goes there, so that relative URLs lead to it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = "usage: homes list | homes run HOME PROGRAM [ARGUMENTS] | homes open BROWSER URL"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := command(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "homes:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// command returns the exit code.
func command(ctx context.Context, args []string) (code int, err error) {
	switch {
	case len(args) == 1 && args[0] == "list":
		return list()
	case len(args) >= 3 && args[0] == "run":
		h, err := find(args[1])
		if err != nil {
			return 2, err
		}
		return h.run(ctx, args[2:])
	case len(args) == 3 && args[0] == "open":
		b, ok := browsers[args[1]]
		if !ok {
			return 2, fmt.Errorf("%s is no browser", args[1])
		}
		return 0, open(ctx, b, args[2])
	}
	return 2, errors.New(usage)
}

// list prints each home, and fails when one of them is missing.
func list() (code int, err error) {
	for _, h := range homes {
		version, err := h.version()
		if err != nil {
			version, code = err.Error(), 1
		}
		fmt.Printf("%-20s %s\n", h.name, version)
	}
	return code, nil
}
