// Command homes runs a js program, or opens a page, in an environment with a
// WebSocket object: a browser or a JavaScript runtime.
//
//	homes list                              the homes and their versions
//	homes run HOME PROGRAM [ARGUMENTS]      runs a program that go test -c or go build made
//	homes open [-dark] BROWSER URL          opens a page, until it is interrupted
//
// run prints the program's output and exits with its exit code, or with 1 if
// the program cannot be run, and 2 if there is no such home. It starts the home
// with an empty profile, and ends all its processes, also when it is
// interrupted. A program in a page gets only the environment variables whose
// names begin with WS_. If WS_URL names a WebSocket server, the server of the
// page forwards other requests than those for its files to it, so that relative
// URLs work. WS_TRUST is a PEM file with the certificate that a server of
// WS_URL, or of the URL to open, has on 127.0.0.1, for browsers to accept.
// WS_CHROMIUM_FLAGS are further arguments of Chromium, separated by spaces.
// WS_HOMES is the folder of npm's node_modules; the default is
// tools/homes/npm.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = "usage: homes list | homes run HOME PROGRAM [ARGUMENTS] | homes open [-dark] BROWSER URL"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := adopt(); err != nil {
		fmt.Fprintln(os.Stderr, "homes: ended processes may be left to init:", err)
	}
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
		if _, err := os.Stat(args[2]); err != nil {
			return 1, err
		}
		return h.run(ctx, args[2:])
	case len(args) >= 3 && args[0] == "open":
		rest := args[1:]
		dark := rest[0] == "-dark"
		if dark {
			rest = rest[1:]
		}
		if len(rest) != 2 {
			break
		}
		b, err := findBrowser(rest[0])
		if err != nil {
			return 2, err
		}
		return 0, open(ctx, b, address{url: rest[1], dark: dark})
	}
	return 2, errors.New(usage)
}

// list prints each home, and fails if one of them is missing.
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
