// Command demo builds examples/echo twice, runs it natively and in a headless
// browser against one test server, and prints both outputs side by side. It
// fails if they differ, or are empty. Then it runs examples/legacy, which has a
// line for every version of the protocol. Run it at the module's root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Every step is bounded, generously: a cold build on a slow machine is allowed.
const (
	buildTime = 5 * time.Minute
	startTime = time.Minute
	runTime   = 4 * time.Minute
)

func main() {
	runner := flag.String("runner", "bin/wasmbrowsertest", "the `program` that runs wasm in a browser")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx, *runner); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		stop()
		os.Exit(1)
	}
}

func demo(ctx context.Context, runner string) error {
	runner, err := filepath.Abs(runner)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	p, err := buildAll(ctx, dir)
	if err != nil {
		return err
	}
	s, err := startServer(ctx, p.server)
	if err != nil {
		return err
	}
	defer s.stop()

	fmt.Printf("examples/echo against %s, twice\n\n", s.echoURL())
	native, nativeErr := transcript(ctx, p.native, s.echoURL())
	browser, browserErr := transcript(ctx, runner, p.wasm, s.echoURL())
	writeTable(os.Stdout,
		column{"native " + runtime.GOOS + "/" + runtime.GOARCH, native},
		column{"browser js/wasm", browser})
	if err := firstError("natively", nativeErr, "in the browser", browserErr); err != nil {
		return err
	}
	if err := compare(native, browser); err != nil {
		return err
	}
	return versions(ctx, p.legacy)
}

// versions runs the example of the older drafts, and prints what it prints.
func versions(ctx context.Context, program string) error {
	fmt.Print("examples/legacy: one server, a client of each version\n\n")
	lines, err := transcript(ctx, program)
	for _, l := range lines {
		fmt.Println("  " + l)
	}
	fmt.Println()
	if err != nil {
		return fmt.Errorf("examples/legacy: %w", err)
	}
	if len(lines) == 0 {
		return errors.New("examples/legacy printed nothing")
	}
	return nil
}

func firstError(where1 string, err1 error, where2 string, err2 error) error {
	if err1 != nil {
		return fmt.Errorf("%s: %w", where1, err1)
	}
	if err2 != nil {
		return fmt.Errorf("%s: %w", where2, err2)
	}
	return nil
}
