//go:build !js

package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"
)

// started runs the command and returns the URL that it prints.
func started(t *testing.T, args ...string) (url string, stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), stdout)
		stdout.Close()
	}()
	t.Cleanup(cancel)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("it printed %q, %v; it returned %v", line, err, <-done)
	}
	url, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	if !ok || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("it printed %q", line)
	}
	return url, func() error { cancel(); return <-done }
}

func TestServesThePageAndTheEndpoints(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"index.html": "<title>twin</title>", "main.wasm": "\x00asm", "wasm_exec.js": "// js"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	url, stop := started(t, "-page", dir)
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/main.wasm": "application/wasm", "/wasm_exec.js": "text/javascript; charset=utf-8",
	} {
		r, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != want {
			t.Errorf("%s: status %d, type %q, want %q", path, r.StatusCode, got, want)
		}
	}
	c, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/echo", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, p, err := c.Read(t.Context()); string(p) != "hello" || err != nil {
		t.Errorf("echo: %q, %v", p, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestEndsThoughAConnectionHangs(t *testing.T) {
	url, stop := started(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(url, "http")+"/never-reads", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	begin := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if d := time.Since(begin); d > 30*time.Second {
		t.Errorf("it took %v to end", d)
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{{"-port", "1"}, {"-addr", "nowhere:x"}} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
