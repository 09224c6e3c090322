//go:build !js

package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	nodePeer = peer{name: "node-ws", missing: missingNode,
		start: func(ctx context.Context, t *testing.T, specs []spec) session {
			return run(ctx, t, specs, "node", filepath.Join("testdata", "node", "peer.mjs"))
		}}
	pythonPeer = peer{name: "python-websockets", missing: missingPython, alwaysCode: true,
		start: func(ctx context.Context, t *testing.T, specs []spec) session {
			return run(ctx, t, specs, python(), filepath.Join("testdata", "python", "peer.py"))
		}}
)

const advice = "; make prepare installs it on Debian, and WS_NO_PEERS=1 leaves these tests out"

func missingNode() string {
	if _, err := exec.LookPath("node"); err != nil {
		return "Node.js is not on the PATH (Debian: apt-get install nodejs npm)" + advice
	}
	if _, err := os.Stat(filepath.Join("testdata", "node", "node_modules", "ws")); err != nil {
		return "Node's ws is not installed (npm ci in internal/interop/testdata/node)" + advice
	}
	return ""
}

func missingPython() string {
	if out, err := exec.Command(python(), "-c", "import websockets").CombinedOutput(); err != nil {
		return "Python's websockets is not there (Debian: apt-get install python3-websockets)" + advice + "\n" + string(out)
	}
	return ""
}

// python is the system's, whose packages Debian installs, or any.
func python() string {
	const system = "/usr/bin/python3"
	if _, err := os.Stat(system); err == nil {
		return system
	}
	return "python3"
}

// run starts a script, which reads a line with the specs and prints one with
// the ports it serves them on, if it does, and then a report for each. It ends
// by itself, when its standard input does, or with ctx.
func run(ctx context.Context, t *testing.T, specs []spec, command ...string) session {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.WaitDelay = time.Second
	var trouble bytes.Buffer
	cmd.Stderr = &trouble
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	end := func() {
		in.Close()
		io.Copy(io.Discard, lines)
		err := cmd.Wait()
		cancel()
		if err != nil || trouble.Len() > 0 {
			t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, &trouble)
		}
	}
	s := session{end: end, reports: func() (r report) {
		next(t, lines, &r)
		return r
	}}
	if err := json.NewEncoder(in).Encode(specs); err != nil {
		end()
		t.Fatal(err)
	}
	if specs[0].URL == "" {
		s.urls = make([]string, len(specs))
		next(t, lines, &s.urls)
	}
	return s
}

// next reads a line of a peer's.
func next(t *testing.T, lines *bufio.Reader, v any) {
	t.Helper()
	line, err := lines.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, v)
	}
	if err != nil {
		t.Errorf("the peer said %q: %v", line, err)
	}
}
