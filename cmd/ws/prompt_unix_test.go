//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// session is ws running in a pseudo-terminal.
type session struct {
	*testing.T
	cmd  *exec.Cmd
	tty  *os.File
	out  chan string // what it writes, in pieces; closed at its end
	seen string      // what was written and not yet expected
}

// begin starts ws in a terminal of 24 lines of 200 columns.
func begin(t *testing.T, env []string, args ...string) *session {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	state := t.TempDir()
	cmd.Env = append(os.Environ(), asCommand+"=1", "GORACE=atexit_sleep_ms=0", "TERM=xterm", "NO_COLOR=", "XDG_STATE_HOME="+state)
	cmd.Env = append(cmd.Env, env...)
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{T: t, cmd: cmd, tty: tty, out: make(chan string, 1000)}
	over := time.AfterFunc(limit, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		over.Stop()
		tty.Close()
		cmd.Process.Kill()
	})
	go func() {
		defer close(s.out)
		for buf := make([]byte, 4096); ; {
			n, err := tty.Read(buf)
			s.out <- string(buf[:n])
			if err != nil { // EIO on Linux when the process has ended
				return
			}
		}
	}()
	return s
}

// expect waits until what is written has each of these texts in it, in any
// order, and forgets what was written up to the end of the last.
func (s *session) expect(texts ...string) {
	s.Helper()
	for {
		end := 0
		for _, want := range texts {
			i := strings.Index(s.seen, want)
			if i < 0 {
				end = -1
				break
			}
			end = max(end, i+len(want))
		}
		if end >= 0 {
			s.seen = s.seen[end:]
			return
		}
		piece, ok := <-s.out
		if !ok {
			s.Fatalf("not all of %q, but %q", texts, s.seen)
		}
		s.seen += piece
	}
}

// typed sends keys.
func (s *session) typed(keys string) {
	s.Helper()
	if _, err := s.tty.WriteString(keys); err != nil {
		s.Fatal(err)
	}
}

// ends waits for the end of the program.
func (s *session) ends(status int) {
	s.Helper()
	for piece := range s.out {
		s.seen += piece
	}
	s.cmd.Wait()
	if got := s.cmd.ProcessState.ExitCode(); got != status {
		s.Errorf("exit status %d, want %d; the last output was %q", got, status, s.seen)
	}
}

const (
	up   = "\x1b[A"
	left = "\x1b[D"
)

func TestPrompt(t *testing.T) {
	url := testServer(t)
	s := begin(t, nil, "dial", url+"/echo?id=prompt")
	s.expect("* connected to " + url + "/echo?id=prompt; /help lists the commands")
	s.typed("helo" + left + "l\r")
	s.expect("< hello\r\n")
	s.typed(up + "!\r")
	s.expect("< hello!\r\n")
	s.typed("//slash\r")
	s.expect("< /slash\r\n")
	s.typed("/ping are you there\r")
	s.expect(`* pong: "are you there" after `)
	s.typed("/bin\t00 ff\r") // Tab completes
	s.expect("< binary message of 2 bytes\r\n00000000  00 ff ")
	s.typed("/nothing\r")
	s.expect("* /nothing is no command: /help lists them")
	s.typed("/close 999\r")
	s.expect("* /close: 999 may not be sent")
	s.typed("/binary 0\r")
	s.expect("* /binary: ")
	s.typed("/help\r")
	s.expect("/close [CODE [REASON]]")
	s.typed("/close 4001 good bye\r")
	s.expect("* the connection was closed by this side: status 4001")
	s.ends(exitOK)

	// What the server saw.
	text(t, "", "dial", "-n", "1", url+"/seen?id=prompt").want(t, exitOK, "4001 good bye\n", "")
}

func TestPromptFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(file, []byte{1, 2, 3}, 0o600); err != nil {
		t.Fatal(err)
	}
	s := begin(t, nil, "dial", "--binary-out", "base64", testServer(t)+"/echo")
	s.expect("> ")
	s.typed("/file " + file + "\r")
	s.expect("* sent 3 bytes", "< AQID\r\n")
	s.typed("/file /nonexistent\r")
	s.expect("* /file: open /nonexistent: no such file or directory")
	s.typed("\x04") // Ctrl-D
	s.ends(exitOK)
}

// The server ends the connection: the prompt ends and says how, and the
// terminal is no longer in raw mode.
func TestPromptClosed(t *testing.T) {
	s := begin(t, nil, "dial", testServer(t)+"/close?after=1&code=4002&reason=go")
	s.expect("> ")
	s.typed("bye\r")
	s.expect(`* the peer closed the connection: status 4002 "go"`)
	s.expect("\x1b[?2004l")
	s.ends(exitClosed)
}

// Lines that come in one paste are one message.
func TestPromptPaste(t *testing.T) {
	s := begin(t, nil, "dial", testServer(t)+"/count")
	s.expect("> ")
	s.typed("\x1b[200~{\r\"a\": 1\r}\r\x1b[201~")
	s.typed("\r")
	s.typed("x\r")
	s.typed("/ping sent\r") // is answered behind them
	s.expect("* pong")
	s.typed("\x03") // Ctrl-C
	// 2 messages: {"a": 1} with two newlines, and x.
	s.expect(`status 1000 normal closure "2 11"`)
	s.ends(exitOK)
}

func TestPromptHistory(t *testing.T) {
	url := testServer(t) + "/echo"
	file := filepath.Join(t.TempDir(), "deep", "history")
	s := begin(t, nil, "dial", "--history", file, url)
	s.expect("> ")
	for _, line := range []string{"apple", "banana", "apricot"} {
		s.typed(line + "\r")
		s.expect("< " + line + "\r\n")
	}
	s.typed("\x04")
	s.ends(exitOK)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the history file: %v, %v", info, err)
	}

	s = begin(t, nil, "dial", "--history", file, url)
	s.expect("> ")
	s.typed("ap\x12\x12\r") // Ctrl-R twice: the second newest with "ap"
	s.expect("< apple\r\n")
	s.typed(up + up + "s\r") // the newest is apple, before it apricot
	s.expect("< apricots\r\n")
	s.typed("\x04")
	s.ends(exitOK)

	s = begin(t, nil, "dial", "--no-history", "--history", file, url)
	s.expect("> ")
	s.typed("secret\r")
	s.expect("< secret\r\n")
	s.typed("\x04")
	s.ends(exitOK)
	if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), "secret") {
		t.Errorf("the history file: %v\n%s", err, data)
	}
}

// What a server sends must not steer the terminal.
func TestPromptIsSafe(t *testing.T) {
	// A text of ESC ] 0 ; x BEL, which sets the title of a window.
	s := begin(t, nil, "dial", testServer(t)+"/raw?hex=81061b5d303b7807")
	s.expect("< \u241b]0;x\u2407\r\n")
	s.typed("\x04")
	s.ends(exitOK)
}

func TestPromptColors(t *testing.T) {
	url := testServer(t) + "/echo"
	s := begin(t, nil, "dial", "--json", url)
	s.expect("> ")
	s.typed(`{"a": [1, "b", null]}` + "\r")
	s.expect("< {\r\n  " + colorName + `"a"` + colorOff + ": [\r\n    " + colorNumber + "1" + colorOff + ",\r\n    " +
		colorString + `"b"` + colorOff + ",\r\n    " + colorWord + "null" + colorOff + "\r\n  ]\r\n}\r\n")
	s.typed("\x04")
	s.ends(exitOK)
	s = begin(t, []string{"NO_COLOR=1"}, "dial", "--json", url)
	s.expect("> ")
	s.typed(`{"a": 1}` + "\r")
	s.expect("< {\r\n  \"a\": 1\r\n}\r\n")
	s.typed("\x04")
	s.ends(exitOK)
}

func TestPromptResized(t *testing.T) {
	s := begin(t, nil, "dial", testServer(t)+"/echo")
	s.expect("> ")
	s.typed("before")
	s.expect("before")
	if err := pty.Setsize(s.tty, &pty.Winsize{Rows: 10, Cols: 20}); err != nil {
		t.Fatal(err)
	}
	s.expect("before") // is written again
	s.typed(" and after\r")
	s.expect("< before and after\r\n")
	s.typed("\x04")
	s.ends(exitOK)
}

// A test shows its progress on a terminal, and nothing of it remains.
func TestLoadProgress(t *testing.T) {
	s := begin(t, nil, "load", "-c", "2", "-d", "0", "-n", "2", testServer(t)+"/echo")
	s.expect("\r\x1b[K")
	s.expect("connections  2 opened, 0 failed, 0 ended early\r\n")
	s.ends(exitOK)
}

// Ctrl-C at a pipe's terminal is a signal: the connection is closed all the
// same.
func TestInterruptedProcess(t *testing.T) {
	url := testServer(t)
	s := begin(t, nil, "dial", "--stay", "-1", url+"/echo?id=int")
	s.typed("x\r\x04")    // the end of the input
	s.expect("x\r\n\r\n") // the answer: the terminal's own echo has one line
	s.typed("\x03")
	s.ends(exitInterrupted)
	text(t, "", "dial", "-n", "1", url+"/seen?id=int").want(t, exitOK, "1000 \n", "")
}

// SIGTERM closes the connection of a prompt, and restores the terminal.
func TestPromptTerminated(t *testing.T) {
	url := testServer(t)
	s := begin(t, nil, "dial", url+"/echo?id=term")
	s.typed("a\r")
	s.expect("< a\r\n")
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	s.expect("\x1b[?2004l")
	s.ends(exitInterrupted)
	text(t, "", "dial", "-n", "1", url+"/seen?id=term").want(t, exitOK, "1000 \n", "")
}
