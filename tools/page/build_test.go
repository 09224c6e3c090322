// Package page_test tries examples/page in a browser, as make serve serves it.
package page_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinws/ws/tools/chrome"
)

// root is the root of the library's module, from here.
const root = "../.."

var (
	browser *chrome.Browser
	origin  string // http://127.0.0.1:PORT, where the page is served
	dir     string // for what is built
)

var (
	noBrowser = os.Getenv("WS_NO_BROWSER") == "1" // no test that drives Chromium
	noHomes   = os.Getenv("WS_NO_HOMES") == "1"   // no test in Firefox and WebKit
)

func TestMain(m *testing.M) {
	run := func() int { return chrome.Main(m, &browser, chrome.Options{}) }
	switch {
	case noBrowser && noHomes:
		os.Exit(run()) // says that it runs nothing
	case noBrowser:
		fmt.Println("WS_NO_BROWSER=1: the tests of this package that drive Chromium were NOT run")
		run = m.Run
	}
	os.Exit(servePage(run))
}

// servePage builds the page and the test server, and serves while run runs.
func servePage(run func() int) (code int) {
	var err error
	if dir, err = os.MkdirTemp("", "page"); err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	folder := filepath.Join(dir, "page")
	server := filepath.Join(dir, "testserver")
	if err := errors.Join(buildPage(folder), goBuild(root, nil, "-o", server, "./testserver")); err != nil {
		return fail(err)
	}
	cmd := exec.Command(server, "-addr", "127.0.0.1:0", "-page", folder)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fail(err)
	}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait() // how it ended does not matter
	}()
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		return fail(fmt.Errorf("the test server said %q: %w", line, err))
	}
	origin = strings.TrimPrefix(strings.TrimSpace(line), "listening on ")
	go io.Copy(io.Discard, lines) // so that it never blocks on its output
	return run()
}

func fail(err error) int {
	fmt.Println("FAIL:", err)
	return 1
}

// buildPage puts into folder what a page consists of.
func buildPage(folder string) error {
	err := goBuild(root, []string{"GOOS=js", "GOARCH=wasm"},
		"-trimpath", "-ldflags=-s -w", "-o", filepath.Join(folder, "main.wasm"), "./examples/page")
	if err != nil {
		return err
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	files := []string{filepath.Join(strings.TrimSpace(string(goroot)), "lib/wasm/wasm_exec.js")}
	for _, pattern := range []string{"*.html", "*.css", "*.js"} {
		more, err := filepath.Glob(filepath.Join(root, "examples/page", pattern))
		if err != nil {
			return err
		}
		files = append(files, more...)
	}
	for _, file := range files {
		p, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(file)), p, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// goBuild builds in a module's folder.
func goBuild(module string, env []string, args ...string) error {
	cmd := exec.Command("go", append([]string{"build"}, args...)...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %q: %w\n%s", args, err, out)
	}
	return nil
}
