package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// programs are the files of one demo.
type programs struct{ native, wasm, server, legacy string }

// buildAll compiles the example for both homes, the server, and the example of
// the older drafts, into dir.
func buildAll(ctx context.Context, dir string) (programs, error) {
	ctx, cancel := context.WithTimeout(ctx, buildTime)
	defer cancel()
	p := programs{
		native: filepath.Join(dir, "echo"),
		wasm:   filepath.Join(dir, "echo.wasm"),
		server: filepath.Join(dir, "testserver"),
		legacy: filepath.Join(dir, "legacy"),
	}
	for _, b := range []struct {
		out  string
		env  []string
		pkgs []string
	}{
		{dir + string(filepath.Separator), nil, []string{"./testserver", "./examples/echo", "./examples/legacy"}},
		{p.wasm, []string{"GOOS=js", "GOARCH=wasm"}, []string{"./examples/echo"}},
	} {
		cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", b.out}, b.pkgs...)...)
		cmd.Env = append(os.Environ(), b.env...)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return p, fmt.Errorf("go build %v %v: %w", b.pkgs, b.env, err)
		}
	}
	return p, nil
}
