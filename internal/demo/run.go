package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// command is a program that gets a clean environment, and an interrupt when ctx
// ends; if it does not exit then, it is killed.
//
// The environment is clean because a wasm program has 12,288 bytes for its
// environment and arguments together, and some machines' environments alone are
// larger.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = environ("PATH", "HOME", "TMPDIR", "GOROOT", "WASM_HEADLESS")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// environ returns the named variables that are set.
func environ(names ...string) []string {
	env := []string{}
	for _, n := range names {
		if v, ok := os.LookupEnv(n); ok {
			env = append(env, n+"="+v)
		}
	}
	return env
}

// transcript runs a program and returns the lines it printed.
func transcript(ctx context.Context, name string, args ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	cmd := command(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("not done after %v: %w", runTime, ctx.Err())
	case err != nil:
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return lines(string(out)), err
}

// lines splits what a program printed; no text is no line.
func lines(s string) []string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// server is a running test server.
type server struct {
	url string // http://127.0.0.1:PORT
	cmd *exec.Cmd
}

// startServer starts the test server on a free port, and returns once it
// listens.
func startServer(ctx context.Context, file string) (*server, error) {
	cmd := command(ctx, file, "-addr", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd}
	late := time.AfterFunc(startTime, func() { cmd.Process.Kill() })
	defer late.Stop()
	if s.url, err = listening(out); err != nil {
		s.stop()
		return nil, fmt.Errorf("the test server did not start: %w", err)
	}
	go io.Copy(io.Discard, out) // ends with the server: it must never block on its output
	return s, nil
}

// listening reads up to the line that says where the server listens.
func listening(r io.Reader) (url string, err error) {
	const prefix = "listening on "
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), prefix); ok {
			return strings.TrimSpace(url), nil
		}
	}
	return "", errors.Join(fmt.Errorf("it ended without a line %q", prefix), lines.Err())
}

func (s *server) echoURL() string {
	return "ws" + strings.TrimPrefix(s.url, "http") + "/echo"
}

// stop ends the server and waits for its end.
func (s *server) stop() {
	s.cmd.Process.Signal(os.Interrupt)
	late := time.AfterFunc(s.cmd.WaitDelay, func() { s.cmd.Process.Kill() })
	defer late.Stop()
	s.cmd.Wait() // its exit status does not matter any more
}
