//go:build !js

package wasmtest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twinws/ws/api/apitest"
)

// browserTime bounds the whole run in the browser, compiling included.
const browserTime = 4 * time.Minute

// browserPlaces are the tests of the js build in which every case must pass.
var browserPlaces = []string{"TestConformance/page", "TestConformance/page_nhooyr", "TestWorker"}

// TestBrowser runs the js build's tests in a headless browser, against a server
// of its own, and counts what passed there.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if os.Getenv("WS_NO_BROWSER") == "1" {
		t.Logf("left out, as WS_NO_BROWSER=1 asks: %s", strings.Join(browserPlaces, ", "))
		return
	}
	runner, err := findRunner()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	results, output := runBrowser(t, runner, "WS_URL="+wsURL(s))
	for _, p := range browserPlaces {
		passed := 0
		for _, name := range apitest.Names() {
			if test := p + "/" + name; results[test] == "pass" {
				passed++
			} else {
				t.Errorf("%s: %s", test, cmp.Or(results[test], "did not run"))
			}
		}
		t.Logf("%s: %d cases passed", p, passed)
	}
	if t.Failed() {
		t.Logf("the browser's output:\n%s", output)
	}
}

// event is a line of go test -json (go doc test2json).
type event struct{ Action, Test, Output string }

// runBrowser runs this package's js tests and returns the outcome of each, and
// the output.
func runBrowser(t *testing.T, runner string, env ...string) (results map[string]string, output string) {
	ctx, cancel := context.WithTimeout(t.Context(), browserTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout", "120s", "-exec", runner, ".")
	cmd.Env = append(smallEnv(), append(env, "GOOS=js", "GOARCH=wasm")...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // lets it end the browser
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("go test in the browser: %v", err)
	}
	results = map[string]string{}
	var text strings.Builder
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			text.WriteString(lines.Text() + "\n")
			continue
		}
		text.WriteString(e.Output)
		switch e.Action {
		case "pass", "fail", "skip":
			results[e.Test] = e.Action
		}
	}
	if err := lines.Err(); err != nil {
		t.Errorf("go test -json: %v", err)
	}
	return results, text.String()
}

// smallEnv is what go and a browser need of the environment: wasm programs
// take 12,288 bytes of it and arguments at most.
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

// findRunner returns the path of wasmbrowsertest, and tells what is missing.
func findRunner() (string, error) {
	const without = "; or set WS_NO_BROWSER=1 to leave the browser's tests out"
	if !hasBrowser() {
		return "", errors.New("no Chromium or Chrome is on the PATH: install one (Debian: apt-get install chromium)" + without)
	}
	for _, path := range []string{os.Getenv("WASMBROWSERTEST"), filepath.Join("..", "bin", "wasmbrowsertest"), "wasmbrowsertest"} {
		if path == "" {
			continue
		}
		if found, err := exec.LookPath(path); err == nil {
			return filepath.Abs(found)
		}
	}
	return "", errors.New("wasmbrowsertest is neither named by WASMBROWSERTEST, nor in ../bin, nor on the PATH: make bin/wasmbrowsertest" + without)
}

// hasBrowser looks where wasmbrowsertest will look.
func hasBrowser() bool {
	for _, name := range []string{
		"headless_shell", "headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"google-chrome-beta", "google-chrome-unstable", "/usr/bin/google-chrome", "/usr/local/bin/chrome",
		"/snap/bin/chromium", "chrome", "chrome.exe",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
	} {
		if _, err := exec.LookPath(name); err == nil {
			return true
		}
	}
	return false
}
