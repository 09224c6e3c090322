//go:build !js

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// A thread's clock goes while the thread works.
func TestThreadClock(t *testing.T) {
	if !hasThreadClocks() {
		if runtime.GOOS == "linux" {
			t.Error("Linux has no /proc/PID/task/TID/schedstat here")
		}
		t.Logf("%s has no clocks of other processes' threads: a Worker is measured by its process", runtime.GOOS)
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	self, err := os.Readlink("/proc/thread-self") // PID/task/TID
	if err != nil {
		t.Fatal(err)
	}
	tid, err := strconv.Atoi(filepath.Base(self))
	if err != nil {
		t.Fatal(err)
	}
	c := thread{os.Getpid(), tid}
	begin, err := c.read()
	if err != nil {
		t.Fatal(err)
	}
	const enough = 20 * time.Millisecond
	started := time.Now()
	for now := begin; now < begin+enough; { // reading is work, too
		if now, err = c.read(); err != nil {
			t.Fatal(err)
		}
		if time.Since(started) > 20*time.Second {
			t.Fatalf("the clock went from %v to %v in %v of work", begin, now, time.Since(started))
		}
	}
	// The kernel may count a few milliseconds late, while a thread runs.
	if wall := time.Since(started); wall < enough/2 {
		t.Errorf("the clock went on by %v in %v", enough, wall)
	}
}

func TestThreadsOfThisProcess(t *testing.T) {
	pid := os.Getpid()
	if found := workerThreads(pid); len(found) > 0 {
		t.Errorf("a Go program has no Workers, found %v", found)
	}
	if _, err := (thread{pid, 1 << 30}).read(); err == nil {
		t.Error("the clock of no thread can be read")
	}
	if peak := peakMemory(pid); hasThreadClocks() && (peak < 1<<20 || peak > 1<<40) {
		t.Errorf("the process's peak is %d bytes", peak)
	}
}

// The clock of a process's tree goes while a process works that it has started.
func TestProcessesClock(t *testing.T) {
	if !hasThreadClocks() {
		t.Logf("%s has no clocks of other processes' threads", runtime.GOOS)
		return
	}
	// A shell, whose child reads without end.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "cat /dev/zero >/dev/null; true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := processes{cmd.Process.Pid}
	defer cmd.Wait()
	defer func() {
		for _, pid := range descendants(c.root) {
			if p, err := os.FindProcess(pid); err == nil {
				p.Kill()
			}
		}
	}()
	const enough = 20 * time.Millisecond
	for {
		now, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		if now >= enough && len(descendants(c.root)) > 1 {
			break
		}
		if t.Context().Err() != nil {
			t.Fatalf("the clock stands at %v", now)
		}
	}
	if own, err := (thread{c.root, c.root}).read(); err != nil || own >= enough {
		t.Errorf("the shell itself has used %v, %v", own, err)
	}
}
