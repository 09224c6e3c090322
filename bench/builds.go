package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/twinws/ws/bench/internal/child"
	"github.com/twinws/ws/bench/internal/contestant"
)

// builds knows the programs that contestants run in: this one, and others built
// with the library's source from elsewhere.
type builds struct {
	self string
	tmp  string            // where the others are
	at   map[string]string // by the directory of the source
}

func newBuilds() (*builds, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "bench")
	return &builds{self: self, tmp: tmp, at: map[string]string{"": self}}, err
}

func (b *builds) remove() { os.RemoveAll(b.tmp) }

// program returns what runs the contestant called name or name@dir.
func (b *builds) program(ctx context.Context, name string) (string, error) {
	_, dir, _ := strings.Cut(name, "@")
	if p := b.at[dir]; p != "" {
		return p, nil
	}
	p := filepath.Join(b.tmp, fmt.Sprintf("bench%d", len(b.at)))
	if err := b.build(ctx, p, dir); err != nil {
		return "", fmt.Errorf("build with the library from %s: %w", dir, err)
	}
	b.at[dir] = p
	return p, nil
}

// build must run in the benchmark's own directory, since its source is needed.
func (b *builds) build(ctx context.Context, program, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	mod := program + ".mod"
	for name, to := range map[string]string{"go.mod": mod, "go.sum": program + ".sum"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"mod", "edit", "-replace", "github.com/twinws/ws=" + dir, mod},
		{"build", "-modfile", mod, "-o", program, "."},
	} {
		c := exec.CommandContext(ctx, "go", args...)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// start runs a contestant's server.
func (b *builds) start(ctx context.Context, name string, s contestant.Setup) (*child.Process, error) {
	program, err := b.program(ctx, name)
	if err != nil {
		return nil, err
	}
	name, _, _ = strings.Cut(name, "@")
	args := []string{"-serve", name}
	if s.Deflate != contestant.Off {
		args = append(args, "-deflate", string(s.Deflate))
	}
	if s.Room {
		args = append(args, "-room")
	}
	if s.Idle {
		args = append(args, "-idle")
	}
	return child.Start(ctx, program, args...)
}
