package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script writes a program that stands for wasmbrowsertest. It counts its runs
// in the file "runs" beside it.
func script(t *testing.T, body string) (program string, runs func() int) {
	t.Helper()
	dir := t.TempDir()
	program = filepath.Join(dir, "runner")
	head := "#!/bin/sh\ncd '" + dir + "'\necho >>runs\n"
	if err := os.WriteFile(program, []byte(head+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return program, func() int {
		lines, err := os.ReadFile(filepath.Join(dir, "runs"))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(lines, []byte("\n"))
	}
}

func TestRun(t *testing.T) {
	const late = "echo 'websocket url timeout reached' >&2; exit 1\n"
	for _, c := range []struct {
		name, body string
		code, runs int
	}{
		{"well", "echo out $1; exit 0", 0, 1},
		{"the tests failed", "echo out $1; exit 3", 3, 1},
		{"late once", "[ $(wc -l <runs) -gt 1 ] || { " + late + "}\necho out $1", 0, 2},
		{"late, and then the tests failed", "[ $(wc -l <runs) -gt 1 ] || { " + late + "}\necho out $1; exit 3", 3, 2},
		{"always late", "echo out $1;" + late, 1, attempts},
	} {
		t.Run(c.name, func(t *testing.T) {
			program, runs := script(t, c.body)
			var stdout, stderr bytes.Buffer
			if code := run(program, []string{"first"}, &stdout, &stderr); code != c.code || runs() != c.runs {
				t.Errorf("exit %d after %d runs, want %d after %d: %s", code, runs(), c.code, c.runs, &stderr)
			}
			if !strings.HasSuffix(stdout.String(), "out first\n") {
				t.Errorf("it printed %q", stdout.String())
			}
		})
	}
	if code := run(filepath.Join(t.TempDir(), "none"), nil, new(bytes.Buffer), new(bytes.Buffer)); code != 1 {
		t.Errorf("exit %d without a program", code)
	}
}

// An interrupt reaches the program, which ends its browser by it.
func TestInterrupt(t *testing.T) {
	program, runs := script(t, "trap 'exit 7' INT\nkill -INT $PPID\nwhile :; do sleep 0.01; done")
	if code := run(program, nil, new(bytes.Buffer), new(bytes.Buffer)); code != 7 || runs() != 1 {
		t.Errorf("exit %d after %d runs, want 7 after 1", code, runs())
	}
}
