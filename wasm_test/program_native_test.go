//go:build !js

package wasmtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// programTime bounds a run of the js build's tests with the home's start,
// testTime the tests in it. Both allow for a busy machine.
const (
	programTime = 9 * time.Minute
	testTime    = 8 * time.Minute
)

// program returns the path of this package's js tests, which are built once for
// all homes.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wasmtest")
	if err != nil {
		return "", err
	}
	afterTests = append(afterTests, func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "wasmtest.test")
	cmd := exec.Command("go", "test", "-c", "-o", path, ".")
	cmd.Env = append(smallEnv(), "GOOS=js", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the js tests: %w\n%s", err, out)
	}
	return path, nil
})

// outcomes are the results of tests: "pass", "fail" or "skip".
type outcomes map[string]string

// runProgram runs the js tests that match run by a command, whose last
// arguments are the program and its flags. It returns the result of each test,
// and the output.
func runProgram(t *testing.T, run string, env []string, command ...string) (results outcomes, output string) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), programTime)
	defer cancel()
	args := append(command[1:], path, "-test.v=test2json", "-test.timeout="+testTime.String(), "-test.run="+run)
	cmd := exec.CommandContext(ctx, command[0], args...)
	cmd.Env = append(smallEnv(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // lets it end the browser
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v", command[0], err)
	}
	read := exec.Command("go", "tool", "test2json")
	read.Stdin = bytes.NewReader(out)
	events, err := read.Output()
	if err != nil {
		t.Fatalf("go tool test2json: %v", err)
	}
	return readEvents(t, events)
}

// event is a line of go tool test2json.
type event struct{ Action, Test, Output string }

func readEvents(t *testing.T, events []byte) (results outcomes, output string) {
	t.Helper()
	results = outcomes{}
	var text strings.Builder
	lines := bufio.NewScanner(bytes.NewReader(events))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		text.WriteString(e.Output)
		switch e.Action {
		case "pass", "fail", "skip":
			results[e.Test] = e.Action
		}
	}
	if err := lines.Err(); err != nil {
		t.Errorf("go tool test2json: %v", err)
	}
	return results, text.String()
}

// smallEnv returns the part of the environment that go and a browser need: wasm
// programs accept at most 12,288 bytes of environment and arguments.
func smallEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case name == "GOOS", name == "GOARCH", name == "GOGCCFLAGS":
		case strings.HasPrefix(name, "GO"), strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "WASM_"),
			name == "PATH", name == "HOME", name == "USER", name == "TMPDIR", name == "DISPLAY",
			name == "SYSTEMROOT", name == "LOCALAPPDATA", name == "TEMP", name == "USERPROFILE", name == "PATHEXT":
			env = append(env, kv)
		}
	}
	return env
}
