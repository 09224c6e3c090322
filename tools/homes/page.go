package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

// patience is how long a browser may take to request the page, and attempts how
// often it is started. A busy machine may need both.
const (
	patience = time.Minute
	attempts = 3
)

// programURL is the path of the program, whatever its file is named.
const programURL = "/home/program.wasm"

// inBrowser returns a home in a browser: its window, or one of its kinds of
// Workers.
func inBrowser(name, of, place string) home {
	b := browsers[of]
	return home{name, b.version, func(ctx context.Context, program []string) (int, error) {
		p, err := newPage(program)
		if err != nil {
			return 1, err
		}
		return p.run(ctx, b, place)
	}}
}

var errSlow = errors.New("the browser did not request the page")

// page serves one program, and receives its output and exit code.
type page struct {
	mux    *http.ServeMux
	asked  chan struct{} // one token, after the page was requested
	ended  chan int      // one exit code
	stdout io.Writer
	stderr io.Writer
	after  func(time.Duration) <-chan time.Time // time.After
}

func newPage(program []string) (*page, error) {
	exec, err := wasmExec("wasm_exec.js")
	if err != nil {
		return nil, err
	}
	p := &page{mux: http.NewServeMux(), asked: make(chan struct{}, 1), ended: make(chan int, 1),
		stdout: os.Stdout, stderr: os.Stderr, after: time.After}
	p.file("/wasm_exec.js", exec)
	p.file(programURL, program[0])
	p.mux.HandleFunc("GET /home/run.js", func(w http.ResponseWriter, r *http.Request) { serveEmbedded(w, r, "run.js") })
	p.mux.HandleFunc("GET /home/setup.json", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"wasm": programURL, "argv": program, "env": wsEnv()})
	})
	p.mux.HandleFunc("POST /home/output", p.print)
	p.mux.HandleFunc("POST /home/exit", p.exit)
	p.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		put(p.asked)
		serveEmbedded(w, r, "index.html")
	})
	p.mux.HandleFunc("GET /favicon.ico", http.NotFound)
	if server := os.Getenv("WS_URL"); server != "" {
		u, err := url.Parse("http" + strings.TrimPrefix(server, "ws"))
		if err != nil {
			return nil, err
		}
		p.mux.Handle("/", httputil.NewSingleHostReverseProxy(u))
	}
	return p, nil
}

func put(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	p.mux.ServeHTTP(w, r)
}

func (p *page) file(at, path string) {
	p.mux.HandleFunc("GET "+at, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType(path))
		http.ServeFile(w, r, path)
	})
}

func serveEmbedded(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("Content-Type", contentType(name))
	http.ServeFileFS(w, r, pageFiles, "page/"+name)
}

// contentType returns the media type of a file. The system's table may lack it,
// and a browser runs no script or WebAssembly of another type.
func contentType(name string) string {
	switch filepath.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	}
	return "application/wasm"
}

// print receives what the program wrote to a file descriptor.
func (p *page) print(w http.ResponseWriter, r *http.Request) {
	out := p.stdout
	if r.URL.Query().Get("fd") == "2" {
		out = p.stderr
	}
	io.Copy(out, r.Body)
}

func (p *page) exit(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.FormValue("code"))
	if err != nil {
		code = 1
	}
	select {
	case p.ended <- code:
	default:
	}
}

// run runs the program in a place of a browser, and returns its exit code.
func (p *page) run(ctx context.Context, b browser, place string) (code int, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1, err
	}
	s := &http.Server{Handler: p}
	go s.Serve(l)
	defer s.Close()
	at := address{url: "http://" + l.Addr().String() + "/?" + place}
	for range attempts {
		code, err := p.watch(ctx, b, at)
		if err != errSlow {
			return code, err
		}
		fmt.Fprintf(p.stderr, "homes: the browser did not request its page in %v: starting it again\n", patience)
	}
	return 1, errSlow
}

// watch runs the browser until the program in it has ended, and returns its
// exit code.
func (p *page) watch(ctx context.Context, b browser, at address) (code int, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	closed := make(chan error, 1)
	go func() {
		err := open(ctx, b, at)
		cancel(err)
		closed <- err
	}()
	defer func() { cancel(nil); <-closed }()
	slow := p.after(patience)
	for {
		select {
		case <-p.asked:
			slow = nil
		case code := <-p.ended:
			return code, nil
		case <-slow:
			return 1, errSlow
		case <-ctx.Done():
			return 1, context.Cause(ctx)
		}
	}
}

// wsEnv returns the part of the environment that a program in a page gets: the
// variables of the tests. A program accepts at most 12,288 bytes of environment
// and arguments.
func wsEnv() map[string]string {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		if name, value, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "WS_") {
			env[name] = value
		}
	}
	return env
}

// wasmExec returns the path of one of Go's JavaScript files.
func wasmExec(name string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", name), nil
}
