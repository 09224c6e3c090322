//go:build !js

package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twinws/ws"
)

// sinkPause is how long the slow server waits before each message it reads.
const sinkPause = 5 * time.Millisecond

//go:embed page
var pageFiles embed.FS

// server serves the page and the programs, and what they talk to: /echo, and
// /sink, which reads slowly.
type server struct {
	*httptest.Server
	mux     *http.ServeMux
	dir     string // of the programs
	callers int    // how many pages have fetched their calls
}

// newServer builds the programs of the contestants and starts a server.
func newServer(ctx context.Context, names []contestant) (*server, error) {
	dir, err := os.MkdirTemp("", "bench-browser")
	if err != nil {
		return nil, err
	}
	if err := build(ctx, dir, names); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	page, err := fs.Sub(pageFiles, "page")
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(page))
	programs := http.FileServer(http.Dir(dir))
	mux.Handle("/wasm_exec.js", programs)
	for _, c := range names {
		mux.Handle("/"+c.name+".wasm", programs)
	}
	mux.HandleFunc("/echo", serving(echo))
	mux.HandleFunc("/sink", serving(sink))
	return &server{Server: httptest.NewServer(mux), mux: mux, dir: dir}, nil
}

// callable returns the URL of the page that fetches its calls from c.
func (s *server) callable(c *caller) string {
	s.callers++
	path := "/calls/" + strconv.Itoa(s.callers)
	s.mux.Handle("POST "+path, c)
	return s.URL + "/?calls=" + path
}

// close ends the server. The browser is gone by then, and so are its
// connections.
func (s *server) close() error {
	s.Close()
	return os.RemoveAll(s.dir)
}

// build compiles the contestants that are Go programs, and adds what runs them.
func build(ctx context.Context, dir string, names []contestant) error {
	for _, c := range names {
		if c.name == javaScript {
			continue
		}
		const pkg = "github.com/twinws/ws/bench/browser/contestant/"
		if _, err := goTool(ctx, "build", "-o", filepath.Join(dir, c.name+".wasm"), pkg+c.name); err != nil {
			return err
		}
	}
	root, err := goTool(ctx, "env", "GOROOT")
	if err != nil {
		return err
	}
	js, err := os.ReadFile(filepath.Join(strings.TrimSpace(root), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "wasm_exec.js"), js, 0o666)
}

// goTool runs the go command for the browser's home.
func goTool(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

// serving accepts a connection and has f serve it until it ends.
func serving(f func(context.Context, *ws.Conn) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{ReadLimit: -1})
		if err != nil {
			return // Accept has answered
		}
		defer c.CloseNow()
		if err := f(r.Context(), c); ws.CloseStatus(err) == -1 {
			fmt.Fprintf(os.Stderr, "browser: %s: %v\n", r.URL.Path, err)
		}
	}
}

// echo sends back what it reads, until the connection is closed.
func echo(ctx context.Context, c *ws.Conn) error {
	var buf []byte
	for {
		typ, p, err := c.ReadAppend(ctx, buf[:0])
		if err != nil {
			return err
		}
		if err := c.Write(ctx, typ, p); err != nil {
			return err
		}
		buf = p
	}
}

// sink reads a message each sinkPause, until the connection is closed.
func sink(ctx context.Context, c *ws.Conn) error {
	pause := time.NewTicker(sinkPause)
	defer pause.Stop()
	var buf []byte
	for {
		<-pause.C
		var err error
		if _, buf, err = c.ReadAppend(ctx, buf[:0]); err != nil {
			return err
		}
	}
}
