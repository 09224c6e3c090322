package main

import (
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a program and all those that it starts, as one process group.
type process struct {
	cmd    *exec.Cmd
	output *tail
	done   chan error // one error, when it has ended
	once   sync.Once  // for end
}

// begin starts a program. Its output is kept for errors, unless cmd directs it
// elsewhere.
func begin(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, output: new(tail), done: make(chan error, 1)}
	if cmd.Stdout == nil {
		cmd.Stdout = p.output
	}
	if cmd.Stderr == nil {
		cmd.Stderr = p.output
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second // for pipes that its children keep open
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.done <- cmd.Wait() }()
	return p, nil
}

// end ends the whole group, with SIGTERM first, so that xvfb-run and browsers
// can clean up, and waits until all its processes have ended. Calls after the
// first do nothing: the group's number may be another's by then.
func (p *process) end() { p.once.Do(p.endGroup) }

func (p *process) endGroup() {
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	late := time.AfterFunc(5*time.Second, func() { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
	<-p.done
	late.Stop()
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // those that outlived their parent
	if adopts {
		waitAll()
	}
}

// adopts is whether descendants whose parent has ended become children of this
// process.
var adopts bool

// waitAll waits until this process has no children, for at most 5 s. Killed
// ones may still write into the profile's folder for a moment. The browsers'
// crash reporters have their own process groups; they end after their browser.
func waitAll() {
	const tick = 10 * time.Millisecond
	for range 5 * time.Second / tick {
		switch pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); {
		case err != nil && err != syscall.EINTR:
			return // ECHILD: there are none
		case pid == 0:
			time.Sleep(tick)
		}
	}
}
