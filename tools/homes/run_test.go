package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A home of each kind.
var kinds = []string{"firefox-window", "webkit-worker", "chromium-service", "node24", "deno", "bun", "workerd", "jsdom", "happy-dom"}

// What a program prints and its exit code come back, byte for byte, and it gets
// its arguments and its environment.
func TestRun(t *testing.T) {
	needHomes(t)
	for _, home := range kinds {
		t.Run(home, func(t *testing.T) {
			r := run(t, []string{"WS_TEST=wörld"}, "run", home, built.program, "say", "7", "-flag", `"ü"`)
			r.want(t, 7, "a problem\n")
			want := fmt.Sprintf("arguments %q, WS_TEST wörld\ne\xff\x00\xc3", []string{"say", "7", "-flag", `"ü"`})
			if r.stdout != want {
				t.Errorf("it printed %q, want %q", r.stdout, want)
			}
		})
	}
}

// A program that panics ends with 2 and its trace, in every home.
func TestRunPanic(t *testing.T) {
	needHomes(t)
	for _, home := range []string{"firefox-window", "node24", "workerd"} {
		t.Run(home, func(t *testing.T) {
			run(t, nil, "run", home, built.program, "panic").want(t, 2, "panic: oh", "main.main")
		})
	}
}

// What is no program is told by the home itself.
func TestRunNoProgram(t *testing.T) {
	needHomes(t)
	text := filepath.Join(t.TempDir(), "text.wasm")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, home := range []string{"firefox-window", "webkit-worker", "chromium-shared", "node24", "workerd", "jsdom"} {
		t.Run(home, func(t *testing.T) {
			run(t, nil, "run", home, text).want(t, 1, "CompileError")
		})
	}
}

// After an interrupt nothing is left: no process, and no file.
func TestInterrupt(t *testing.T) {
	needHomes(t)
	for _, home := range []string{"firefox-window", "webkit-window", "chromium-window", "node24", "workerd"} {
		t.Run(home, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "h")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			mark := "WS_MARK=" + dir
			cmd := exec.CommandContext(t.Context(), built.homes, "run", home, built.program, "wait")
			cmd.Env = append(os.Environ(), mark, "TMPDIR="+dir)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "waiting\n" {
				t.Errorf("it printed %q: %v", line, err)
			}
			if n := len(marked(t, mark)); n < 2 {
				t.Errorf("%d processes have the mark: want the command and its home", n)
			}
			cmd.Process.Signal(os.Interrupt)
			if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
				t.Errorf("interrupted: %v\n%s", err, &stderr)
			}
			if left := marked(t, mark); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			if files, err := os.ReadDir(dir); len(files) > 0 || err != nil {
				t.Errorf("left: %v, %v", files, err)
			}
		})
	}
}

// open shows a page until it is interrupted, in light or dark colours.
func TestOpen(t *testing.T) {
	needHomes(t)
	dark := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, `<!doctype html><script>
				fetch("/dark?" + matchMedia("(prefers-color-scheme: dark)").matches, {method: "POST"});</script>`)
		case r.Method == "POST":
			select {
			case dark <- r.URL.RawQuery:
			default:
			}
		}
	}))
	defer s.Close()
	for name := range browsers {
		for _, tt := range []struct {
			args []string
			want string
		}{
			{[]string{"open", name, s.URL}, "false"},
			{[]string{"open", "-dark", name, s.URL}, "true"},
		} {
			t.Run(name+" "+tt.want, func(t *testing.T) {
				cmd := exec.CommandContext(t.Context(), built.homes, tt.args...)
				var said bytes.Buffer
				cmd.Stdout, cmd.Stderr = &said, &said
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() { ended <- cmd.Wait() }()
				select {
				case got := <-dark:
					if got != tt.want {
						t.Errorf("does it prefer dark colours? %s, want %s", got, tt.want)
					}
				case err := <-ended:
					t.Fatalf("it ended: %v\n%s", err, &said)
				}
				cmd.Process.Signal(os.Interrupt)
				if err := <-ended; err != nil {
					t.Errorf("interrupted: %v\n%s", err, &said)
				}
			})
		}
	}
}

// marked are the command lines of the running processes with mark in their
// environment. What has ended and waits for its parent counts for nothing.
func marked(t *testing.T, mark string) (commands []string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("processes are looked for in /proc, which Linux has")
	}
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range environs {
		env, err := os.ReadFile(path)
		if err == nil && bytes.Contains(env, []byte(mark)) {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
			commands = append(commands, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return commands
}

// fake is a browser whose part this test's own program plays; attempt n does
// what the nth argument says, or the last.
func fake(t *testing.T, does ...string) (b browser, started *int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	started = new(int)
	return browser{command: func(_ string, p address) (*exec.Cmd, error) {
		cmd := exec.Command(self, p.url)
		cmd.Env = append(os.Environ(), "FAKE_BROWSER="+does[min(*started, len(does)-1)])
		*started++
		return cmd, nil
	}}, started
}

// A browser that ends by itself is told, with its status and what it said.
func TestBrowserFails(t *testing.T) {
	b, started := fake(t, "fail")
	p := testPage(t)
	code, err := p.run(t.Context(), b, "window")
	if code != 1 || err == nil || !strings.Contains(err.Error(), "the browser ended: exit status 3") || !strings.Contains(err.Error(), "no display") {
		t.Errorf("code %d, %v", code, err)
	}
	if *started != 1 {
		t.Errorf("it was started %d times", *started)
	}
}

// A browser that does not ask for its page is started again, three times at
// most.
func TestBrowserIsSlow(t *testing.T) {
	b, started := fake(t, "wait")
	p := testPage(t)
	p.after = func(time.Duration) <-chan time.Time { return passed() }
	code, err := p.run(t.Context(), b, "window")
	if code != 1 || !errors.Is(err, errSlow) || *started != attempts {
		t.Errorf("code %d, %v, started %d times", code, err, *started)
	}
}

// The second try counts.
func TestBrowserIsStartedAgain(t *testing.T) {
	b, started := fake(t, "wait", "ask")
	p := testPage(t)
	waits := []<-chan time.Time{passed(), nil}
	p.after = func(time.Duration) (wait <-chan time.Time) {
		wait, waits = waits[0], waits[1:]
		return wait
	}
	var said strings.Builder
	p.stderr = &said
	code, err := p.run(t.Context(), b, "window")
	if code != 7 || err != nil || *started != 2 {
		t.Errorf("code %d, %v, started %d times", code, err, *started)
	}
	if !strings.Contains(said.String(), "starting it again") {
		t.Errorf("it says %q", said.String())
	}
}

// passed is a time that has passed.
func passed() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}

func testPage(t *testing.T) *page {
	t.Helper()
	p, err := newPage([]string{built.program, "say", "0"})
	if err != nil {
		t.Fatal(err)
	}
	p.stdout, p.stderr = io.Discard, io.Discard
	return p
}
