package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What the tests build: the command, and a program to run in homes.
var built struct{ homes, program string }

// noHomes leaves out the tests that need a home installed.
var noHomes = os.Getenv("WS_NO_HOMES") == "1"

func TestMain(m *testing.M) {
	if fake := os.Getenv("FAKE_BROWSER"); fake != "" {
		os.Exit(fakeBrowser(fake, os.Args[len(os.Args)-1]))
	}
	if noHomes {
		fmt.Println("WS_NO_HOMES=1: the tests of this package that run a browser or a runtime were NOT run")
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "h") // short: a browser's sockets lie below it
	if err != nil {
		fmt.Println("FAIL:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	built.homes = filepath.Join(dir, "homes")
	built.program = filepath.Join(dir, "a {program}.wasm") // a name with all that a URL must escape
	js := []string{"GOOS=js", "GOARCH=wasm"}
	if err := errors.Join(goBuild(nil, built.homes, "."), goBuild(js, built.program, "./testdata/program")); err != nil {
		fmt.Println("FAIL:", err)
		return 1
	}
	return m.Run()
}

func goBuild(env []string, out, pkg string) error {
	cmd := exec.Command("go", "build", "-o", out, pkg)
	cmd.Env = append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// fakeBrowser is what the test's own program does in the place of a browser.
func fakeBrowser(does, url string) int {
	switch does {
	case "fail":
		fmt.Fprintln(os.Stderr, "no display")
		return 3
	case "wait":
		select {}
	}
	// As the page does.
	base, _, _ := strings.Cut(url, "?")
	res, err := http.Get(url)
	if err != nil {
		return 1
	}
	res.Body.Close()
	if res, err = http.Post(base+"home/exit?code=7", "", nil); err != nil {
		return 1
	}
	res.Body.Close()
	select {}
}

func needHomes(t *testing.T) {
	t.Helper()
	if noHomes {
		t.Skip("WS_NO_HOMES=1: left out, as it asks")
	}
}

// result is how the command ended.
type result struct {
	code           int
	stdout, stderr string
}

// run runs the command with env added to the environment.
func run(t *testing.T, env []string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), built.homes, args...)
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// want says what the exit code and the end of standard error should be.
func (r result) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, text := range texts {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("standard error lacks %q", text)
		}
	}
	if t.Failed() {
		t.Logf("it printed\n%s\nand on standard error\n%s", r.stdout, r.stderr)
	}
}

// Whoever names something that there is not is told what there is.
func TestUnknown(t *testing.T) {
	all := []string{"want one of"}
	for _, h := range homes {
		all = append(all, h.name)
	}
	run(t, nil, "run", "lynx", built.program).want(t, 2, append(all, `no home "lynx"`)...)
	run(t, nil, "open", "lynx", "http://127.0.0.1/").want(t, 2, `no browser "lynx"`, "want one of chromium, firefox, webkit")
	run(t, nil, "run", "node24", "nowhere.wasm").want(t, 1, "nowhere.wasm", "no such file")
	for _, args := range [][]string{{}, {"run"}, {"run", "node24"}, {"open", "firefox"}, {"open", "-dark", "firefox"},
		{"open", "firefox", "http://127.0.0.1/", "more"}, {"list", "more"}, {"walk"}} {
		run(t, nil, args...).want(t, 2, usage)
	}
}

// Whatever is not installed is named, with what installs it.
func TestMissing(t *testing.T) {
	path := t.TempDir() // with go, which tells where its JavaScript is
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(goTool, filepath.Join(path, "go")); err != nil {
		t.Fatal(err)
	}
	env := []string{"WS_HOMES=" + t.TempDir(), "PATH=" + path}
	const advice = "run scripts/need.sh homes"
	for _, h := range homes {
		t.Run(h.name, func(t *testing.T) {
			r := run(t, env, "run", h.name, built.program, "say", "0")
			r.want(t, 1, "is not installed", advice)
			if r.stdout != "" {
				t.Errorf("it printed %q", r.stdout)
			}
		})
	}
	list := run(t, env, "list")
	list.want(t, 1)
	if got := strings.Count(list.stdout, advice); got != len(homes) {
		t.Errorf("homes list names %d of %d as missing:\n%s", got, len(homes), list.stdout)
	}
}
