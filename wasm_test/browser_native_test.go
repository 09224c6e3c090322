//go:build !js

package wasmtest

import (
	"cmp"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws/api/apitest"
)

// browserPlaces are the tests of the js build in which every case must pass.
var browserPlaces = []string{"TestConformance/page", "TestConformance/page_nhooyr", "TestWorker"}

// TestBrowser runs the js build's tests in a headless browser, against a server
// of its own, and checks that each listed test passed.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if os.Getenv("WS_NO_BROWSER") == "1" {
		t.Logf("left out, as WS_NO_BROWSER=1 asks: %s, TestStandard", strings.Join(browserPlaces, ", "))
		return
	}
	runner, err := findRunner()
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(newServer(t))
	defer s.Close()
	results, output := runProgram(t, ".", []string{"WS_URL=" + wsURL(s)}, runner)
	for _, p := range browserPlaces {
		results.want(t, p, apitest.Names())
	}
	results.want(t, "TestJSON", []string{"page", "page_nhooyr"})
	rules := listedRules(t)
	results.want(t, "TestStandard", rules)
	results.want(t, "TestWorker", rules)
	results.wantNoOther(t, "TestStandard", rules)
	results.want(t, "TestNetConn", netConnTests)
	if t.Failed() {
		t.Logf("the browser's output:\n%s", output)
	}
}

// want checks that every named subtest of test has passed.
func (o outcomes) want(t *testing.T, test string, names []string) {
	t.Helper()
	passed := 0
	for _, name := range names {
		if name = test + "/" + name; o[name] == "pass" {
			passed++
		} else {
			t.Errorf("%s: %s", name, cmp.Or(o[name], "did not run"))
		}
	}
	t.Logf("%s: %d of %d passed", test, passed, len(names))
}

// wantNoOther checks that no other subtest of test than the named ones has run,
// except for their groups.
func (o outcomes) wantNoOther(t *testing.T, test string, names []string) {
	t.Helper()
	for name := range o {
		rule, ok := strings.CutPrefix(name, test+"/")
		if ok && strings.Contains(rule, "/") && !slices.Contains(names, rule) {
			t.Errorf("%s has run and is not in %s", name, standardList)
		}
	}
}

// findRunner returns the path of wasmbrowsertest, or an error that says what is
// missing.
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

// hasBrowser looks for a browser where wasmbrowsertest does.
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
