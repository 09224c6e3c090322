package standard

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws"
	"github.com/twinws/ws/testserver/server"
	"github.com/twinws/ws/tools/chrome"
)

var (
	browser *chrome.Browser
	// plain and secure serve the same, over TCP and over TLS: the testserver's
	// endpoints, and the page under each of policies.
	plain, secure *httptest.Server
	// connecting tells of each request that /hang will not answer.
	connecting = make(chan struct{}, 10)
)

// policies are the folders that the page is served in, and their header.
var policies = map[string]http.Header{
	"/page/":   nil,
	"/strict/": {"Content-Security-Policy": {"default-src 'self' data:; script-src 'self' 'wasm-unsafe-eval'"}},
	"/denied/": {"Content-Security-Policy": {"connect-src 'self'"}},
	"/fresh/":  {"Cache-Control": {"no-store"}}, // keeps it out of the back/forward cache
}

func TestMain(m *testing.M) {
	if os.Getenv("WS_NO_BROWSER") == "1" {
		os.Exit(chrome.Main(m, &browser, chrome.Options{})) // says so
	}
	os.Exit(serve(func() int {
		return chrome.Main(m, &browser, chrome.Options{
			Trust: []*x509.Certificate{secure.Certificate()},
			Hosts: []string{"*.test"},
		})
	}))
}

// serve builds the page and serves it while run runs.
func serve(run func() int) (code int) {
	folder, err := os.MkdirTemp("", "standard")
	if err != nil {
		fmt.Println("FAIL:", err)
		return 1
	}
	defer os.RemoveAll(folder)
	if err := build(folder); err != nil {
		fmt.Println("FAIL:", err)
		return 1
	}
	endpoints := server.New(server.Options{})
	defer endpoints.Close()
	mux := http.NewServeMux()
	mux.Handle("/", endpoints)
	mux.HandleFunc("/hang", func(w http.ResponseWriter, r *http.Request) {
		connecting <- struct{}{}
		endpoints.ServeHTTP(w, r)
	})
	for path, header := range policies {
		mux.Handle(path, http.StripPrefix(path, chrome.Files(os.DirFS(folder), header)))
	}
	plain, secure = httptest.NewServer(mux), httptest.NewTLSServer(mux)
	defer secure.Close()
	defer plain.Close()
	return run()
}

// build puts into folder what the page consists of.
func build(folder string) error {
	cmd := exec.Command("go", "build", "-o", filepath.Join(folder, "main.wasm"), "./page")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the page: %w\n%s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	exec, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	return errors.Join(err,
		os.WriteFile(filepath.Join(folder, "wasm_exec.js"), exec, 0o600),
		os.CopyFS(folder, os.DirFS("testdata")))
}

// page is the page's address at a server, under a policy.
func page(s *httptest.Server, policy string) string { return s.URL + policy + "index.html" }

// named is an address whose host is a name, not that of the machine itself,
// which browsers trust more.
func named(url, host string) string { return strings.Replace(url, "127.0.0.1", host, 1) }

// ws is the scheme's WebSocket twin: ws for http, wss for https.
func wsURL(s *httptest.Server) string { return "ws" + strings.TrimPrefix(s.URL, "http") }

// open opens a page and waits for its Go program.
func open(t *testing.T, url string) *chrome.Tab {
	t.Helper()
	tab := browser.Open(t, url)
	tab.Wait("self.twin")
	return tab
}

// outcome is what became of a promise.
type outcome struct {
	Value                          string
	Name, Message, Reason, Problem string // of its Error
	Code                           ws.StatusCode
	Clean                          bool
}

// told awaits a promise.
func told(tab *chrome.Tab, promise string) outcome {
	return chrome.Eval[outcome](tab, "told("+promise+")")
}

// wantEcho dials url from the page, or from a Worker of it, and sends a
// message.
func wantEcho(t *testing.T, tab *chrome.Tab, twin, url string) {
	t.Helper()
	if got := told(tab, fmt.Sprintf("echo(%s, %q)", twin, url)); got.Value != "hello" {
		t.Errorf("%s: the echo of %s is %+v", twin, url, got)
	}
}

// wantRefused checks that url cannot be dialed, and that this is known before
// HandshakeTimeout.
func wantRefused(t *testing.T, tab *chrome.Tab, twin, url, problem string) {
	t.Helper()
	begin := time.Now()
	got := told(tab, fmt.Sprintf("%s.dial(%q)", twin, url))
	if got.Name != "HandshakeError" || !strings.Contains(got.Problem, problem) {
		t.Errorf("%s: dialing %s: %+v, want a HandshakeError with the problem %q", twin, url, got, problem)
	}
	if d := time.Since(begin); d >= 10*time.Second {
		t.Errorf("%s: dialing %s took %v", twin, url, d)
	}
}

// wantSeen compares how the connection with an id ended for the server.
func wantSeen(t *testing.T, id, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := ws.Dial(ctx, wsURL(plain)+"/seen?id="+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if _, p, err := c.Read(ctx); err != nil || string(p) != want {
		t.Errorf("the server saw %q of %s, %v; want %q", p, id, err, want)
	}
}
