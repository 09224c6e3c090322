//go:build !js

package legacytest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds one connection. It takes a second, or many on a machine with
// much else to do.
const patience = 3 * time.Minute

const advice = "; scripts/need.sh interop installs it on Debian, and WS_NO_PEERS=1 leaves these tests out"

func missingRuby() string {
	return missing("Ruby with its gems websocket and websocket-driver (Debian: apt-get install ruby ruby-websocket ruby-websocket-driver)",
		"ruby", "-e", "require 'websocket'; require 'websocket/driver'")
}

func missingPerl() string {
	return missing("Perl's Protocol::WebSocket (Debian: apt-get install libprotocol-websocket-perl)",
		"perl", "-MProtocol::WebSocket", "-e", "1")
}

func missingNode() string {
	if _, err := os.Stat(filepath.Join("testdata", "node", "node_modules", "websocket-driver")); err != nil {
		return "the packages of internal/legacytest/testdata/node are not there (npm ci --ignore-scripts in it)" + advice
	}
	return missing("Node.js (Debian: apt-get install nodejs npm)", "node", "--version")
}

func missing(what, name string, args ...string) string {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Sprintf("%s: %v%s\n%s", what, err, advice, out)
	}
	return ""
}

// needs ends a test whose peer is not there; it fails, unless peers are not
// wanted.
func needs(t *testing.T, p peer) {
	t.Helper()
	if os.Getenv("WS_NO_PEERS") == "1" {
		t.Skip("WS_NO_PEERS=1: NOT tested against " + p.name)
	}
	if m := p.missing(); m != "" {
		t.Fatal(m)
	}
}

// process is a peer at work.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	trouble bytes.Buffer // its standard error
	cancel  context.CancelFunc
}

// start runs a program of testdata, and gives it a line of JSON.
func start(ctx context.Context, t *testing.T, command []string, tell any) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cmd: exec.CommandContext(ctx, command[0], command[1:]...), cancel: cancel}
	p.cmd.Dir, p.cmd.WaitDelay, p.cmd.Stderr = "testdata", time.Second, &p.trouble
	var out io.Reader
	var err error
	if p.in, err = p.cmd.StdinPipe(); err == nil {
		out, err = p.cmd.StdoutPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		t.Fatalf("%v: %v", command, err)
	}
	p.out = bufio.NewReader(out)
	t.Cleanup(p.end)
	if err := json.NewEncoder(p.in).Encode(tell); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, p.heard())
	}
	return p
}

// hears reads a line of JSON.
func (p *process) hears(t *testing.T, v any) {
	t.Helper()
	line, err := p.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, v)
	}
	if err != nil {
		t.Fatalf("%v printed %q: %v\n%s", p.cmd.Args, line, err, p.heard())
	}
}

// port is where a server listens.
func (p *process) port(t *testing.T) int {
	t.Helper()
	var at struct{ Port int }
	p.hears(t, &at)
	return at.Port
}

// heard ends the process, and returns what it has complained about.
func (p *process) heard() string {
	p.end()
	return p.trouble.String()
}

// end ends the process, which may have ended, and waits for that.
func (p *process) end() {
	p.cancel()
	p.in.Close()
	p.cmd.Wait() // its exit status does not matter: it was killed, or it has reported
}

// reports reads the report, checks that there was no complaint, and that the
// version is the one that all this is about.
func (p *process) reports(t *testing.T, of peer) (r report) {
	t.Helper()
	p.hears(t, &r)
	if s := p.heard(); s != "" {
		t.Errorf("%v complains:\n%s", p.cmd.Args, s)
	}
	if r.Library != of.version {
		t.Errorf("this is version %s of %s: the table and what it gets wrong are about %s", r.Library, of.name, of.version)
	}
	return r
}
