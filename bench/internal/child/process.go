// Package child runs contestants in processes of their own and queries their
// resource usage: both ends of a protocol over the child's standard input and
// output, with lines of JSON. A child exits when its input ends.
package child

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// patience is how long a child may take to end by itself.
const patience = 2 * time.Second

// Process is a running child.
type Process struct {
	Addr string // where its server listens

	cmd    *exec.Cmd
	in     io.WriteCloser
	enc    *json.Encoder
	dec    *json.Decoder
	errors bytes.Buffer
}

// Start runs a program whose main calls Serve. The process is killed when ctx
// ends.
func Start(ctx context.Context, program string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.CommandContext(ctx, program, args...)}
	p.cmd.WaitDelay = patience
	p.cmd.Stderr = &p.errors
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.in, p.enc, p.dec = in, json.NewEncoder(in), json.NewDecoder(out)
	a, err := p.read()
	if err != nil {
		p.Stop()
		return nil, err
	}
	p.Addr = a.Addr
	return p, nil
}

// Ask sends a question and waits for the answer.
func (p *Process) Ask(ask Ask) (Answer, error) {
	if err := p.enc.Encode(ask); err != nil {
		return Answer{}, p.explain(err)
	}
	return p.read()
}

// Usage asks for a mark, or to settle.
func (p *Process) Usage(do string) (Usage, error) {
	a, err := p.Ask(Ask{Do: do})
	return a.Usage, err
}

func (p *Process) read() (a Answer, err error) {
	if err := p.dec.Decode(&a); err != nil {
		return a, p.explain(err)
	}
	if a.Err != "" {
		return a, errors.New(a.Err)
	}
	return a, nil
}

func (p *Process) explain(err error) error {
	p.Stop()
	return fmt.Errorf("%v: %w: %s", p.cmd.Args, err, bytes.TrimSpace(p.errors.Bytes()))
}

// hung is how long anything may take; on a busy machine opening 10,000
// connections takes seconds.
const hung = time.Minute

// Guard kills the process unless the function it returns is called soon: the
// connections of a contestant that hangs then break, and nobody waits
// indefinitely.
func (p *Process) Guard() (done func() bool) {
	return time.AfterFunc(hung, func() { p.cmd.Process.Kill() }).Stop
}

// Stop ends the process, and may be called more than once.
func (p *Process) Stop() {
	p.in.Close()
	kill := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer kill.Stop()
	p.cmd.Wait()
}
